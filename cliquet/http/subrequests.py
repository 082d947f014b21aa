"""Requests made from requests: as the endpoint for batches does, and as applications may."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urljoin, urlsplit

from pyramid.httpexceptions import HTTPException
from pyramid.request import Request as PyramidRequest

from cliquet import jsonlib
from cliquet.http.cors import apply_cors
from cliquet.http.request import Request
from cliquet.utils import strip_uri_prefix

#: How many redirections are followed before the last one is the answer.
MAX_REDIRECTIONS = 5

# What `quote` leaves alone: a path that is encoded already stays as it is.
_SAFE_IN_URLS = "/%?=&:;@!$'()*+,~#-._[]\""


def build_request(original: Any, dict_obj: dict[str, Any]) -> Any:
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
    path = _with_prefix(_from_root(dict_obj["path"], original), original.registry.route_prefix)
    headers = dict(original.headers) | dict(dict_obj.get("headers") or {})
    factory = getattr(original.registry, "folded_request_class", Request)
    body = _body(dict_obj.get("body"), headers)
    request = factory.blank(
        quote(path, safe=_SAFE_IN_URLS),
        base_url=original.application_url,
        headers=headers,
        body=body,
    )
    request.method = dict_obj.get("method") or "GET"
    request.registry = original.registry
    request.parent = original
    request.bound_data = original.bound_data
    return request


def _from_root(path: str, request: Any) -> str:
    """Return *path* as the application sees it, wherever it is mounted."""
    mount = request.script_name
    return path.removeprefix(mount) if path.startswith(f"{mount}/") else path


def _with_prefix(path: str, prefix: str | None) -> str:
    root, bare = f"/{prefix}" if prefix else "", path.partition("?")[0]
    # Another version is left as it is, to be refused as such (protocol P3.4).
    has_version = strip_uri_prefix(bare) != bare
    return path if has_version or f"{bare}/".startswith(f"{root}/") else root + path


def _body(body: Any, headers: dict[str, str]) -> bytes:
    # The length is that of this body, whatever the original's was.
    for name in [name for name in headers if name.lower() in ("content-length", "host")]:
        del headers[name]
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    if not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = "application/json"
    return jsonlib.dumps(body)


def build_response(response: Any, request: Any) -> dict[str, Any]:
    """
    Return a response as a mapping that JSON can hold: ``status path headers body``.

    The body is the value that its JSON stands for, else its text; that of HEAD is empty.
    """
    return {
        "path": request.path,
        "status": response.status_code,
        "headers": dict(response.headers),
        "body": "" if request.method == "HEAD" else _value_of_body(response),
    }


def _value_of_body(response: Any) -> Any:
    try:
        return jsonlib.loads(response.body)
    except ValueError:
        return response.body.decode("utf-8", "replace")


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
    for _ in range(MAX_REDIRECTIONS):
        response = _invoke(request, subrequest, kwargs)
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
    location = response.headers.get("Location")
    if not location or not 300 <= response.status_code < 400:
        return None
    url = urlsplit(urljoin(subrequest.url, location))
    # What is on another host is not ours to answer: the client is told where it is.
    if f"{url.scheme}://{url.netloc}" != subrequest.host_url:
        return None
    query = f"?{url.query}" if url.query else ""
    return _from_root(url.path, subrequest) + query


def _redirected(subrequest: Any, path: str) -> Any:
    redirected: PyramidRequest = subrequest.__class__.blank(
        path, base_url=subrequest.application_url, headers=dict(subrequest.headers)
    )
    redirected.method = subrequest.method
    redirected.body = subrequest.body
    redirected.registry = subrequest.registry
    redirected.parent = getattr(subrequest, "parent", None)
    redirected.bound_data = subrequest.bound_data
    return redirected
