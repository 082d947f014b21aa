"""What one request knows of permissions: read when it is needed, and once."""

from __future__ import annotations

from collections.abc import Iterable

from cliquet.permission import PermissionBase

Pair = tuple[str, str]


class KnownAces:
    """
    The ACEs that one request has read.

    Attributes:
        object_id: The object of which all ACEs are known, or ``None``.
    """

    def __init__(self) -> None:
        self.object_id: str | None = None
        self._aces: dict[Pair, set[str]] = {}
        self._pairs: set[Pair] = set()

    def read(
        self,
        backend: PermissionBase,
        user_id: str | None,
        pairs: Iterable[Pair],
        object_id: str | None = None,
    ) -> set[str]:
        """
        Read what is not known of *pairs*, and of all of an object, in one step.

        Returns:
            The principals given to the user; without one, none.
        """
        if self.object_id is not None:
            object_id = None
        whole = {self.object_id, object_id}
        missing = {one for one in pairs if one not in self._pairs and one[0] not in whole}
        if user_id is None and object_id is None and not missing:
            return set()
        principals, aces = backend.access(user_id, missing, object_id)
        self._aces.update(aces)
        self._pairs |= missing
        self.object_id = self.object_id or object_id
        return principals

    def is_granted(self, pairs: Iterable[Pair], principals: Iterable[str]) -> bool:
        """Tell whether one of *principals* is in the ACE of one of *pairs*."""
        who = set(principals)
        return any(not who.isdisjoint(self._aces.get(pair, ())) for pair in pairs)

    def of_object(self) -> dict[str, set[str]]:
        """Return the ACEs of :attr:`object_id`: principals by permission."""
        return {name: set(who) for (uri, name), who in self._aces.items() if uri == self.object_id}
