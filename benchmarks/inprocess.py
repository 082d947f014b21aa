"""An application driven within the process, without a network: for profiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from wsgiref.types import WSGIApplication

from benchmarks.kinds import Kind, Share, list_request, seeds, share_of
from benchmarks.messages import Request, Response


class Driver:
    """Calls an application as a WSGI server does."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, request: Request) -> Response:
        """Make a request, and return the response."""
        told: list[Any] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
        ) -> Callable[[bytes], object]:
            told[:] = status, headers
            return _refuse

        body = b"".join(self._app(request.environ(), start_response))
        status, headers = told
        lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in headers)]
        return Response(int(status[:3]), "\r\n".join(lines).lower().encode("latin-1"), body)

    def seed(self) -> None:
        """Store the records that requests are about."""
        for request in seeds(Share()):
            self(request)

    def requests(self, kind: Kind, count: int) -> list[Request]:
        """Return so many requests of a kind, made beforehand."""
        stream = kind.requests(share_of(self(list_request())))
        return [next(stream) for _ in range(count)]


def _refuse(data: bytes) -> object:
    raise NotImplementedError("no application here writes in the old way")
