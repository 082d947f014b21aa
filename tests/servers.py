"""Servers in a process of their own, and how pages say they are called."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from requests.structures import CaseInsensitiveDict

ROOT = Path(__file__).parent.parent

TIMEOUT_SECONDS = 30

# Runs a script whose last act is `waitress.serve(app, listen=…)`, on a free port that it prints.
RUN_SCRIPT = """
import runpy, sys, waitress
from waitress.server import create_server

def serve(app, *, listen):
    server = create_server(app, host="127.0.0.1", port=0)
    print(server.effective_port, flush=True)
    server.run()

waitress.serve = serve
runpy.run_path(sys.argv[1], run_name="__main__")
"""
RUN_INI = """
import sys, waitress
from pyramid.paster import get_app, setup_logging
from waitress.server import create_server

setup_logging(sys.argv[1])
server = create_server(get_app(sys.argv[1]), host="127.0.0.1", port=0)
print(server.effective_port, flush=True)
server.run()
"""


@contextmanager
def running(launcher: str, path: Path, python_path: Path = ROOT, **variables: str) -> Iterator[str]:
    """
    Run a server until the block ends, and give the URL of its root.

    Args:
        launcher: :data:`RUN_SCRIPT` or :data:`RUN_INI`.
        path: The script, or the INI file.
        python_path: Folder where the application is found, beside the package.
        variables: Of the environment of the process.
    """
    environ = {key: value for key, value in os.environ.items() if not key.startswith("CLIQUET_")}
    environ |= variables
    environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(ROOT), str(python_path), os.environ.get("PYTHONPATH")])
    )
    command = [sys.executable, "-c", launcher, str(path)]
    with subprocess.Popen(
        command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            # The port is printed once the socket listens: no wait is needed, and none is guessed.
            port = process.stdout.readline().strip()
            assert port.isdigit(), f"the server of {path.name} did not start"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@dataclass
class Answer:
    """What a server said; names of headers are compared without regard to case."""

    status: int
    body: str
    headers: Mapping[str, str]


def by_curl(command: str) -> Answer:
    """Run a command of curl as it stands, and return the answer."""
    words = [word for word in shlex.split(command) if word != "-i"]
    done = subprocess.run(
        [*words, "--silent", "--show-error", "--include"],
        check=True,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )
    return parsed(done.stdout)


def by_requests(command: str) -> Answer:
    """Send what a command of curl would send; an option that is not known here is an error."""
    request = _Command()
    words = iter(shlex.split(command)[1:])
    for word in words:
        request.take(word, words)
    response = request.send()
    return Answer(response.status_code, response.text, response.headers)


@dataclass
class _Command:
    """What the words of a command of curl add up to."""

    url: str = ""
    method: str | None = None
    auth: tuple[str, str] | None = None
    data: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def take(self, word: str, words: Iterator[str]) -> None:
        """Take one word, and its argument from *words*."""
        if word == "-X":
            self.method = next(words)
        elif word == "-u":
            name, _, password = next(words).partition(":")
            self.auth = name, password
        elif word == "-d":
            self.data = next(words).encode()
        elif word == "-H":
            name, _, value = next(words).partition(":")
            self.headers[name] = value.strip()
        elif word != "-i":
            assert word.startswith("http"), f"curl {word}"
            assert not self.url, "two addresses"
            self.url = word

    def send(self) -> requests.Response:
        """Send the request."""
        method = self.method or ("GET" if self.data is None else "POST")
        with requests.Session() as session:
            # Neither proxies nor .netrc of the machine have a say.
            session.trust_env = False
            return session.request(
                method,
                self.url,
                auth=self.auth,
                data=self.data,
                headers=self.headers,
                timeout=TIMEOUT_SECONDS,
            )


def parsed(text: str) -> Answer:
    """Return the answer that its text stands for: status line, headers, blank line, body."""
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    status, *lines = head.strip().splitlines()
    pairs = (line.partition(":") for line in lines)
    headers = CaseInsensitiveDict({name: value.strip() for name, _, value in pairs})
    found = re.match(r"HTTP/[\d.]+ (\d+)", status)
    assert found is not None, f"no status line: {status!r}"
    return Answer(int(found[1]), body.strip(), headers)
