"""The example of the page on caches does what the text around it says."""

from __future__ import annotations

from tests.pages import run_page
from tests.test_docs import app_of


def test_what_was_fetched_is_in_the_cache() -> None:
    module = run_page("caches")
    app = app_of(module, cache_backend="cliquet.cache.memory")
    first = app.get("/v1/rates").json
    module.fetch_rates = None
    assert app.get("/v1/rates").json == first == {"EUR": 1, "USD": 1.09}
