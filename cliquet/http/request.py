"""The request class of applications: JSON by :mod:`cliquet.jsonlib`, and who is asking."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from io import BytesIO
from typing import Any

from pyramid.events import NewRequest
from pyramid.interfaces import IRequestExtensions
from pyramid.request import Request as PyramidRequest
from pyramid.request import apply_request_extensions
from webob.headers import EnvironHeaders

from cliquet import jsonlib
from cliquet.utils import encode_header


@functools.lru_cache(maxsize=256)
def environ_key(header: str) -> str:
    """Return the key that WSGI has a header under."""
    name = header.upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"


class Headers(EnvironHeaders):
    """Request headers; those that are not there are found out without an exception."""

    def get(self, name: str, default: Any = None) -> Any:
        """Return a header, or *default*."""
        return self.environ.get(environ_key(name), default)


class Request(PyramidRequest):
    """
    A Pyramid request whose JSON is exact, and that knows who asks.

    Attributes:
        selected_policy_name: Name of the policy that recognized the user, once it was looked for.
        acts_for: The request whose credentials this one has unchanged, if it is part of a batch.
        run: What the parts of a batch beside it are about, if it is the same collection.
    """

    selected_policy_name: str | None = None
    acts_for: Any = None
    run: Any = None
    _selected_userid: str | None = None

    # WebOb copies bodies above 10 kB to a file on disk, only for them to be read and parsed.
    request_body_tempfile_limit = 2**20

    def __init__(self, environ: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        # Absolute URLs in headers repeat the host: nothing in it may end one (protocol P1.7).
        host = environ.get("HTTP_HOST", "")
        if not host.isprintable():
            environ["HTTP_HOST"] = encode_header(host)
        super().__init__(environ, *args, **kwargs)
        self._headers = Headers(environ)

    @property
    def authn_type(self) -> str | None:
        """Name of the policy that recognized the user; ``None`` for the anonymous."""
        self._authenticate()
        return self.selected_policy_name

    @authn_type.setter
    def authn_type(self, value: str | None) -> None:
        self.selected_policy_name = value

    @property
    def selected_userid(self) -> str | None:
        """The user's id, without the name of the policy; ``None`` for the anonymous."""
        self._authenticate()
        return self._selected_userid

    @selected_userid.setter
    def selected_userid(self, value: str | None) -> None:
        self._selected_userid = value

    def _authenticate(self) -> None:
        # Nobody knows of a user before somebody asks. While the policies are being asked,
        # subscribers are told what is known so far.
        if self.selected_policy_name is None:
            _ = self.authenticated_userid

    def _body(self) -> bytes:
        """The body; one that is in memory already is not copied piece by piece."""
        environ = self.environ
        stream = environ.get("wsgi.input")
        if stream.__class__ is BytesIO and environ.get("webob.is_body_seekable"):
            stream.seek(0)
            content: bytes = stream.getvalue()
            if environ.get("CONTENT_LENGTH") == str(len(content)):
                return content
        read: bytes = PyramidRequest.body.fget(self)
        return read

    body = property(_body, PyramidRequest.body.fset, PyramidRequest.body.fdel)

    def _json(self) -> Any:
        """The body, read as JSON; malformed JSON raises ``ValueError``."""
        if "_parsed_json" not in self.__dict__:
            self.__dict__["_parsed_json"] = jsonlib.loads(self.body)
        return self.__dict__["_parsed_json"]

    def _set_json(self, value: Any) -> None:
        self.body = jsonlib.dumps(value)
        self.__dict__.pop("_parsed_json", None)

    def remember_json(self, value: Any) -> None:
        """Take *value* for what the body says, so that it need not be parsed."""
        self.__dict__["_parsed_json"] = value

    json = json_body = property(_json, _set_json)


def fold_extensions(event: Any) -> None:
    """
    Move what ``config.add_request_method()`` added into the application's request class.

    Pyramid makes a new class for each request that has such properties, which costs more than
    answering it. Made once, when the application is, the class serves all requests; those that
    were made by other means are still extended one by one.
    """
    router = event.app
    extensions, base = router.request_extensions, router.request_factory
    if extensions is None or not isinstance(base, type):
        return
    members = {**extensions.methods, **extensions.descriptors, "__module__": base.__module__}
    bases = (base,) if issubclass(base, Request) else (Request, base)
    folded = type(base.__name__, bases, members)
    router.request_factory = folded
    router.request_extensions = None
    router.registry.folded_request_class = folded


def extend_foreign_request(event: NewRequest) -> None:
    """Extend a request that is not of the application's own class."""
    request = event.request
    folded = getattr(request.registry, "folded_request_class", None)
    if folded is not None and not isinstance(request, folded):
        extensions = request.registry.queryUtility(IRequestExtensions)
        apply_request_extensions(request, extensions)


def shown_path(environ: Mapping[str, Any]) -> str:
    """Return the path of a request for people to read; bytes that are not UTF-8 are replaced."""
    path: str = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    # WSGI hands bytes over as latin-1.
    return path if path.isascii() else path.encode("latin-1", "replace").decode("utf-8", "replace")


def bound_data(request: Any) -> dict[str, Any]:
    """Return a dict that lives as long as the request, shared with its sub-requests."""
    parent = getattr(request, "parent", None)
    return {} if parent is None else parent.bound_data


def get_user_info(request: Any) -> dict[str, Any] | None:
    """
    Return what hello says of the user: ``{"id": …}``, or ``None`` for anonymous requests.

    Plugins put another function in its place by ``config.add_request_method``.
    """
    user_id = request.prefixed_userid
    return None if user_id is None else {"id": user_id}
