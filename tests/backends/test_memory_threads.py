"""The memory storage under threads: each write is one step."""

from __future__ import annotations

from cliquet.storage.exceptions import ModifiedError, UnicityError
from tests.support import run_together

PLACE = ("articles", "alice")


def done(write, *args, **kwargs):
    """Return what *write* returns, or ``None`` where it is refused."""
    try:
        return write(*args, **kwargs)
    except (ModifiedError, UnicityError):
        return None


def test_of_racing_updates_of_one_version_one_is_done(storage):  # P5.6
    seen = storage.create(*PLACE, {"id": "x"})["last_modified"]
    made = run_together(lambda n: done(storage.update, *PLACE, "x", {"n": n}, expected=seen))
    assert [record for record in made if record] == [storage.get(*PLACE, "x")]


def test_a_locked_collection_keeps_other_writers_out(storage):  # P5.6
    storage.create(*PLACE, {"id": "x", "n": 0})

    def work(_number):
        for _ in range(20):
            with storage.locked(*PLACE):
                seen = storage.get(*PLACE, "x")["n"]
                storage.update(*PLACE, "x", {"n": seen + 1})

    run_together(work)
    assert storage.get(*PLACE, "x")["n"] == 160


def test_of_racing_creations_of_one_value_one_is_done(storage):  # P4.10
    def work(_number):
        made = [done(storage.create, *PLACE, {"u": u}, unique_fields=["u"]) for u in range(50)]
        return sum(record is not None for record in made)

    assert sum(run_together(work)) == 50
    assert storage.get_all(*PLACE)[1] == 50
