"""Where ``cliquet start`` listens: the command line wins over the file, the file over defaults."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from waitress.server import create_server

from cliquet.scripts import serving


def arguments(path: Path, section: str, **asked: Any) -> dict[str, Any]:
    """Return what waitress is given for a section of a file, and arguments of the command."""
    path.write_text(f"[server:main]\n{section}" if section else "[app:main]\n")
    options = argparse.Namespace(ini=str(path), **{"host": None, "port": None, **asked})
    return serving._arguments(options)


WRITTEN = "use = egg:waitress#main\nhost = 0.0.0.0\nport = 80\nthreads = 8\n"


@pytest.mark.parametrize(
    ("section", "asked", "expected"),
    [
        ("", {}, {"host": "127.0.0.1", "port": "8888"}),
        ("threads = 8", {}, {"host": "127.0.0.1", "port": "8888", "threads": "8"}),
        ("", {"port": 0}, {"host": "127.0.0.1", "port": 0}),
        (WRITTEN, {}, {"host": "0.0.0.0", "port": "80", "threads": "8"}),
        (WRITTEN, {"port": 81}, {"host": "0.0.0.0", "port": 81, "threads": "8"}),
        ("listen = *:80", {}, {"listen": "*:80"}),
        ("listen = *:80", {"host": "::1"}, {"host": "::1", "port": "8888"}),
    ],
)
def test_the_nearest_word_wins(tmp_path, section, asked, expected):
    assert arguments(tmp_path / "a.ini", section, **asked) == expected


@pytest.mark.parametrize(("prefix", "path"), [("v1", "/v1/"), (None, "/")])
def test_every_address_is_told(monkeypatch, prefix, path):
    last = SimpleNamespace(route_prefix=prefix)
    monkeypatch.setattr(serving, "global_registries", SimpleNamespace(last=last))
    with closing(create_server(print, listen="127.0.0.1:0")) as server:
        address = f"http://127.0.0.1:{server.effective_port}{path}"
        assert list(serving._addresses(server)) == [address]
    several = SimpleNamespace(effective_listen=[("127.0.0.1", 1), ("::1", 2)])
    addresses = [f"http://127.0.0.1:1{path}", f"http://[::1]:2{path}"]
    assert list(serving._addresses(several)) == addresses
