"""Error reports, as an endpoint of Sentry on this machine receives them."""

from __future__ import annotations

import gzip
import json
import logging
import ssl
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

import pytest
import sentry_sdk
import webtest
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError
from raven.handlers.logging import SentryHandler

import cliquet
from cliquet.settings import MASK
from tests.support import ALICE, BOB, SETTINGS

CLIENTS = ["sentry-sdk", "raven"]
#: What must not be reported. It stands here, for lines of code are.
SECRETS = ("pass/@-word", "local-variable", "cookie-value", "query-value", "body-value")
PASSWORD, LOCAL, COOKIE, QUERY, BODY = SECRETS


class Endpoint(BaseHTTPRequestHandler):
    """Keeps the events that are sent to it."""

    events: Queue[str]

    def do_POST(self) -> None:
        """Keep an event."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        encoding = self.headers.get("Content-Encoding")
        if encoding is not None:
            body = gzip.decompress(body) if encoding == "gzip" else zlib.decompress(body)
        self.events.put(body.decode("utf-8"))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class Sentry:
    """An endpoint of Sentry."""

    def __init__(self, certificate: Path | None = None) -> None:
        self._events: Queue[str] = Queue()
        handler = type("Handler", (Endpoint,), {"events": self._events})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if certificate is None else "https"
        self.dsn = f"{scheme}://public:secret@localhost:{self._server.server_port}/1"
        # raven brings a list of authorities along, and asks no other unless it is told.
        self.raven_dsn = (
            self.dsn if certificate is None else f"{self.dsn}?ca_certs={certificate}.crt"
        )
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def event(self) -> str:
        """Return the next event, as text."""
        return self._events.get(timeout=10)

    def report(self) -> dict[str, Any]:
        """Return the next event."""
        report: dict[str, Any] = json.loads(self.event().splitlines()[-1])
        return report

    def has_more(self) -> bool:
        """Tell whether there is an event more, once all clients have sent theirs."""
        sentry_sdk.flush(5)
        try:
            self._events.get(timeout=0.2)
        except Empty:
            return False
        return True

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file with a key, and a certificate that it signed itself."""
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    options = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    files = ["-keyout", str(path), "-out", f"{path}.crt"]
    command = ["openssl", "req", *options.split(), *names, *files]
    subprocess.run(command, check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


@pytest.fixture(params=["http", "https"])
def server(
    request: pytest.FixtureRequest, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Sentry]:
    """Return an endpoint, and forget the clients afterwards."""
    for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(variable, f"{certificate}.crt")
    loggers = [logging.getLogger(), logging.getLogger("cliquet")]
    handlers = [list(named.handlers) for named in loggers]
    server = Sentry(certificate if request.param == "https" else None)
    yield server
    sentry_sdk.get_client().close(timeout=2)
    sentry_sdk.get_global_scope().set_client(None)
    for named, before in zip(loggers, handlers, strict=True):
        named.handlers[:] = before
    server.close()


def app_of(**settings: Any) -> webtest.TestApp:
    """Return the application that tests share, with more settings."""
    config = Configurator(settings={**SETTINGS, **settings})
    cliquet.initialize(config)
    config.add_route("fail", "/fail*where")
    config.add_view(fail, route_name="fail")
    return webtest.TestApp(config.make_wsgi_app())


def fail(request: Any) -> None:
    """Fail, with secrets at hand."""
    hidden = LOCAL
    assert request.authenticated_userid
    raise RuntimeError(f"no postgresql://me:{PASSWORD}@db/x {len(hidden)}")


def get_failure(
    app: webtest.TestApp, path: str = "/v1/fail", user: Mapping[str, str] = ALICE
) -> None:
    """Make a request with many secrets, which fails."""
    headers = {**user, "Cookie": f"session={COOKIE}"}
    app.post(f"{path}?token={QUERY}", BODY, headers=headers, status=500)


def assert_is_reported_once(server: Sentry) -> None:
    """Check what was received of :func:`get_failure`."""
    event = server.event()
    assert "RuntimeError" in event
    assert "/v1/fail" in event
    assert '"POST"' in event
    secrets = (*SECRETS, ALICE["Authorization"].split()[1], "alice")
    assert not [secret for secret in secrets if secret in event]
    assert not server.has_more()


@pytest.mark.parametrize("client", CLIENTS)
def test_a_failure_is_reported_once_without_secrets(server: Sentry, client: str) -> None:
    # Lesson 33.
    dsn = server.raven_dsn if client == "raven" else server.dsn
    get_failure(app_of(sentry_dsn=dsn, sentry_client=client, sentry_env="stage"))
    assert_is_reported_once(server)


def test_the_handler_of_raven_in_an_ini_file_works(server: Sentry) -> None:
    logging.getLogger().addHandler(SentryHandler(server.raven_dsn, level=logging.ERROR))
    get_failure(app_of())
    assert_is_reported_once(server)


@pytest.fixture
def at_info() -> Iterator[None]:
    """The level that ``cliquet init`` writes: each request leaves a line."""
    logger = logging.getLogger("cliquet")
    before = logger.level
    logger.setLevel(logging.INFO)
    yield
    logger.setLevel(before)


def app_reporting_by(client: str, server: Sentry) -> webtest.TestApp:
    """Return an application whose failures are reported by that client."""
    if client == "handler":
        logging.getLogger().addHandler(SentryHandler(server.raven_dsn, level=logging.ERROR))
        return app_of()
    dsn = server.raven_dsn if client == "raven" else server.dsn
    return app_of(sentry_dsn=dsn, sentry_client=client)


@pytest.mark.parametrize("client", [*CLIENTS, "handler"])
@pytest.mark.usefixtures("at_info")
def test_nothing_of_the_lines_of_requests_is_reported(server: Sentry, client: str) -> None:
    # Lesson 33.
    app = app_reporting_by(client, server)
    app.extra_environ["HTTP_USER_AGENT"] = 'agent-of-one (and "words" of-it)'
    app.get(f"/v1/?token={QUERY}")
    get_failure(app)
    event = server.event()
    assert not [one for one in (*SECRETS, "agent-of-one", "of-it") if one in event]


@pytest.mark.parametrize("client", [*CLIENTS, "handler"])
def test_an_exception_is_reported_as_one_so_that_it_can_be_grouped(
    server: Sentry, client: str
) -> None:
    get_failure(app_reporting_by(client, server))
    (error,) = server.report()["exception"]["values"]
    assert (error["type"], error["value"]) == ("RuntimeError", f"no postgresql://me:{MASK}@db/x 14")
    frame = error["stacktrace"]["frames"][-1]
    code = fail.__code__
    assert (frame["function"], frame["abs_path"]) == ("fail", code.co_filename)
    assert code.co_firstlineno < frame["lineno"] <= code.co_firstlineno + 5
    assert "vars" not in frame


@pytest.mark.parametrize("client", [*CLIENTS, "handler"])
@pytest.mark.usefixtures("at_info")
def test_the_same_failure_at_two_urls_and_of_two_users_is_one(server: Sentry, client: str) -> None:
    app = app_reporting_by(client, server)
    get_failure(app)
    get_failure(app, "/v1/fail/elsewhere", BOB)
    first, second = server.report(), server.report()
    for told in ("exception", "logentry", "sentry.interfaces.Message", "message", "level"):
        assert first.get(told) == second.get(told)
    assert first["request"] != second["request"]
    assert first["user"] != second["user"]


@pytest.mark.parametrize("client", [*CLIENTS, "handler"])
def test_an_error_that_is_logged_is_reported_without_the_fields_of_its_line(
    server: Sentry, client: str
) -> None:
    app_reporting_by(client, server)
    cliquet.logger.error("%s is late", "it", phone=BODY)
    report = server.report()
    assert "exception" not in report
    assert report.get("message", report.get("logentry", {}).get("message")) == "it is late"
    assert BODY not in str(report)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_logger_that_keeps_its_lines_to_itself_is_reported(
    server: Sentry, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("cliquet"), "propagate", False)
    get_failure(app_reporting_by(client, server))
    assert_is_reported_once(server)


def test_an_unknown_client_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="should be sentry-sdk or raven"):
        app_of(sentry_dsn="http://a@localhost/1", sentry_client="other")


@pytest.mark.parametrize(("client", "library"), [("", "sentry_sdk"), ("raven", "raven")])
def test_without_the_library_the_remedy_is_told(
    monkeypatch: pytest.MonkeyPatch, client: str, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigurationError, match=r'pip install "cliquet\[monitoring\]"'):
        app_of(sentry_dsn="http://a@localhost/1", sentry_client=client)


def test_a_malformed_dsn_is_refused_without_telling_it() -> None:
    with pytest.raises(ConfigurationError, match="sentry_dsn is not a DSN") as caught:
        app_of(sentry_dsn="secret-dsn")
    assert "secret-dsn" not in str(caught.value)


@pytest.mark.parametrize("client", CLIENTS)
def test_what_is_reported_last_arrives(server: Sentry, client: str) -> None:
    dsn = server.raven_dsn if client == "raven" else server.dsn
    settings = {**SETTINGS, "sentry_dsn": dsn, "sentry_client": client}
    program = (
        "import cliquet; from pyramid.config import Configurator\n"
        f"cliquet.initialize(Configurator(settings={settings!r}))\n"
        "cliquet.logger.critical('last words')"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    assert "last words" in server.event()
