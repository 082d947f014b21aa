"""How views that return values become JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyramid.renderers import JSON

from cliquet import jsonlib


class JSONRenderer:
    """The renderer ``json``: exact and fast, and Pyramid's own for what JSON alone cannot say."""

    def __init__(self) -> None:
        self._general = JSON()

    def __call__(self, info: Any) -> Callable[[Any, Any], bytes | str]:
        """Return the function that renders a value for a request."""
        general = self._general(info)

        def render(value: Any, system: Any) -> bytes | str:
            try:
                content = jsonlib.dumps(value)
            except TypeError:
                # Objects with ``__json__``, and the adapters of Pyramid.
                return general(value, system)
            response = system["request"].response
            if response.content_type == response.default_content_type:
                # Not by the attribute, which looks for a charset: JSON has none.
                response.headers["Content-Type"] = "application/json"
            response.exact_json = content
            return content

        return render
