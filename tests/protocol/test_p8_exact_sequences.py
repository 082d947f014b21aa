"""
P8.4: on databases, a batch gives the answers that its requests get one by one, to the letter.

Collections begin in the future: each timestamp is the one before and one more, on every backend.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocol.batching import DATABASES, Batching, part
from tests.protocol.client import FUTURE
from tests.protocol.sharing import ONE_ID, TWO_ID, UNKNOWN_ID, headers_of

# One user's own, with unique fields, and one that users share, with a unique field.
COLLECTIONS = st.sampled_from(["/pairs", "/pairs", "/pairs", "/badges"])
IDS = st.sampled_from([ONE_ID, TWO_ID, UNKNOWN_ID])
NUMBERS = st.sampled_from([1, 2, None])
DATA = st.fixed_dictionaries({}, optional={"one": NUMBERS, "number": NUMBERS, "free": NUMBERS})
QUERIES = st.sampled_from(
    ["", "", "?one=1", "?number=1", f"?_since={FUTURE}", "?_sort=one&_limit=1"]
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Authorization": st.just(headers_of("bob")["Authorization"]),
        "If-Match": st.integers(FUTURE, FUTURE + 4).map('"{}"'.format),
        "If-None-Match": st.just("*"),
    },
)


def some(methods: str, paths: Any, data: Any) -> Any:
    """Return a strategy for requests of some methods."""
    return st.builds(
        lambda method, path, data, headers: part(method, path, data, **headers),
        st.sampled_from(methods.split()),
        paths,
        data,
        st.just({}) | HEADERS,
    )


RECORDS = st.builds("{}/{}".format, COLLECTIONS, IDS)
LISTS = st.builds("{}{}".format, COLLECTIONS, QUERIES)
REQUESTS = st.one_of(
    some("PUT PATCH", RECORDS, DATA),
    some("PUT PATCH GET DELETE HEAD", st.just(f"/pairs/{ONE_ID}"), DATA),
    some("GET DELETE HEAD", RECORDS, st.none()),
    some("POST", COLLECTIONS, st.builds(lambda data, id_: {**data, "id": id_}, DATA, IDS)),
    some("GET HEAD DELETE", LISTS, st.none()),
)


def begun(backends: str) -> Batching:
    """Return an application with a record of each user, of one timestamp wherever it is."""
    batch = Batching(backends)
    data = {"one": 1, "number": 1, "last_modified": FUTURE}
    parts = [part("PUT", f"{path}/{ONE_ID}", data) for path in ("/pairs", "/badges")]
    batch.send(*parts, part("PUT", f"/pairs/{TWO_ID}", data, **headers_of("bob")))
    return batch


def left(batch: Batching) -> Any:
    """Return all that is there in the end, tombstones included."""
    paths = ("/pairs?_since=0", "/badges?_since=0")
    return [batch.get(path, user) for path in paths for user in ("alice", "bob")]


@settings(max_examples=40, deadline=None)
@given(parts=st.lists(REQUESTS, min_size=2, max_size=12))
def test_a_batch_answers_to_the_letter_as_its_requests_would(parts: list[Any]) -> None:  # P8.4
    alone = begun("memory")
    answers, state = [alone.send(one)[0] for one in parts], left(alone)
    for backends in DATABASES:
        together = begun(backends)
        assert together.send(*parts) == answers
        assert left(together) == state
