"""What steps left out of the recordings did: records and permissions as they then were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

AMANITA = {
    "id": "a60cd570-5013-49c9-823c-4e7130451539",
    "name": "Amanita",
    "size": 3,
    "edible": False,
}
BOLET = {
    "id": "86ec557b-33dd-40cd-b82f-eb30def51bb3",
    "name": "Bolet",
    "size": 12,
    "edible": True,
    "tags": ["a", "b"],
    "place": {"country": "FR", "town": {"name": "Lyon", "zip": 69000}},
}
DEADLY = {
    "id": "9fec7f3d-3fc1-42e2-9488-4fa95ccd56f0",
    "name": "Deadly",
    "size": None,
    "num": 1.5,
}
HUGE = {
    "id": "f77b2588-8896-4267-98ed-18a2116a25f7",
    "name": "huge",
    "v": 123456789012345678901234567890,
}
MOCO = {
    "id": "17fe2242-64d6-42ee-9867-0d51ee5a630d",
    "title": "MoCo",
    "archived": True,
    "url": "http://mozilla.com",
    "position": 10,
    "rating": 4.5,
    "stored_on": 1795490361398,
}
THIRD = {
    "id": "c1daea08-92bd-41ca-b595-f51c58eea1f9",
    "title": "Third",
    "archived": True,
    "position": 7,
    "stored_on": 1795490361403,
}
SPORES = [
    {"label": "bob", "id": "11111111-1111-4111-8111-111111111111", "last_modified": 1795490362677},
    {
        "label": "spore 1",
        "n": 1,
        "id": "ec5a8e13-b861-4dab-83f6-ebd39b219541",
        "last_modified": 1795490362637,
    },
    {
        "label": "spore 2",
        "id": "ad972b7a-8288-47f2-930d-2e4b98cd0fdb",
        "last_modified": 1795490362660,
    },
]
MOISTURE = {
    "v": 1,
    "id": "2e568aae-711c-43d6-9fb7-e31dcf39e71e",
    "last_modified": 1795490362737,
}
P1 = "e1646e67-327d-4573-a7e6-54d4c018925b"
P2 = "e4e03d28-6a5f-466f-9d52-57301185fa5f"
BY_BOB = "10cc1ee0-35bf-4e19-b80c-db3203970783"
ALICE_ID = "basicauth:97b9de4692598e206a21666d0c2a2d243f8e434a16aacd2955773853a650671d"
BOB_ID = "basicauth:7841a99958d32d729d89e8f027cdf80b3fd538051e040fbc5f74f49d09fbd257"
ONE = "11111111-1111-4111-8111-111111111111"
TWO = "22222222-2222-4222-8222-222222222222"
THREE = "33333333-3333-4333-8333-333333333333"
UPPER = "99999999-9999-4999-8999-999999999999"
REBORN = "f4f79c15-353d-4ea7-84fc-2b5b896cca6b"
ARTICLES = (
    "b10fdb1e-9cab-441e-8770-6170c3c9761e",
    "e87bfc09-4de5-43da-8d5a-f46d91e85610",
    "ed5fa0bd-3692-4e6d-8fe2-24c73f8eb036",
    MOCO["id"],
    THIRD["id"],
    ONE,
    TWO,
    THREE,
)


@dataclass(frozen=True)
class Gone:
    """A deletion that was left out of the recordings."""

    id: str
    last_modified: int


@dataclass(frozen=True)
class Granted:
    """Permissions that a step left out of the recordings gave on a psilo."""

    id: str
    permissions: dict[str, list[str]]


def psilo(record_id: str, last_modified: int, name: str = "Unknown") -> dict[str, Any]:
    """Return a psilo as a step left out of the recordings made it."""
    fields = {"name": name, "edible": True, "size": -1}
    return {**fields, "id": record_id, "last_modified": last_modified}


#: What steps left out of the recordings did before an exchange: records as they then were.
AHEAD: dict[str, list[dict[str, Any] | Gone | Granted]] = {
    "s-create-nobody": [
        psilo(P2, 1795490362462, "P2"),
        Granted(P2, {"read": ["system.Everyone"], "write": [ALICE_ID]}),
        psilo("624de895-cf01-4a48-9a9a-7bb81b918864", 1795490362464),
        Granted("624de895-cf01-4a48-9a9a-7bb81b918864", {"write": [ALICE_ID]}),
    ],
    "s-get-owner": [
        psilo("3b9f03c4-0019-4f07-8c0a-764094019cf7", 1795490362491, "perm-empty"),
        Granted("3b9f03c4-0019-4f07-8c0a-764094019cf7", {"write": [ALICE_ID]}),
    ],
    "s-put-owner": [Granted(P1, {"read": [BOB_ID], "write": [ALICE_ID]})],
    "s-bob-perms": [
        psilo(ONE, 1795490362580, "Put new"),
        Granted(ONE, {"write": [ALICE_ID]}),
        psilo(BY_BOB, 1795490362590, "by bob"),
        Granted(BY_BOB, {"write": [BOB_ID], "spore:create": ["system.Authenticated"]}),
    ],
    "c-put-bob-ok": [Granted(P1, {"spore:create": [BOB_ID]})],
    "mo-anon-list": [MOISTURE],
    "post-ct-latin1": [Gone(UPPER, 1795490361119)],
    # The record that was not accepted here is deleted with the others there.
    "post-deleted-field": [
        {
            "id": "b078b88f-264e-4ff2-a6b6-1ea4b6b8250e",
            "name": "nul",
            "last_modified": 1795490361144,
        }
    ],
    "post-existing-id": [{"id": ONE, "name": "With id", "last_modified": 1795490361166}],
    "post-noid-inm-star": [{"id": TWO, "name": "Second id", "last_modified": 1795490361175}],
    "post-future-ts": [
        {
            "id": "e59befa7-f68f-4e86-ae78-99bbc226802f",
            "name": "Past",
            "last_modified": 1234567890123,
        }
    ],
    "head-etag": [
        Gone("7b3bd480-90f2-47ba-906b-4ec75451fb49", 1795490364040),
        Gone("e59befa7-f68f-4e86-ae78-99bbc226802f", 1795490364041),
        Gone("e32c8395-9273-4b1c-9ce9-c238e7a93586", 1795490364042),
    ],
    "a-4": [
        {**MOCO, "last_modified": 1795490361400},
        {**THIRD, "last_modified": 1795490361404},
    ],
    "a-null-url": [
        {
            "id": "9b44fb9f-7fa1-419c-8dfa-9162f52fc66a",
            "title": "badbool",
            "last_modified": 1795490361415,
        }
    ],
    "a-null-bool": [
        {
            "id": "d0f7f881-320e-4f29-8710-f8f2c4f2b56b",
            "title": "x",
            "last_modified": 1795490361426,
        }
    ],
    "put-inm-star-existing": [
        {
            "id": ONE,
            "title": "Put replaced",
            "archived": False,
            "position": 5,
            "stored_on": 1795490361636,
            "last_modified": 1795490361637,
        }
    ],
    "put-inm-bad": [{"id": TWO, "title": "Star", "last_modified": 1795490361645}],
    "put-ts-create-past": [{"id": THREE, "title": "Past", "last_modified": 1795490361715}],
    "patch-nochange": [{**AMANITA, "size": 4, "last_modified": 1795490364047}],
    "patch-diff": [{**AMANITA, "size": 5, "last_modified": 1795490364048}],
    "patch-add-field": [{**AMANITA, "size": 9, "last_modified": 1795490364052}],
    "patch-strict-unknown-light": [{**MOCO, "last_modified": 1795490361804}],
    "get-m1-etag": [{**AMANITA, "size": 20, "newfield": None, "last_modified": 1795490364055}],
    "patch-inm-star": [{**AMANITA, "size": 30, "newfield": None, "last_modified": 1795490364056}],
    "d-again": [Gone(REBORN, 1795490361850)],
    "d-lm-bad": [{"id": REBORN, "title": "Reborn", "last_modified": 1795490361860}],
    "d-lm-quoted": [
        Gone("31c34562-000b-4367-b9f6-053c57014b39", 1795490368852),
        Gone(REBORN, 1795490368853),
        {
            "id": "ed5fa0bd-3692-4e6d-8fe2-24c73f8eb036",
            "title": "To delete 3",
            "last_modified": 1795490368860,
        },
    ],
    "dc-list": [Gone(record_id, 1795490377862 - n) for n, record_id in enumerate(ARTICLES)][::-1],
    "cors-get-record": [{**AMANITA, "size": 34, "newfield": None, "last_modified": 1795490369068}],
}
