"""README and docs/quickstart as a reader follows them, and a client that does the same in code."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.pages import ROOT, snippets
from tests.servers import RUN_INI, RUN_SCRIPT, Answer, by_curl, by_requests, parsed, running

INI = ROOT / "examples" / "readinglist" / "readinglist.ini"

#: Where the pages say that the server is.
SERVER_ON_PAGES = "http://127.0.0.1:8888"

#: Times of the schema's own: they may or may not be the same millisecond as another one.
CLOCK_FIELDS = {"added_on"}

# What differs from run to run: ids, timestamps, and the tokens made of them.
_VARIABLE = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|\b[0-9]{13}\b"
    r"|(?<=_token=)[^&\s\"']+"
)


@dataclass
class Reader:
    """
    Someone who follows a page: sends its commands, and puts their own values into the next ones.

    Attributes:
        server: URL of the server that runs, in place of the page's.
        send: Runs a command of curl.
        values: The values of this run, by those on the page.
    """

    server: str
    send: Callable[[str], Answer]
    values: dict[str, str] = field(default_factory=dict)

    def run(self, command: str) -> Answer:
        """Send a command of the page, with the values of this run."""
        known = {page: real for page, real in self.values.items() if page in command}
        for page, real in known.items():
            command = command.replace(page, real)
        return self.send(command.replace(SERVER_ON_PAGES, self.server))

    def compare(self, page: Any, real: Any) -> None:
        """Check a JSON value against that on the page, all of it."""
        if isinstance(page, dict):
            assert list(page) == list(real)
            for name in page.keys() - CLOCK_FIELDS:
                self.compare(page[name], real[name])
            assert all(type(real[name]) is int for name in page.keys() & CLOCK_FIELDS)
        elif isinstance(page, list):
            assert len(page) == len(real)
            for one, other in zip(page, real, strict=True):
                self.compare(one, other)
        else:
            assert type(page) is type(real)
            self.compare_text(str(page), str(real))

    def compare_text(self, page: str, real: str) -> None:
        """Check a text against that on the page; what varies must do so in the same way always."""
        found = _VARIABLE.findall(page)
        fixed = [re.escape(part) for part in _VARIABLE.split(page)]
        pattern = "([A-Za-z0-9_%=-]+)".join(fixed)
        match = re.fullmatch(pattern, real.replace(self.server, SERVER_ON_PAGES))
        assert match is not None, f"{real!r} is not {page!r}"
        for value, present in zip(found, match.groups(), strict=True):
            assert self.values.setdefault(value, present) == present


@contextmanager
def serving(path: Path) -> Iterator[str]:
    """Serve the reading list from a file, in a process of its own, and give its URL."""
    with running(RUN_INI, INI, INI.parent, READINGLIST_STORAGE_URL=f"sqlite:///{path}") as url:
        yield url


@pytest.fixture
def readinglist(tmp_path: Path) -> Iterator[str]:
    """The URL of a reading list that nobody used yet."""
    with serving(tmp_path / "readinglist.sqlite") as url:
        yield url


def commands_of(text: str) -> list[str]:
    """Return the commands of curl in a block; a backslash or an open quote continues a line."""
    lines = re.findall(r"(?:[^'\n]|'[^']*')+", text.replace("\\\n", " "))
    return [line.strip() for line in lines if line.strip().startswith("curl ")]


def follow(page: str, reader: Reader) -> int:
    """Follow *page* command by command, and return how many answers were compared."""
    answer, compared = None, 0
    for snippet in snippets(page, "bash", "http", "json"):
        if snippet.language == "bash":
            for command in commands_of(snippet.text):
                answer = reader.run(command)
                assert answer.status in (200, 201, 304, 412), answer
            continue
        assert answer is not None, f"{snippet.place}: an answer without a command"
        compare_answer(reader, snippet.text, answer, whole=snippet.language == "http")
        answer, compared = None, compared + 1
    # Two values of the page that are one in this run: the page contradicts itself.
    assert len(set(reader.values.values())) == len(reader.values)
    return compared


def compare_answer(reader: Reader, text: str, answer: Answer, *, whole: bool) -> None:
    """Check an answer: all that the page prints of it, and its body as a whole."""
    if not whole:
        reader.compare(json.loads(text), json.loads(answer.body))
        return
    expected = parsed(text)
    assert answer.status == expected.status
    for name, value in expected.headers.items():
        reader.compare_text(value, answer.headers[name])
    # Other headers are left out of pages; this one says by its absence that the list ends.
    assert ("Next-Page" in answer.headers) == ("Next-Page" in expected.headers)
    assert bool(answer.body) == bool(expected.body)
    if expected.body:
        reader.compare(json.loads(expected.body), json.loads(answer.body))


def test_every_command_of_the_quickstart_is_answered_as_printed(readinglist: str) -> None:
    assert follow("quickstart", Reader(readinglist, by_requests)) == 12


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")
def test_the_quickstart_can_be_followed_with_curl_itself(readinglist: str) -> None:
    assert follow("quickstart", Reader(readinglist, by_curl)) == 12


def test_the_resource_of_the_readme_runs_as_it_stands(tmp_path: Path) -> None:
    script = tmp_path / "library.py"
    script.write_text(snippets("README", "python")[0].text, encoding="utf-8")
    with running(RUN_SCRIPT, script) as url:
        assert follow("README", Reader(url, by_requests)) == 2


def test_the_resource_of_the_readme_has_15_lines() -> None:
    lines = snippets("README", "python")[0].text.splitlines()
    assert len([line for line in lines if line.strip()]) <= 15


def test_a_command_with_an_option_that_curl_alone_knows_is_not_passed_over() -> None:
    with pytest.raises(AssertionError, match="--compressed"):
        by_requests(f"curl --compressed {SERVER_ON_PAGES}")


def test_an_answer_that_is_not_as_printed_is_noticed() -> None:
    reader = Reader("http://localhost", by_requests)
    reader.compare({"a": 1795500054434}, {"a": 1795500054999})
    for page, real in (({"a": 1}, {"a": 2}), ([1], [1, 2]), (1795500054434, 1795500054434)):
        with pytest.raises(AssertionError):
            reader.compare(page, real)


# -- The same by a program


class Client:
    """A client of the reading list: a session of one user, and where it was the last time."""

    def __init__(self, server: str) -> None:
        self.articles = f"{server}/v1/articles"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.auth = "alice", "secret"

    def send(self, method: str, path: str = "", **kwargs: Any) -> requests.Response:
        """Send a request; *path* is below the collection."""
        return self.session.request(method, f"{self.articles}{path}", timeout=30, **kwargs)

    def create(self, title: str) -> dict[str, Any]:
        """Create an article and return it."""
        fields = {"title": title, "url": f"https://example.com/{title}", "added_by": "laptop"}
        response = self.send("POST", json={"data": fields})
        assert response.status_code == 201
        return response.json()["data"]

    def changes(self, since: str) -> tuple[list[dict[str, Any]], str]:
        """Return what changed after an ETag, and the ETag of now."""
        response = self.send("GET", params={"_since": since})
        return response.json()["data"], response.headers["ETag"]


def test_a_client_in_another_process_creates_lists_pages_polls_updates_and_deletes(
    readinglist: str,
) -> None:
    client = Client(readinglist)
    created = [client.create(title) for title in ("walden", "candide", "ulysses")]

    listed = client.send("GET")
    assert [one["id"] for one in listed.json()["data"]] == [one["id"] for one in created[::-1]]
    assert listed.headers["Total-Records"] == "3"

    first = client.send("GET", "?_sort=title&_limit=2")
    last = client.session.get(first.headers["Next-Page"], timeout=30)
    titles = [one["title"] for page in (first, last) for one in page.json()["data"]]
    assert titles == ["candide", "ulysses", "walden"]
    assert "Next-Page" not in last.headers

    etag = listed.headers["ETag"]
    assert client.changes(etag) == ([], etag)
    assert client.send("GET", headers={"If-None-Match": etag}).status_code == 304

    path, seen = f"/{created[0]['id']}", {"If-Match": f'"{created[0]["last_modified"]}"'}
    update = {"data": {"read_position": 42}}
    written = client.send("PATCH", path, json=update, headers=seen)
    assert (written.status_code, written.json()["data"]["read_position"]) == (200, 42)
    assert client.send("PATCH", path, json=update, headers=seen).status_code == 412
    changed, etag = client.changes(etag)
    assert changed == [written.json()["data"]]

    deleted = client.send("DELETE", path, headers={"If-Match": written.headers["ETag"]})
    assert client.changes(etag) == ([deleted.json()["data"]], deleted.headers["ETag"])
    assert client.send("GET", path).status_code == 404


def test_articles_survive_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "readinglist.sqlite"
    with serving(path) as url:
        created = Client(url).create("walden")
    with serving(path) as url:
        assert Client(url).send("GET").json()["data"] == [created]
