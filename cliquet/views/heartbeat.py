"""Heartbeats: whether the service, and what it depends on, are alive."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import Lock, Thread
from typing import Any

from pyramid.security import NO_PERMISSION_REQUIRED

from cliquet.http.service import Service, add_service, forget_service
from cliquet.logs import logger

Check = Callable[[Any], bool | None]


class Heartbeats:
    """
    Run the checks of an application, each at most once at a time, for a bounded time.

    A check still running from an earlier heartbeat is waited for, not started again: a
    dependency that hangs holds one thread, however often the heartbeat is asked.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: dict[str, Future[bool]] = {}

    def run(
        self, checks: dict[str, Check], request: Any, timeout_seconds: float
    ) -> dict[str, bool]:
        """Return, by name, whether each of *checks* found its dependency alive in time."""
        futures = {name: self._started(name, check, request) for name, check in checks.items()}
        wait(futures.values(), timeout=timeout_seconds)
        status = {name: future.done() and future.result() for name, future in futures.items()}
        for name in (name for name, future in futures.items() if not future.done()):
            logger.error("heartbeat %s did not answer in %s s", name, timeout_seconds)
            status[name] = False
        return status

    def _started(self, name: str, check: Check, request: Any) -> Future[bool]:
        with self._lock:
            running = self._running.get(name)
            if running is None or running.done():
                running = self._running[name] = Future()
                # Daemons, so that a dependency that hangs does not keep the process from ending.
                arguments = (running, name, check, request)
                Thread(target=_run, args=arguments, name=f"heartbeat {name}", daemon=True).start()
            return running


def _run(future: Future[bool], name: str, check: Check, request: Any) -> None:
    is_alive = False
    try:
        is_alive = _is_alive(name, check, request)
    finally:
        # Whatever happened: a check that is never done would count as running for ever.
        future.set_result(is_alive)


def _is_alive(name: str, check: Check, request: Any) -> bool:
    """Return what a check says; ``None`` counts as fine, an error does not (protocol P3.2)."""
    try:
        answer = check(request)
        return answer is None or bool(answer)
    except Exception:  # noqa: BLE001 - a check may fail in any way, and each means "not alive".
        logger.error("heartbeat %s failed", name, exc_info=True)
        return False


def get_heartbeat(request: Any) -> dict[str, bool]:
    """Tell which dependencies are alive; 503 when one is not (protocol P3.2)."""
    registry, settings = request.registry, request.registry.settings
    status = registry.heartbeat_runner.run(
        registry.heartbeats, request, settings["heartbeat_timeout_seconds"]
    )
    if not all(status.values()):
        request.response.status = 503
        request.response.headers["Retry-After"] = str(settings["retry_after_seconds"])
    return status


def get_lbheartbeat(request: Any) -> dict[str, Any]:
    """Tell a load balancer that the process answers; no backend is asked (protocol P3.3)."""
    return {}


def includeme(config: Any) -> None:
    """Add both endpoints."""
    config.registry.heartbeat_runner = Heartbeats()
    endpoints = (
        ("heartbeat", "/__heartbeat__", get_heartbeat),
        ("lbheartbeat", "/__lbheartbeat__", get_lbheartbeat),
    )
    for name, path, view in endpoints:
        service = Service(name=name, path=path)
        forget_service(service)
        service.add_view("GET", view, permission=NO_PERMISSION_REQUIRED)
        add_service(config, service)
