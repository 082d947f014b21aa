"""
Batches: several requests in one, compared with one such request alone.

No floor has the endpoint: the server is compared with itself, and the question is how many single
requests a batch costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from benchmarks.kinds import HEADERS, KINDS, RECORD_KEYS, Kind, Share
from benchmarks.messages import Request, Response

#: Requests of a batch: as many as are allowed by default.
PARTS = 25

#: Single requests that a batch is to cost less than.
MOST = 8.0


@dataclass(frozen=True)
class Batch(Kind):
    """
    Batches of one kind of requests.

    Attributes:
        gate: Ratio, to one request alone, that the server is to stay below.
        single: Name of the kind inside.
        gated_on: The storage that the gate is about: where single requests cost a commit each.
    """

    gate: float = MOST
    single: str = ""
    gated_on: str = "postgresql"


def _batch(method: str, single: str) -> Batch:
    title = f"{PARTS} {method.upper()}"
    return Batch(f"batch-{method}", title, _of(KINDS[single]), _is_right, single=single)


def _of(kind: Kind) -> Callable[[Share], Iterator[Request]]:
    def requests(share: Share) -> Iterator[Request]:
        stream = kind.requests(share)
        while True:
            yield _together(islice(stream, PARTS))

    return requests


def _together(requests: Iterator[Request]) -> Request:
    parts = orjson.dumps({"requests": [_part(one) for one in requests]})
    return Request("POST", "/v1/batch", HEADERS, parts)


def _part(request: Request) -> dict[str, Any]:
    body = {"body": orjson.Fragment(request.body)} if request.body else {}
    return {"method": request.method, "path": request.path, **body}


def _is_right(response: Response) -> bool:
    parts = orjson.loads(response.body)["responses"]
    return len(parts) == PARTS and all(
        part["status"] == 200 and part["body"]["data"].keys() == RECORD_KEYS for part in parts
    )


#: By name, in the order in which they are measured.
BATCHES = {batch.name: batch for batch in (_batch("put", "put"), _batch("get", "record-get"))}

#: What can be measured.
EVERY_KIND: dict[str, Kind] = {**KINDS, **BATCHES}
