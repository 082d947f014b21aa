"""
One transaction a request that writes, committed before its response leaves.

``pyramid_tm`` decides when: a response below 500 commits, an exception rolls back, a 4xx that was
raised included. Requests that only read never see a transaction, unless somebody subscribes to
what is read.

Source: protocol P8.4, P9.1.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import transaction
from pyramid.tweens import EXCVIEW
from transaction import TransactionManager
from transaction.interfaces import IDataManager
from zope.interface import implementer

from cliquet.drivers.databases import RequestScope, is_in_transaction, request_scope
from cliquet.drivers.writers import Savepoint, Writer
from cliquet.events import ACTIONS, drop_resource_events, has_subscribers

_READING = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


@implementer(IDataManager)
class WriterDataManager:
    """
    Lets a transaction manager end the transaction of a database.

    Args:
        manager: The transaction manager of the request.
        scope: Gets the connection back.
        writer: The transaction.
        place: Among those of the request, which commit in the order that they began.
    """

    def __init__(self, manager: Any, scope: RequestScope, writer: Writer, place: int) -> None:
        self.transaction_manager = manager
        self._place = place
        self._scope = scope
        self._writer = writer

    def sortKey(self) -> str:  # noqa: N802 - the name of the interface
        """Return what makes this manager vote last: its commit cannot be taken back."""
        # Other packages take "~" for the last of all.
        return f"\U0010ffffcliquet:{self._place:06}"

    def tpc_begin(self, transaction: Any) -> None:
        """Do nothing: the transaction began with the first write."""

    def commit(self, transaction: Any) -> None:
        """Do nothing yet: the others have not voted."""

    def tpc_vote(self, transaction: Any) -> None:
        """Commit: databases of one phase vote by doing it."""
        self._writer.commit()

    def tpc_finish(self, transaction: Any) -> None:
        """Give the connection back."""
        self._scope.forget(self._writer)

    def savepoint(self) -> Savepoint:
        """Return a place to come back to, by its ``rollback()``."""
        return self._writer.savepoint()

    def abort(self, transaction: Any) -> None:
        """Roll back, and give the connection back."""
        self._writer.roll_back()
        self._scope.forget(self._writer)

    tpc_abort = abort


def is_writing(request: Any) -> bool:
    """Tell ``pyramid_tm`` whether a request gets a transaction of its own."""
    if _is_part(request):
        return False
    # Subscribers of reads may write: the transaction is there, and begins only if they do.
    return request.method not in _READING or has_subscribers(request.registry, ACTIONS.READ)


def _is_part(request: Any) -> bool:
    """Tell whether what a request writes is part of the request that it belongs to."""
    return is_in_transaction() and getattr(request, "parent", None) is not None


def manager_of(request: Any) -> Any:
    """
    Return the transaction manager of a request: that of its thread, as applications expect.

    A request that is served within another one and is not tied to it gets a manager of its own:
    to begin a second transaction with the first one's ends that, and loses what it wrote.
    """
    parent = getattr(request, "parent", None)
    if parent is not None:
        return parent.tm
    return TransactionManager(explicit=True) if is_in_transaction() else transaction.manager


def commit_veto(request: Any, response: Any) -> bool:
    """Tell ``pyramid_tm`` whether to roll back: after an exception, or a response from 500 on."""
    return response.status_code >= 500 or getattr(request, "exc_info", None) is not None


def _answered_as_part(handler: Callable[[Any], Any], request: Any) -> Any:
    """Answer a sub-request that passes the tweens: one that fails is undone, as its events are."""
    savepoint = request.tm.savepoint(optimistic=True)
    try:
        response = handler(request)
    except Exception:
        savepoint.rollback()
        raise
    if commit_veto(request, response):
        savepoint.rollback()
    return response


def scope_tween_factory(handler: Callable[[Any], Any], registry: Any) -> Callable[[Any], Any]:
    """Return the tween that makes writes part of the request's transaction."""

    def tween(request: Any) -> Any:
        if "tm.active" not in request.environ:
            return _answered_as_part(handler, request) if _is_part(request) else handler(request)
        manager = request.tm
        # Whoever decides so, and whatever the response: a veto of the application, a view.
        manager.get().addBeforeAbortHook(drop_resource_events, (request,))

        places = count()

        def join(writer: Writer) -> None:
            manager.get().join(WriterDataManager(manager, scope, writer, next(places)))

        scope = RequestScope(join)
        with request_scope(scope):
            return handler(request)

    return tween


def includeme(config: Any) -> None:
    """Give requests transactions: included where a backend has them."""
    settings = config.get_settings()
    settings.setdefault("tm.activate_hook", "cliquet.http.transactions.is_writing")
    settings.setdefault("tm.commit_veto", "cliquet.http.transactions.commit_veto")
    settings.setdefault("tm.manager_hook", "cliquet.http.transactions.manager_of")
    config.include("pyramid_tm")
    config.add_tween(
        "cliquet.http.transactions.scope_tween_factory",
        under="pyramid_tm.tm_tween_factory",
        over=EXCVIEW,
    )
