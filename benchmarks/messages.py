"""Requests and responses, as the load generator and the WSGI driver exchange them."""

from __future__ import annotations

from io import BytesIO
from sys import stderr
from typing import NamedTuple
from wsgiref.types import WSGIEnvironment

HOST = "127.0.0.1"


class Request(NamedTuple):
    """
    A request.

    Attributes:
        method: An HTTP method.
        path: From the root, with the query string.
        headers: Names and values, beside ``Host`` and those about the body.
        body: JSON, or nothing.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def wire(self) -> bytes:
        """Return the bytes that ask for this over HTTP/1.1, on a connection that is kept."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {HOST}"]
        lines += [f"{name}: {value}" for name, value in self._all_headers()]
        return "\r\n".join([*lines, "", ""]).encode() + self.body

    def environ(self) -> WSGIEnvironment:
        """Return a new WSGI environment that asks for this."""
        path, _, query = self.path.partition("?")
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": self.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": HOST,
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": HOST,
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": BytesIO(self.body),
            "wsgi.errors": stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        environ.update((_variable(name), value) for name, value in self._all_headers())
        return environ

    def _all_headers(self) -> tuple[tuple[str, str], ...]:
        if not self.body:
            return self.headers
        about_body = ("Content-Type", "application/json"), ("Content-Length", str(len(self.body)))
        return (*self.headers, *about_body)


def _variable(header: str) -> str:
    name = header.upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"


class Response(NamedTuple):
    """
    A response.

    Attributes:
        status: The code.
        head: The status line and the lines of the headers, in lower case.
        body: All of it.
    """

    status: int
    head: bytes
    body: bytes

    def has(self, *headers: str) -> bool:
        """Tell whether it has all of *headers*, named in lower case."""
        return all(b"\r\n" + name.encode() + b": " in self.head for name in headers)

    def header(self, name: str) -> str:
        """Return the value, in lower case, of the header of that name; "" where it has none."""
        _, _, rest = self.head.partition(b"\r\n" + name.encode() + b": ")
        return rest.partition(b"\r\n")[0].decode()
