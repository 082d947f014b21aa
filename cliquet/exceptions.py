"""The errors of cliquet itself, free of HTTP: one root, and what rules of the protocol raise."""

from __future__ import annotations


class CliquetError(Exception):
    """Root of every error that cliquet defines."""


class BackendError(CliquetError):
    """
    A backend failed, and nothing was half-written.

    Args:
        original: The driver's exception; it is logged, and never shown to a client.
        message: Words for the log, when the exception's own do not say enough.
    """

    def __init__(self, original: BaseException | None = None, message: str | None = None) -> None:
        super().__init__(message or f"{type(original).__name__}: {original}")
        self.original = original


class InvalidParameter(CliquetError, ValueError):
    """
    Something that a client sent cannot be accepted.

    Args:
        description: What is wrong, in words meant for the client.
        location: Where it was sent: ``querystring``, ``headers``, ``header``, ``path`` or ``body``.
        name: The parameter, header or field (dotted, from the body's root); ``None`` when the
            description stands for the whole location.

    Source: protocol P2.3.
    """

    def __init__(
        self, description: str, *, location: str = "querystring", name: str | None = None
    ) -> None:
        super().__init__(description)
        self.description = description
        self.location = location
        self.name = name


class InvalidToken(InvalidParameter):
    """A pagination token was not made by this server for this sort order (protocol P6.6)."""

    def __init__(self) -> None:
        super().__init__("_token has invalid content")
