"""P8.4: a batch answers as its requests would one by one, and leaves the same behind."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.protocol.batching import DATABASES, Batching, part
from tests.protocol.sharing import ONE_ID, TWO_ID, UNKNOWN_ID

PATHS = [f"/pairs/{one}" for one in (ONE_ID, TWO_ID, UNKNOWN_ID)]
DATA = st.fixed_dictionaries({}, optional={"one": st.integers(1, 2), "free": st.integers(1, 3)})
CONDITIONS = st.sampled_from([{}, {}, {}, {"If_Match": '"1"'}, {"If_None_Match": "*"}])
WITH_BODY = st.builds(
    lambda method, path, data, headers: part(method, path, data, **headers),
    st.sampled_from(["PUT", "PATCH"]),
    st.sampled_from(PATHS),
    DATA,
    CONDITIONS,
)
WITHOUT = st.builds(
    lambda method, path, headers: part(method, path, **headers),
    st.sampled_from(["GET", "DELETE"]),
    st.sampled_from([*PATHS, "/pairs", "/pairs?_since=1"]),
    CONDITIONS,
)
SEQUENCES = st.lists(WITH_BODY | WITHOUT, min_size=1, max_size=12)
OF_THE_TIME = {"last_modified", "ETag", "Last-Modified", "Content-Length", "Last_Modified"}


def bare(value: Any) -> Any:
    """Return *value* without what is of the time."""
    if isinstance(value, dict):
        return {key: bare(one) for key, one in value.items() if key not in OF_THE_TIME}
    if isinstance(value, list):
        return [bare(one) for one in value]
    return value


def state(batch: Batching) -> Any:
    """Return what a poller sees, from the oldest to the newest."""
    return bare(batch.get("/pairs?_since=0&_sort=last_modified")["data"])


@pytest.mark.parametrize("backends", DATABASES)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(parts=SEQUENCES)
def test_a_batch_is_as_its_requests_one_by_one(backends: str, parts: list[Any]) -> None:  # P8.4
    together, alone = Batching(backends), Batching("memory")
    expected = [alone.send(one)[0] for one in parts]
    assert bare(together.send(*parts)) == bare(expected)
    assert state(together) == state(alone)
