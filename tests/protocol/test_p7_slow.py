"""One request that waits for the storage holds up no other (architecture, "A request")."""

from __future__ import annotations

from threading import Event, Thread

from tests.protocol.sharing import ONE_ID, TWO_ID, Sharing


def test_a_slow_look_at_a_record_is_waited_for_by_nobody_else(monkeypatch):
    app = Sharing()
    for record_id in (ONE_ID, TWO_ID):
        app.call("alice", "PUT", f"/psilos/{record_id}", {"data": {}})
    get, is_reading, goes_on = app.storage.get, Event(), Event()

    def slow(*args, **kwargs):
        if kwargs.get("object_id") == ONE_ID:
            is_reading.set()
            goes_on.wait(timeout=30)
        return get(*args, **kwargs)

    monkeypatch.setattr(app.storage, "get", slow)
    slow_one = Thread(target=app.call, args=("alice", "PUT", f"/psilos/{ONE_ID}", {"data": {}}))
    slow_one.start()
    assert is_reading.wait(timeout=30)
    other = Thread(target=app.call, args=("alice", "GET", f"/psilos/{TWO_ID}"))
    other.start()
    other.join(timeout=3)
    is_done = not other.is_alive()
    goes_on.set()
    slow_one.join()
    other.join()
    assert is_done
