"""
Batch: several requests in one, answered together, and kept or undone together.

Each part is answered as if it came by itself, by whatever view of the application it is for, in
the transaction of the whole. A part that fails by its own fault is undone alone; one that meets a
failure of the server undoes all.

Source: protocol P8.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from pyramid.events import NewResponse
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.tweens import excview_tween_factory

from cliquet.drivers.databases import is_in_transaction
from cliquet.errors import raise_invalid
from cliquet.events import drop_resource_events, mark_resource_events
from cliquet.http.service import Service, add_service, forget_service
from cliquet.http.subrequests import carried_environ, followed, make_request, render_response
from cliquet.http.summaries import facts_of, outcome_of
from cliquet.logs import end_request, logger, start_part
from cliquet.views.batch.ahead import find_runs
from cliquet.views.batch.payload import PATH, RECURSIVE, described, validate_batch

# What a batch says of itself, and not of its parts.
_NOT_INHERITED = ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH")
# Headers that say nothing of who is asking.
_NEUTRAL = frozenset(
    {"accept", "content-type", "if-match", "if-none-match", "origin", "response-behavior"}
)

Answer = Callable[[Any], Any]


def post_batch(request: Any) -> Any:
    """
    Answer each request of the batch, in order.

    Returns:
        The answers; or, when one of them is a failure of the server, that one alone: the
        transaction is then rolled back, by its status.
    """
    if _is_part(request):
        raise_invalid(request, name="requests", description=RECURSIVE)
    parts, defaults = request.validated["requests"], request.validated.get("defaults", {})
    logger.bind(batch_size=len(parts))
    environ = carried_environ(request, without=_NOT_INHERITED)
    answer = _answering(request)
    # The transaction of one that a view sends is that of the view's request, and may go on.
    undo = _undoing(request) if getattr(request, "parent", None) is not None else None
    responses = []
    for part, run in zip(parts, find_runs(parts, defaults), strict=True):
        description = described(part, defaults)
        subrequest = make_request(request, environ, description)
        subrequest.run = run
        if _NEUTRAL.issuperset(description.get("headers", ())):
            subrequest.acts_for = request
        response, answered = followed(subrequest, answer)
        if response.status_code >= 500:
            if undo is not None:
                undo()
            return response
        responses.append(render_response(response, answered))
    return {"responses": responses}


def _is_part(request: Any) -> bool:
    parent = getattr(request, "parent", None)
    while parent is not None:
        if getattr(parent.current_service, "name", None) == "batch":
            return True
        parent = getattr(parent, "parent", None)
    return False


def _answering(request: Any) -> Answer:
    """Return what answers a part: without the tweens, which the batch itself has passed."""
    run = excview_tween_factory(request.invoke_subrequest, request.registry)
    is_logged = logger.is_enabled_for(logging.INFO)

    def answer(part: Any) -> Any:
        start = time.perf_counter()
        undo = _undoing(request)
        token = start_part(facts_of(part) if is_logged else {})
        try:
            response = run(part)
            if part.exception is not None:
                undo()
                _finish(part, response)
            if is_logged:
                outcome = outcome_of(part, response, time.perf_counter() - start)
                logger.info("subrequest.summary", **outcome)
            return response
        finally:
            end_request(token)

    return answer


def _undoing(request: Any) -> Callable[[], None]:
    """Return what undoes all that is done from now on: writes, where they can be, and events."""
    mark = mark_resource_events(request)
    # A batch that a view sends is part of the transaction of that view's request.
    has_transaction = is_in_transaction() or "tm.active" in request.environ
    savepoint = request.tm.savepoint(optimistic=True) if has_transaction else None

    def undo() -> None:
        drop_resource_events(request, mark)
        if savepoint is not None:
            savepoint.rollback()

    return undo


def _finish(part: Any, response: Any) -> None:
    """Do for the page of an error what Pyramid does for what views return."""
    if part.response_callbacks:
        part._process_response_callbacks(response)
    part.registry.notify(NewResponse(part, response))


def includeme(config: Any) -> None:
    """Add the endpoint."""
    service = Service(name="batch", path=PATH, description="Several requests in one")
    forget_service(service)
    service.add_view(
        "POST", post_batch, validators=(validate_batch,), permission=NO_PERMISSION_REQUIRED
    )
    add_service(config, service)
