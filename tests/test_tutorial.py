"""docs/tutorial, followed word by word: its files, its commands, and its two clients."""

from __future__ import annotations

import doctest
import json
import re
import shutil
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
import requests

from tests.pages import Snippet, snippets, text_of
from tests.servers import RUN_INI, by_requests, running
from tests.test_quickstart import SERVER_ON_PAGES, Reader, commands_of, compare_answer

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="there is no node on this machine")

#: Commands that the tests do in their own way: a folder, and a server on a free port.
DONE_OTHERWISE = [
    "mkdir readinglist && cd readinglist",
    "python3 -m venv .venv",
    ".venv/bin/pip install ../cliquet",
    ".venv/bin/cliquet start --ini readinglist.ini",
    "node tablet.mjs",
]


def lead_of(snippet: Snippet) -> str:
    """Return the line of text above a block: what to do with it."""
    lines = text_of(snippet.page).splitlines()[: snippet.line - 1]
    return [line for line in lines if line.strip() and not line.startswith("..")][-1]


def take(snippet: Snippet, folder: Path) -> bool:
    """Do with a block what the line above says, and tell whether that changed a file."""
    found = re.search(r"(Save|Add|Replace)\b.* ``([\w.]+)``(?: by this)?:$", lead_of(snippet))
    if found is None:
        return False
    path, text = folder / found[2], snippet.text
    if found[1] == "Add":
        text = f"{path.read_text()}\n\n{text}"
    elif found[1] == "Replace":
        old = re.compile(r"^class ArticleSchema\b.*?\n\n\n", re.DOTALL | re.MULTILINE)
        text, count = old.subn(f"{text}\n\n", path.read_text())
        assert count == 1
    path.write_text(text)
    return True


class Follower:
    """
    Someone who follows the tutorial in a folder, from its first block on.

    Attributes:
        folder: Where the files are.
        reader: Sends commands of curl; its server is the one that runs.
        answered: How many answers were as printed.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reader = Reader("", by_requests)
        self.answered = 0
        self.servers = ExitStack()
        self.is_served = False
        self.names: dict[str, Any] = {}

    def follow(self) -> None:
        """Do what the blocks say, one after the other."""
        answer = None
        for snippet in snippets("tutorial", "python", "ini", "bash", "http", "json", "pycon"):
            if take(snippet, self.folder):
                self.is_served = False
            elif snippet.language == "bash":
                (command,) = commands_of(snippet.text)
                answer = self.run(command)
            elif snippet.language == "pycon":
                self.talk(snippet)
            else:
                assert answer is not None, snippet.place
                compare_answer(self.reader, snippet.text, answer, whole=snippet.language == "http")
                self.answered += 1

    def run(self, command: str) -> Any:
        """Run a command of curl, with a server that has the files of now."""
        self.serve()
        return self.reader.run(command)

    def serve(self) -> None:
        """Start the server, again where a file has changed."""
        if not self.is_served:
            self.servers.close()
            ini = self.folder / "readinglist.ini"
            url = self.servers.enter_context(running(RUN_INI, ini, self.folder))
            self.reader.server, self.is_served = url, True

    def talk(self, snippet: Snippet) -> None:
        """Type a session of Python, and compare what is printed."""
        self.serve()
        text = snippet.text.replace(SERVER_ON_PAGES, self.reader.server)
        test = doctest.DocTestParser().get_doctest(text, self.names, snippet.place, None, 0)
        told: list[str] = []
        doctest.DocTestRunner().run(test, out=told.append, clear_globs=False)
        self.names = test.globs
        assert told == [], "".join(told)


@pytest.fixture(scope="module")
def follower(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Follower]:
    """Someone who has followed the tutorial, and whose server still runs."""
    follower = Follower(tmp_path_factory.mktemp("readinglist"))
    with pytest.MonkeyPatch.context() as patch, follower.servers:
        patch.syspath_prepend(follower.folder)
        # The clients of the page know nothing of this machine's proxies.
        patch.setenv("NO_PROXY", "127.0.0.1")
        patch.delitem(sys.modules, "sync", raising=False)
        for snippet in snippets("tutorial", "javascript"):
            assert take(snippet, follower.folder)
        follower.follow()
        yield follower
        sys.modules.pop("sync", None)


def node(follower: Follower, script: str, *arguments: str) -> str:
    """Run a script with node in the folder, and return what it prints."""
    assert NODE is not None
    command = [NODE, script, *arguments]
    done = subprocess.run(
        command, cwd=follower.folder, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def list_of(follower: Follower, user: str) -> Any:
    """Return a copy of the list of a user, empty yet."""
    return follower.names["ReadingList"](f"{follower.reader.server}/v1/articles", user, "secret")


def test_every_answer_of_the_tutorial_is_as_printed(follower: Follower) -> None:
    assert follower.answered == 6
    assert len(snippets("tutorial", "http", "json")) == 6


def test_no_command_of_the_tutorial_is_passed_over() -> None:
    lines = "".join(one.text for one in snippets("tutorial", "console")).splitlines()
    assert lines == DONE_OTHERWISE


@needs_node
def test_the_tablet_of_the_tutorial_prints_what_the_page_says(follower: Follower) -> None:
    (printed,) = snippets("tutorial", "text")
    assert node(follower, "tablet.mjs", follower.reader.server) == printed.text


def test_clients_that_changed_the_same_records_offline_end_with_the_same(
    follower: Follower,
) -> None:
    laptop, phone = list_of(follower, "dora"), list_of(follower, "dora")
    ids = [str(uuid.uuid4()) for _ in range(6)]
    laptop.edits = {one: {"title": "new", "url": f"https://example.com/{one}"} for one in ids}
    laptop.sync(), phone.sync()
    assert sorted(phone.records) == sorted(ids)
    laptop.edits = {
        ids[0]: {"title": "laptop"},
        ids[1]: {"title": "laptop"},
        ids[2]: None,
        ids[3]: {"title": "laptop"},
        ids[4]: None,
        # Deleted before it ever got to the server.
        str(uuid.uuid4()): None,
    }
    phone.edits = {
        ids[0]: {"unread": False},
        ids[1]: {"title": "phone"},
        ids[2]: {"title": "phone"},
        ids[3]: None,
        ids[4]: None,
    }
    laptop.sync(), phone.sync(), laptop.sync()
    assert laptop.records == phone.records
    merged = laptop.records[ids[0]]
    assert (merged["title"], merged["unread"]) == ("laptop", False)
    assert laptop.records[ids[1]]["title"] == "phone"
    assert sorted(laptop.records) == sorted([ids[0], ids[1], ids[5]])
    assert (laptop.edits, phone.edits) == ({}, {})


def test_a_write_that_comes_between_is_fetched_before_one_sends_again(
    follower: Follower, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop, phone = list_of(follower, "gina"), list_of(follower, "gina")
    one, pulls = str(uuid.uuid4()), []
    laptop.edits[one] = {"title": "new", "url": "https://example.com/"}
    laptop.sync()

    def pull_and_be_overtaken() -> None:
        type(laptop).pull(laptop)
        pulls.append(one)
        if len(pulls) == 1:
            phone.pull()
            phone.edits[one] = {"unread": False}
            phone.sync()

    monkeypatch.setattr(laptop, "pull", pull_and_be_overtaken)
    laptop.edits[one] = {"title": "laptop"}
    laptop.sync()
    assert len(pulls) == 2
    assert (laptop.records[one]["title"], laptop.records[one]["unread"]) == ("laptop", False)


def test_a_creation_whose_answer_was_lost_is_sent_again_and_overwrites_nothing(
    follower: Follower,
) -> None:
    laptop, phone = list_of(follower, "hugo"), list_of(follower, "hugo")
    one, fields = str(uuid.uuid4()), {"title": "new", "url": "https://example.com/"}
    laptop.pull()
    laptop.edits[one] = fields
    # It gets there, and the laptop does not hear of it; then the phone has read the article.
    laptop.send("PUT", f"{laptop.url}/{one}", json={"data": fields})
    phone.pull()
    phone.edits[one] = {"unread": False}
    phone.sync()
    assert laptop.push() is False
    laptop.sync()
    assert laptop.records == phone.records
    assert laptop.records[one]["unread"] is False


OFFLINE = """
import { ReadingList } from "./sync.mjs";

const [url, ...ids] = process.argv.slice(2);
const laptop = new ReadingList(url, "ida", "secret");
const phone = new ReadingList(url, "ida", "secret");
for (const id of ids) laptop.edits[id] = { title: "new", url: `https://example.com/${id}` };
await laptop.sync();
await phone.sync();
laptop.edits = { [ids[0]]: { title: "laptop" }, [ids[1]]: null, [ids[2]]: { title: "laptop" } };
phone.edits = { [ids[0]]: { unread: false }, [ids[1]]: { title: "phone" }, [ids[2]]: null };
for (const list of [laptop, phone, laptop]) await list.sync();
console.log(JSON.stringify([laptop, phone].map(({ records, edits }) => ({ records, edits }))));
"""


@needs_node
def test_clients_in_javascript_end_with_the_same_likewise(follower: Follower) -> None:
    (follower.folder / "offline.mjs").write_text(OFFLINE)
    ids = [str(uuid.uuid4()) for _ in range(3)]
    printed = node(follower, "offline.mjs", f"{follower.reader.server}/v1/articles", *ids)
    laptop, phone = json.loads(printed)
    assert laptop == phone
    ((id, record),) = laptop["records"].items()
    assert (id, record["title"], record["unread"]) == (ids[0], "laptop", False)
    assert laptop["edits"] == {}


RACER = """
import { ReadingList } from "./sync.mjs";

const [url, rounds] = process.argv.slice(2);
const list = new ReadingList(url, "emil", "secret");
for (let round = 0; round < rounds; round++) {
  await list.sync();
  for (const id in list.records) list.edits[id] = { title: `node ${round}` };
}
await list.sync();
"""


@needs_node
def test_clients_in_both_languages_race_and_lose_no_field(follower: Follower) -> None:
    (follower.folder / "racer.mjs").write_text(RACER)
    lists = [list_of(follower, "emil") for _ in range(2)]
    ids = [str(uuid.uuid4()) for _ in range(3)]
    lists[0].edits = {one: {"title": "new", "url": "https://example.com/"} for one in ids}
    lists[0].sync()

    def change(one: Any, rounds: int = 8) -> None:
        for number in range(rounds):
            one.sync()
            one.edits = {id: {"url": f"https://example.com/{number}"} for id in one.records}
        one.sync()

    with ThreadPoolExecutor(3) as pool:
        races = [pool.submit(change, one) for one in lists]
        races.append(pool.submit(node, follower, "racer.mjs", lists[0].url, "8"))
        for race in races:
            race.result(timeout=60)
    for one in lists:
        one.sync()
    assert lists[0].records == lists[1].records
    ends = {(one["title"], one["url"]) for one in lists[0].records.values()}
    assert ends == {("node 7", "https://example.com/7")}


def test_a_list_longer_than_a_page_is_fetched_whole(follower: Follower) -> None:
    writer, reader = list_of(follower, "frida"), list_of(follower, "frida")
    batch = [
        {
            "path": f"/articles/{uuid.uuid4()}",
            "method": "PUT",
            "body": {"data": {"title": str(number), "url": "https://example.com/"}},
        }
        for number in range(101)
    ]
    for start in range(0, len(batch), 25):
        body = {"requests": batch[start : start + 25]}
        writer.send("POST", writer.url.replace("articles", "batch"), json=body)
    reader.sync()
    assert len(reader.records) == 101


class Busy(BaseHTTPRequestHandler):
    """A server that is busy at first, and then asks for patience."""

    answers = ((503, "Retry-After"), (200, "Backoff"), (200, "Backoff"))
    times: list[float]

    def do_GET(self) -> None:
        """Answer the next of the answers."""
        self.times.append(monotonic())
        status, header = self.answers[len(self.times) - 1]
        body = json.dumps({"data": []}).encode()
        self.send_response(status)
        for name, value in {header: "1", "ETag": '"1"', "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def busy() -> Iterator[tuple[str, list[float]]]:
    """The URL of a busy server, and the times of the requests that it got."""
    handler = type("BusyOnce", (Busy,), {"times": []})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/", handler.times
        server.shutdown()
        thread.join()


def are_patient(times: list[float]) -> bool:
    """Tell whether each of three requests came a second after the answer before, at least."""
    return len(times) == 3 and all(late - early >= 0.95 for early, late in pairwise(times))


def test_the_client_in_python_waits_as_long_as_it_is_asked_to(
    follower: Follower, busy: tuple[str, list[float]]
) -> None:
    client = follower.names["ReadingList"](busy[0], "alice", "secret")
    client.sync(), client.sync()
    assert are_patient(busy[1])


@needs_node
def test_the_client_in_javascript_waits_as_long_as_it_is_asked_to(
    follower: Follower, busy: tuple[str, list[float]]
) -> None:
    lines = "const one = new ReadingList(process.argv[2]); await one.sync(); await one.sync();"
    script = f'import {{ ReadingList }} from "./sync.mjs";\n{lines}\n'
    (follower.folder / "busy.mjs").write_text(script)
    node(follower, "busy.mjs", busy[0])
    assert are_patient(busy[1])


def test_errors_that_are_no_conflicts_are_raised(follower: Follower) -> None:
    client = list_of(follower, "alice")
    client.edits = {str(uuid.uuid4()): {"title": "without an address"}}
    with pytest.raises(requests.HTTPError, match="400"):
        client.sync()
