"""Mixins of test cases: errors in their one form, threads that end with their test."""

from __future__ import annotations

from enum import Enum
from threading import Thread
from typing import Any


class FormattedErrorMixin:
    """For test cases that look at errors."""

    def assertFormattedError(  # noqa: N802 - as test cases have called it
        self,
        response: Any,
        code: int,
        errno: Enum | int,
        error: str,
        message: str | None = None,
        info: str | None = None,
    ) -> None:
        """
        Assert that *response* is an error in the form of the protocol.

        Args:
            response: What ``webtest`` returned.
            code: Its status, which the body repeats.
            errno: A member of :class:`cliquet.errors.ERRORS`, or its number.
            error: The title, whole.
            message: A part of the message; without it the body must have none.
            info: A part of the link; without it the body must have none.

        Source: protocol P2.1.
        """
        body = response.json
        content_type = response.headers["Content-Type"].partition(";")[0]
        assert content_type == "application/json", f"{content_type} is not application/json"
        number = errno.value if isinstance(errno, Enum) else errno
        expected = {"code": code, "errno": number, "error": error}
        shown = {name: body.get(name) for name in expected}
        assert shown == expected, f"{shown} is not {expected}"
        assert response.status_code == code, f"status is {response.status_code}, not {code}"
        for name, part in (("message", message), ("info", info)):
            if part is None:
                assert name not in body, f"{name} is {body[name]!r}, expected none"
            else:
                assert part in body.get(name, ""), f"{part!r} is not in {name} {body.get(name)!r}"


class ThreadMixin:
    """For test cases that start threads: they are joined before the test is torn down."""

    #: Seconds that a thread gets to end once its test did.
    join_timeout_seconds = 30.0

    def create_thread(self, *args: Any, **kwargs: Any) -> Thread:
        """Return a thread, not started yet; it takes what :class:`threading.Thread` takes."""
        thread = Thread(*args, **kwargs)
        self.__dict__.setdefault("_threads", []).append(thread)
        return thread

    def tearDown(self) -> None:
        """Wait for the threads; one that does not end fails the test."""
        for thread in self.__dict__.pop("_threads", []):
            # One that was never started has no end to wait for.
            if thread.ident is not None:
                thread.join(self.join_timeout_seconds)
                assert not thread.is_alive(), f"{thread.name} does not end"
        super().tearDown()  # type: ignore[misc]
