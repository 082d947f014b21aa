"""The messages that docs/troubleshooting quotes are those of the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.pages import ROOT, Snippet, snippets

#: On the page, and in the texts below: what differs from case to case.
VARIABLE = "…"


@cache
def texts_of_code() -> tuple[str, ...]:
    """Return every text in the package, with a dot for each value that is put into it."""
    paths = sorted((ROOT / "cliquet").rglob("*.py"))
    return tuple(text for path in paths for text in _texts(ast.parse(path.read_bytes())))


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                part.value if isinstance(part, ast.Constant) else VARIABLE for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            # Loggers put their arguments in by themselves.
            yield re.sub(r"%[sdr]", VARIABLE, node.value)


def is_of_code(message: str) -> bool:
    """Tell whether the code says *message*, whole or as a part of a longer text."""
    return any(message in text for text in texts_of_code())


@pytest.mark.parametrize("snippet", snippets("troubleshooting", "text"), ids=lambda one: one.place)
def test_a_message_is_quoted_as_the_code_has_it(snippet: Snippet) -> None:
    (message,) = snippet.text.splitlines()
    # What a template begins or ends with may come from elsewhere.
    assert is_of_code(message.strip(f"{VARIABLE} ")), message


def test_a_message_that_the_code_does_not_have_is_noticed() -> None:
    assert not is_of_code("Resource …: the setting storage_backends is missing")
