"""Requests made from requests: as the endpoint for batches does, and as applications may."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from io import BytesIO
from typing import Any
from urllib.parse import SplitResult, quote, unquote_to_bytes, urljoin, urlsplit

from pyramid.httpexceptions import HTTPException

from cliquet import jsonlib
from cliquet.http.cors import apply_cors
from cliquet.http.request import Request, environ_key, shown_path
from cliquet.utils import strip_uri_prefix

#: How many redirections are followed before the last one is the answer.
MAX_REDIRECTIONS = 5

# What `quote` leaves alone: a query that is encoded already stays as it is.
_SAFE_IN_QUERIES = "/%?=&:;@!$'()*+,~#-._[]\""

_PORTS = {"http": 80, "https": 443}
_OF_THE_BODY = frozenset({"CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING", "wsgi.input_terminated"})
# What WebOb, Pyramid and the transaction's tween say of a request.
_OF_ONE_REQUEST = ("webob.", "bfg.", "tm.")
# Headers that a description cannot give: the length is that of its body.
_OURS = frozenset({"content-length", "transfer-encoding", "host"})


def build_request(original: Any, dict_obj: Mapping[str, Any]) -> Any:
    """
    Return a request made from a description of one.

    Args:
        original: The current request: host, scheme and, unless given, headers come from it.
        dict_obj: ``method`` (default GET), ``path`` (the version prefix is added when missing,
            a query string is kept), ``headers`` and ``body``: bytes, text, or a value to be
            sent as JSON.

    Returns:
        A request of the application's own class, with ``parent`` set to *original*.
    """
    return make_request(original, carried_environ(original), dict_obj)


def carried_environ(original: Any, without: Iterable[str] = ()) -> dict[str, Any]:
    """
    Return the part of the WSGI environment of a request that those made from it have as well.

    Args:
        original: Its credentials, host and client are carried; its body is not.
        without: Names of headers to leave out, as the environment spells them: ``HTTP_IF_MATCH``.
    """
    left_out = {*_OF_THE_BODY, *without}
    carried = {
        key: value
        for key, value in original.environ.items()
        if key not in left_out and not key.startswith(_OF_ONE_REQUEST)
    }
    carried["SCRIPT_NAME"] = original.script_name
    carried.setdefault("HTTP_HOST", original.host)
    carried.setdefault("wsgi.url_scheme", urlsplit(original.application_url).scheme)
    return carried


def make_request(original: Any, environ: Mapping[str, Any], description: Mapping[str, Any]) -> Any:
    """Return a request as :func:`build_request` does, from what was carried over already."""
    registry = original.registry
    bare = _from_root(description["path"], environ["SCRIPT_NAME"])
    target = _with_prefix(bare, registry.route_prefix)
    path, _, query = target.partition("?")
    given = {name.lower(): value for name, value in (description.get("headers") or {}).items()}
    made = {
        **environ,
        "REQUEST_METHOD": description.get("method") or "GET",
        # WSGI has bytes as latin-1, and queries as they are sent.
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1") if "%" in path else _latin1(path),
        "QUERY_STRING": quote(query, safe=_SAFE_IN_QUERIES),
        **{environ_key(name): _latin1(given[name]) for name in given if name not in _OURS},
    }
    body = description.get("body")
    _put_body(made, body, is_typed="content-type" in given)
    request = getattr(registry, "folded_request_class", Request)(made)
    if isinstance(body, dict):
        request.remember_json(body)
    request.registry = registry
    request.parent = original
    request.bound_data = original.bound_data
    return request


def _from_root(path: str, mount: str) -> str:
    """Return *path* as the application sees it, wherever it is mounted."""
    return path.removeprefix(mount) if path.startswith(f"{mount}/") else path


def _with_prefix(path: str, prefix: str | None) -> str:
    root, bare = f"/{prefix}" if prefix else "", path.partition("?")[0]
    # Another version is left as it is, to be refused as such (protocol P3.4).
    has_version = strip_uri_prefix(bare) != bare
    return path if has_version or f"{bare}/".startswith(f"{root}/") else root + path


def _latin1(value: str) -> str:
    return value if value.isascii() else value.encode().decode("latin-1")


def _put_body(environ: dict[str, Any], body: Any, *, is_typed: bool) -> None:
    content = _content(body)
    if not content and not is_typed:
        # That of the original says nothing of a body that is not there.
        environ.pop("CONTENT_TYPE", None)
    elif not isinstance(body, (bytes, str)):
        environ.setdefault("CONTENT_TYPE", "application/json")
    environ["CONTENT_LENGTH"] = str(len(content))
    environ["wsgi.input"] = BytesIO(content)
    # It need not be copied to be read twice.
    environ["webob.is_body_seekable"] = True


def _content(body: Any) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode()
    return body if isinstance(body, bytes) else jsonlib.dumps(body)


def build_response(response: Any, request: Any) -> dict[str, Any]:
    """
    Return a response as a mapping that JSON can hold: ``status path headers body``.

    The body is the value that its JSON stands for, else its text; that of HEAD is empty. A
    response that was compressed by gzip or deflate is uncompressed.
    """
    return _described(response, request, _value_of_body)


def render_response(response: Any, request: Any) -> dict[str, Any]:
    """
    Return what :func:`build_response` does, to be written as JSON at once.

    A body that was rendered by us is neither parsed nor rendered again.
    """
    return _described(response, request, _rendered_body)


def _described(response: Any, request: Any, body_of: Callable[[Any], Any]) -> dict[str, Any]:
    # Before the headers: one that was compressed is not any more.
    body = "" if request.method == "HEAD" else body_of(response)
    return {
        "path": shown_path(request.environ),
        "status": response.status_code,
        "headers": _headers_of(response),
        "body": body,
    }


def _headers_of(response: Any) -> dict[str, str]:
    """Return the headers by name, those of one name joined as HTTP has it."""
    pairs = response.headerlist
    if len({name.lower() for name, _ in pairs}) == len(pairs):
        return dict(pairs)
    joined: dict[str, tuple[str, str]] = {}
    for name, value in pairs:
        key = name.lower()
        # Cookies cannot be joined (RFC 9110, section 5.3): the last one is told.
        if key in joined and key != "set-cookie":
            joined[key] = joined[key][0], f"{joined[key][1]}, {value}"
        else:
            joined[key] = name, value
    return dict(joined.values())


def _rendered_body(response: Any) -> Any:
    body = response.body
    is_ours = body and body is getattr(response, "exact_json", None)
    return jsonlib.fragment(body) if is_ours else _value_of_body(response)


def _value_of_body(response: Any) -> Any:
    # gzip and deflate are undone; what is of another coding, or not what it says, stays as it is.
    with suppress(ValueError, OSError, EOFError, zlib.error):
        response.decode_content()
    body = response.body
    try:
        return jsonlib.loads(body)
    except ValueError:
        return _text_of(body, response.charset or "utf-8")


def _text_of(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset, "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


def follow_subrequest(request: Any, subrequest: Any, **kwargs: Any) -> tuple[Any, Any]:
    """
    Run *subrequest* and follow its redirections, method and body kept.

    Args:
        request: The current request.
        subrequest: The request to run.
        kwargs: Given to ``request.invoke_subrequest``.

    Returns:
        The response, and the request that was answered by it: the last redirection's.

    Raises:
        HTTPException: When tweens are not used, as ``invoke_subrequest`` does; redirections
            are not raised.
    """
    return followed(subrequest, lambda one: _invoke(request, one, kwargs))


def followed(subrequest: Any, answer: Callable[[Any], Any]) -> tuple[Any, Any]:
    """Return what *answer* makes of a request in the end, redirections followed, and of which."""
    for _ in range(MAX_REDIRECTIONS):
        response = answer(subrequest)
        path = _redirection_path(response, subrequest)
        if path is None:
            break
        subrequest = _redirected(subrequest, path)
    return response, subrequest


def _invoke(request: Any, subrequest: Any, kwargs: dict[str, Any]) -> Any:
    try:
        return request.invoke_subrequest(subrequest, **kwargs)
    except HTTPException as error:
        # Without tweens nobody asks the page of unknown URLs, which may know a better one.
        is_unknown = error.status_code == 404
        response = subrequest.invoke_exception_view() if is_unknown else error
        if not 300 <= response.status_code < 400:
            raise
        apply_cors(subrequest, response)
        return response


def _redirection_path(response: Any, subrequest: Any) -> str | None:
    """Return path and query of where *response* redirects to; ``None`` when it does not."""
    if not 300 <= response.status_code < 400 or not response.headers.get("Location"):
        return None
    try:
        url = urlsplit(urljoin(subrequest.url, response.headers["Location"]))
        is_ours = _place(url) == _place(urlsplit(subrequest.host_url))
    except ValueError:
        is_ours = False
    # What is on another host, or nowhere, is not ours to answer: the client is told where it is.
    if not is_ours:
        return None
    query = f"?{url.query}" if url.query else ""
    return _from_root(url.path, subrequest.script_name) + query


def _place(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or _PORTS.get(url.scheme)


def _redirected(subrequest: Any, path: str) -> Any:
    description = {"method": subrequest.method, "path": path, "body": subrequest.body}
    environ = carried_environ(subrequest)
    redirected = make_request(subrequest, environ, description)
    redirected.parent = getattr(subrequest, "parent", None)
    redirected.acts_for = getattr(subrequest, "acts_for", None)
    return redirected
