"""Notes that one client posts one by one, and what came of each."""

from __future__ import annotations

from typing import Any

from tests.faults.checks import check_refusals
from tests.faults.clients import Answer, Client


class Notes:
    """Notes that *client* posts; it remembers the answers."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._answers: list[Answer] = []

    def post(self, size: int = 100) -> bool:
        """Post a note with so many letters; tell whether it was accepted."""
        body = {"data": {"text": "x" * size}}
        self._answers.append(self._client.send("POST", "/notes", body))
        return self._answers[-1].status == 201

    def is_alive(self) -> bool:
        """Tell what the heartbeat says of the storage."""
        answer = self._client.send("GET", "/__heartbeat__")
        assert (answer.status == 200) is answer.body["storage"]
        return answer.status == 200

    def check(self) -> None:
        """Check that exactly what was acknowledged is there, and the rest was told to come back."""
        listed = self._client.send("GET", "/notes")
        assert listed.status == 200, listed
        posted = [answer.body["data"] for answer in self._answers if answer.status == 201]
        assert _by_id(listed.body["data"]) == _by_id(posted)
        assert listed.headers["Total-Records"] == str(len(posted))
        check_refusals(answer for answer in self._answers if answer.status != 201)


def _by_id(notes: list[Any]) -> dict[str, Any]:
    return {note["id"]: note for note in notes}
