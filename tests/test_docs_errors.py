"""The examples of the page on errors are answered as the page says."""

from __future__ import annotations

import json

import pytest
import webtest

from tests.pages import run_page, snippets
from tests.test_docs import app_of


@pytest.fixture
def app() -> webtest.TestApp:
    """The application of the page."""
    return app_of(run_page("errors"))


@pytest.mark.parametrize(
    ("loan", "number"), [({"book": "Emma", "days": 30}, 0), ({"book": "Ulysses", "days": 1}, 1)]
)
def test_errors_are_answered_as_printed(
    app: webtest.TestApp, loan: dict[str, object], number: int
) -> None:
    printed = json.loads(snippets("errors", "json")[number].text)
    answer = app.post_json("/v1/loans", {"data": loan}, status=printed["code"])
    assert list(answer.json.items()) == list(printed.items())


def test_an_exception_of_the_application_has_a_view(app: webtest.TestApp) -> None:
    answer = app.get("/v1/dues", headers={"Origin": "https://example.com"}, status=402)
    assert (answer.json["errno"], answer.json["message"]) == (1001, "Please pay your dues.")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_an_alert_is_on_the_answer(app: webtest.TestApp) -> None:
    alert = json.loads(app.put_json("/v1/dues", {}).headers["Alert"])
    assert alert["message"] == "Use /payments instead."
    assert (alert["code"], alert["url"]) == ("soft-eol", "https://example.com/payments")
