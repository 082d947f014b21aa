"""Requests that no client should send, as a server would hand them to the application."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from cliquet.errors import ERRORS
from tests.support import ALICE, make_app

ONE_ID = "11111111-1111-4111-8111-111111111111"
ERROR_NAMES = {"code", "errno", "error", "message", "info", "details"}
NUMBERS = {error.value for error in ERRORS}
UNSAFE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

RECORDS: tuple[dict[str, Any], ...] = (
    {"name": "a", "n": 1, "tags": ["x", 1], "place": {"town": "Lyon"}},
    {"name": "b", "n": None, "big": 2**80},
    {"name": "c", "n": "1", "tags": "x"},
    {"name": "d", "n": 1.5, "place": "Lyon"},
    {"name": "é🍄", "n": True, "tags": []},
    {"name": "e", "n": {"n": 1}},
    {"name": "f"},
)


@dataclass(frozen=True)
class Answer:
    """A response: status, headers as the server would send them, body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        """Return the first header of that name."""
        return next((text for key, text in self.headers if key.lower() == name.lower()), None)

    @property
    def json(self) -> Any:
        """Return the value of the body."""
        return json.loads(self.body.decode())


class Server:
    """The test application with some records, asked through WSGI and nothing between."""

    def __init__(self) -> None:
        self.wsgi = make_app({"paginate_by": 3}).app
        self.fill()

    def fill(self) -> None:
        """Begin again with the same records."""
        self.wsgi.registry.storage.flush()
        for index, record in enumerate(RECORDS):
            body = json.dumps({"data": record}).encode()
            record_id = f"{index}{ONE_ID[1:]}"
            for collection in ("mushrooms", "notes"):
                self.call("PUT", f"/v1/{collection}/{record_id}".encode(), body=body)

    def call(
        self, method: str, path: bytes, query: str = "", body: bytes = b"", **environ: str
    ) -> Answer:
        """
        Send a request.

        Args:
            path: As it is after percent-decoding, any bytes.
            query: As it is on the wire.
            environ: More of the WSGI environment: headers are ``HTTP_…``.
        """
        seen: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None):
            seen[:] = [int(status[:3]), headers]

        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path.decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_AUTHORIZATION": ALICE["Authorization"],
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            **environ,
        }
        chunks = self.wsgi(environ, start_response)
        return Answer(*seen, b"".join(chunks))

    def works(self) -> bool:
        """Tell whether an ordinary request is answered as ever."""
        hello = self.call("GET", b"/v1/")
        listed = self.call("GET", b"/v1/mushrooms", "_limit=1")
        return hello.json["project_name"] == "origapp" and listed.status == 200


def fault_of(answer: Answer) -> str | None:
    """Return what is wrong with an answer to a request that may be anything, or ``None``."""
    for name, text in answer.headers:
        if UNSAFE.search(name + text):
            return f"unsafe header {name}: {text!r}"
        text.encode("latin-1")
    if answer.status >= 500:
        return f"status {answer.status}"
    if answer.status < 400:
        return None
    body = answer.json if answer.body else {"code": answer.status, "errno": 999, "error": ""}
    if not isinstance(body, dict) or not body.keys() <= ERROR_NAMES:
        return f"body {body!r}"
    is_form = body["code"] == answer.status and body["errno"] in NUMBERS and "error" in body
    return None if is_form else f"body {body!r}"


# -- Values

ODD_NUMBERS = st.sampled_from(
    ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "1e-400", "0x10", "1_000", "00", "+1", "-"]
    + [str(sign * 2**power + add) for sign in (1, -1) for power in (53, 63, 64) for add in (-1, 0)]
    + ["9" * 400, "9" * 5000, "-" + "1" * 5000, "0." + "1" * 400, "1e5", "1.0", "-0", "-0.0"]
)
DEEP = st.builds(
    lambda opening, closing, depth: opening * depth + closing * depth,
    st.sampled_from(["[", '{"a":', "[{", '["']),
    st.sampled_from(["]", "}", "}]", '"]', ""]),
    st.sampled_from([1, 63, 64, 65, 199, 200, 201, 1000, 5000]),
)
ODD_STRINGS = st.sampled_from(
    [
        *("", " ", '"', "'", '"\\u0000"', "\0", '"\\ud800"', "\ud800", "\ufeff", "\u2028", "\r\n"),
        *("true", "True", "null", "None", "NULL", "undefined", "*", "**", "%", "\\", "a" * 9000),
        *("'; DROP TABLE records; --", "${jndi:ldap://x}", "../../etc/passwd"),
        *(".*", "[a-z]+", "(a+)+$"),
    ]
)
TEXTS = st.text(st.characters(exclude_categories=()), max_size=20)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda children: (
        st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=5), children, max_size=4)
    ),
    max_leaves=8,
)
LITERALS = ODD_NUMBERS | DEEP | ODD_STRINGS | TEXTS | JSON.map(json.dumps)


# -- Query strings

FIELDS = st.sampled_from(
    [
        *("id", "last_modified", "deleted", "name", "n", "tags", "place.town", "place", "title"),
        *("url", "position", "unknown", "", ".", "a..b", "\0", "__proto__", "é", "a" * 300),
    ]
)
PREFIXES = st.sampled_from(
    [
        *("", "min_", "max_", "lt_", "gt_", "not_", "in_", "exclude_", "has_", "like_"),
        *("contains_", "contains_any_", "_", "in_in_"),
    ]
)
CONTROLS = st.sampled_from(
    ["_since", "_before", "_to", "_limit", "_sort", "_fields", "_token", "_other", "last_modified"]
)
LISTS = st.lists(LITERALS, max_size=4).map(",".join)
NAMES = CONTROLS | st.builds(str.__add__, PREFIXES, FIELDS) | TEXTS
RAW_BYTES = st.binary(max_size=12).map(lambda raw: quote(raw, safe="/="))


def quoted(text: str) -> str:
    """Return text as a careless client encodes it: surrogates are sent too."""
    return quote(text.encode("utf-8", "surrogatepass"))


PARAMETERS = st.builds(
    "{}={}".format,
    NAMES.map(quoted) | RAW_BYTES,
    (LITERALS | LISTS).map(quoted) | RAW_BYTES,
)
QUERIES = st.lists(PARAMETERS | RAW_BYTES, max_size=5).map("&".join)


# -- Headers: what servers let through, which is all but CR, LF and NUL

LATIN = st.characters(max_codepoint=255, exclude_characters="\r\n\0")
TAGS = st.sampled_from(
    [
        *("*", '"*"', '""', '"', "abc", '"abc"', "12", '"12"', '"-5"', 'W/"12"', '"1", "2"'),
        *('"1e5"', f'"{2**63}"', '"' + "9" * 19 + '"', '"' + "9" * 5000 + '"', '"١٢"', '"1\x01"'),
        *(" \t", "\xff"),
    ]
).map(lambda text: text.encode("utf-8").decode("latin-1"))
VALUES = st.text(LATIN, max_size=30) | TAGS
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            *(
                "If-Match",
                "If-None-Match",
                "Accept",
                "Origin",
                "Response-Behavior",
                "Authorization",
            ),
            *("Access-Control-Request-Method", "Access-Control-Request-Headers", "User-Agent"),
            *(
                "Accept-Language",
                "Cookie",
                "X-Forwarded-For",
                "If-Modified-Since",
                "Range",
                "Expect",
            ),
        ]
    ).map(lambda name: "HTTP_" + name.upper().replace("-", "_")),
    VALUES,
    max_size=5,
)
CREDENTIALS = st.builds(
    lambda scheme, raw, cut: f"{scheme} {base64.b64encode(raw).decode()}"[: cut or None],
    st.sampled_from(["Basic", "basic", "BASIC ", "Bearer", ""]),
    st.binary(max_size=20) | st.sampled_from([b":", b"a:", b"a:\0", b"\xff:\xff", b"a" * 3000]),
    st.integers(-3, 0),
)
