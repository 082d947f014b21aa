"""Writes that lose races: they begin again, then wait, then give up."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cliquet.events import ACTIONS
from cliquet.resource.model import Model
from cliquet.resource.writes import MAX_LOST_RACES, RecordWrite
from cliquet.storage import memory
from cliquet.storage.exceptions import BackendError, ModifiedError, RecordNotFoundError


class Contested:
    """A resource whose record others change while it is processed, so many times as told."""

    unique_fields = ()

    def __init__(self, meanwhile: list[Any], **headers: str) -> None:
        self.model = Model(memory.Storage(), collection_id="note", parent_id="alice")
        self.record_id = "x"
        self.request = SimpleNamespace(headers={k.replace("_", "-"): v for k, v in headers.items()})
        self.meanwhile, self.seen = meanwhile, []

    def note_timestamp(self) -> None:
        """Do nothing: nobody listens."""

    def apply_changes(self, record: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
        """Return both, merged."""
        return {**record, **changes}

    def process_record(self, new: dict[str, Any], old: Any = None) -> dict[str, Any]:
        """Let the others write first."""
        self.seen.append(old and old["n"])
        if self.meanwhile:
            self.meanwhile.pop(0)(self.model)
        return new


def put(model: Model) -> None:
    """Write the record as somebody else."""
    record = model.storage.get_all("note", "alice")[0]
    n = record[0]["n"] + 1 if record else 0
    model.storage.update("note", "alice", "x", {"n": n})


def delete(model: Model) -> None:
    """Delete the record as somebody else."""
    model.storage.delete("note", "alice", "x")


@pytest.mark.parametrize("lost", range(MAX_LOST_RACES + 1))
def test_a_write_begins_again_with_what_is_there_now(lost):  # P5.6
    resource = Contested([put] * lost)
    put(resource.model)
    outcome = RecordWrite(resource).patch({"mine": True})
    assert resource.seen == list(range(lost + 1))
    assert (outcome.record["n"], outcome.record["mine"]) == (lost, True)
    assert (outcome.action, outcome.old["n"]) == (ACTIONS.UPDATE, lost)


def test_a_write_that_loses_even_under_the_lock_is_a_failure_of_the_backend():  # P5.6
    resource = Contested([put] * (MAX_LOST_RACES + 1))
    put(resource.model)
    with pytest.raises(BackendError, match="too many writers"):
        RecordWrite(resource).put({"mine": True})
    assert "mine" not in resource.model.get_record("x")


def test_a_put_over_a_record_made_meanwhile_updates_it():  # P5.6
    resource = Contested([put])
    outcome = RecordWrite(resource).put({"n": 5})
    assert (outcome.action, outcome.old["n"], outcome.record["n"]) == (ACTIONS.UPDATE, 0, 5)


def test_a_put_over_a_record_deleted_meanwhile_creates_it():  # P5.6
    resource = Contested([delete])
    put(resource.model)
    outcome = RecordWrite(resource).put({"n": 5})
    assert (outcome.action, outcome.old) == (ACTIONS.CREATE, None)


def test_a_patch_of_a_record_deleted_meanwhile_finds_none():  # P4.6
    resource = Contested([delete])
    put(resource.model)
    with pytest.raises(RecordNotFoundError):
        RecordWrite(resource).patch({"mine": True})


@pytest.mark.parametrize("other", [put, delete])
def test_with_if_match_a_lost_race_is_told_at_once(other):  # P5.6
    resource = Contested([other])
    put(resource.model)
    stamp = resource.model.get_record("x")["last_modified"]
    resource.request.headers["If-Match"] = f'"{stamp}"'
    with pytest.raises(ModifiedError) as refusal:
        RecordWrite(resource).put({"n": 5})
    assert refusal.value.existing["last_modified"] > stamp
    assert len(resource.seen) == 1


def test_if_none_match_of_any_sees_the_record_made_meanwhile():  # P5.3
    resource = Contested([put], If_None_Match="*")
    with pytest.raises(ModifiedError) as refusal:
        RecordWrite(resource).put({"n": 5})
    assert refusal.value.existing["n"] == 0


def test_the_body_is_fresh_at_each_attempt():  # P5.6
    class Changing(Contested):
        def process_record(self, new: dict[str, Any], old: Any = None) -> dict[str, Any]:
            new["list"].append(len(self.seen))
            return super().process_record(new, old)

    resource = Changing([put, put])
    assert RecordWrite(resource).put({"list": []}).record["list"] == [2]


def test_a_patch_that_changes_nothing_writes_nothing():  # P4.6
    resource = Contested([])
    put(resource.model)
    before = resource.model.timestamp()
    outcome = RecordWrite(resource).patch({"n": 0.0})
    assert outcome.action is ACTIONS.READ
    assert resource.model.timestamp() == before


def test_a_deletion_without_condition_takes_whatever_is_there():  # P4.7
    resource = Contested([])
    put(resource.model)
    others = iter(range(2))

    def last_modified() -> None:
        if next(others, None) is not None:
            put(resource.model)

    outcome = RecordWrite(resource).delete(last_modified)
    assert outcome.record["deleted"] is True
    assert outcome.old["n"] == 2, "what is told of it is what was deleted"
    assert resource.model.get_records() == ([], 0)


def test_a_hook_that_changes_what_was_there_hides_no_change():  # P4.6
    class Careless(Contested):
        def process_record(self, new, old=None):
            old.update(new)
            return new

    resource = Careless([])
    put(resource.model)
    RecordWrite(resource).patch({"n": 41})
    assert resource.model.get_record("x")["n"] == 41
