"""``cliquet doctor``: names what is planted, with its remedy, and nothing else."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cliquet.drivers import functions, servers
from cliquet.testing.servers import RedisServer, redis_server
from tests.backends.version11 import database_of_its_own, execute
from tests.clinic import Clinic

#: The indexes of a table with a text in their definition.
INDEXES = "SELECT indexname FROM pg_indexes WHERE tablename = 'records' AND indexname LIKE '{}%'"
SET_VERSION = "UPDATE metadata SET value = '{}' WHERE name = 'storage_schema_version'"
AHEAD_MS = 60_000


Open = Callable[..., Clinic]


@pytest.fixture
def opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Open:
    """Return the application on a storage, migrated."""

    def open_it(storage: str, url: str, **settings: Any) -> Clinic:
        backend = f"cliquet.storage.{storage}"
        given = {"storage_backend": backend, "storage_url": url, **settings}
        clinic = Clinic(tmp_path, given, capsys)
        assert clinic.run("migrate") == 0
        return clinic

    return open_it


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The file of records in SQLite."""
    return tmp_path / "articles.sqlite"


@pytest.fixture
def on_sqlite(opened: Open, file: Path) -> Clinic:
    return opened("sqlite", f"sqlite:///{file}")


@pytest.fixture(scope="module")
def url(cliquet_postgresql: str) -> Iterator[str]:
    """A database whose schema each test finds as it should be: they migrate it."""
    with database_of_its_own(cliquet_postgresql) as url:
        yield url


@pytest.fixture
def on_postgresql(opened: Open, url: str) -> Clinic:
    permission = {"permission_backend": "cliquet.permission.postgresql", "permission_url": url}
    return opened("postgresql", url, **permission)


@pytest.fixture
def run_sql(file: Path, url: str) -> Callable[..., None]:
    """Run statements in the database of an application."""

    def run(clinic: Clinic, *statements: str) -> None:
        if "sqlite" not in clinic.path.read_text():
            execute(url, "; ".join(statements))
            return
        with closing(sqlite3.connect(file)) as connection:
            functions.register(connection)
            connection.executescript("; ".join(statements))

    return run


@pytest.fixture(scope="module")
def durable() -> Iterator[RedisServer]:
    """A Redis that writes what it is told."""
    with redis_server(is_persistent=True) as server:
        yield server


@pytest.fixture
def configured(durable: RedisServer) -> Iterator[Callable[[str, str], None]]:
    """Set what Redis is configured to do until the test ends."""
    before: dict[str, str] = {}

    def set_it(name: str, value: str) -> None:
        before[name] = durable.run("CONFIG GET", name)[name]
        durable.run("CONFIG SET", name, value)

    yield set_it
    for name, value in before.items():
        durable.run("CONFIG SET", name, value)


@pytest.fixture
def on_redis(opened: Open, durable: RedisServer) -> Clinic:
    return opened("redis", durable.url)


# -- Sound


@pytest.mark.parametrize("clinic", ["on_sqlite", "on_postgresql", "on_redis"])
def test_nothing_is_said_of_an_application_with_nothing_wrong(clinic, request):
    assert request.getfixturevalue(clinic).faults() == []


def test_a_cache_with_a_prefix_or_a_database_of_its_own_is_sound(on_redis, durable):
    cache = {"cache_backend": "cliquet.cache.redis"}
    assert on_redis.faults(**cache, cache_url=durable.url, cache_prefix="articles") == []
    assert on_redis.faults(**cache, cache_url=durable.url.removesuffix("0") + "1") == []


# -- Databases


def test_a_database_without_a_schema_is_named(opened, tmp_path, url, on_postgresql):
    execute(url, "DROP TABLE records, timestamps, metadata")
    fault = on_postgresql.fault()
    assert fault["where"] == "storage"
    assert "no schema" in fault["what"]
    assert fault["remedy"] == f'run "cliquet migrate --ini {on_postgresql.path}"'
    on_postgresql.follow(fault)
    assert on_postgresql.faults() == []


def test_a_schema_of_version_3_1_is_named(on_postgresql, url):
    execute(url, SET_VERSION.format(11))
    fault = on_postgresql.fault()
    execute(url, SET_VERSION.format(12))
    assert "Schema 11" in fault["what"]
    assert "cliquet migrate" in fault["remedy"]


@pytest.mark.parametrize("table", ["access_control_entries", "user_principals"])
def test_a_table_of_permissions_that_is_missing_is_named(on_postgresql, url, table):
    execute(url, f"DROP TABLE {table}")
    fault = on_postgresql.fault()
    assert fault["where"] == "permission"
    on_postgresql.follow(fault)
    assert on_postgresql.faults() == []


RECORD = "INSERT INTO records VALUES ('basicauth:alice', 'article', 'a', 5, FALSE, '{}')"


@pytest.mark.parametrize("clinic", ["on_postgresql", "on_sqlite"])
def test_a_table_of_the_storage_that_is_missing_is_made_and_counted_anew(clinic, request, run_sql):
    clinic = request.getfixturevalue(clinic)
    run_sql(clinic, RECORD, "DROP TABLE timestamps")
    fault = clinic.fault()
    assert (fault["where"], fault["what"]) == ("storage", "The table timestamps is missing")
    clinic.follow(fault)
    assert clinic.faults() == []
    run_sql(clinic, "DROP TABLE records")
    assert "restore the database from a backup" in clinic.fault()["remedy"]
    assert clinic.run("migrate", "--dry-run") == 0
    clinic.follow(clinic.fault())
    # Nothing is left of what was counted.
    assert clinic.faults() == []


def test_tables_of_somebody_else_are_left_to_them(on_postgresql, url):
    execute(url, "DROP TABLE metadata")
    assert "name another database in storage_url" in on_postgresql.fault()["remedy"]
    execute(url, "DROP TABLE records")


def test_a_schema_is_made_in_read_only_mode_too(on_postgresql, url):
    execute(url, "DROP TABLE records, timestamps, metadata")
    clinic = on_postgresql
    fault = clinic.fault(readonly="true")
    clinic.follow(fault)
    assert clinic.faults(readonly="true") == []


def test_a_file_without_a_schema_is_named_and_left_without(on_sqlite, file):
    other = file.with_name("other.sqlite")
    fault = on_sqlite.fault(storage_url=f"sqlite:///{other}")
    assert fault["remedy"].startswith('run "cliquet migrate --ini ')
    with closing(sqlite3.connect(other)) as connection:
        assert connection.execute("SELECT * FROM sqlite_schema").fetchall() == []


@pytest.mark.parametrize(("kind", "field"), [("unique", "url"), ("field", "")])
def test_a_missing_guard_or_index_of_postgresql_is_named(on_postgresql, url, kind, field):
    (name,), *_ = execute(url, INDEXES.format(f"cliquet_{kind}"))
    execute(url, f"DROP INDEX {name}")
    fault = on_postgresql.fault()
    words = "unique field url" if field else "indexed field"
    assert f"The {words}" in fault["what"]
    assert fault["what"].endswith("of article has no index")
    on_postgresql.follow(fault)
    assert on_postgresql.faults() == []


@pytest.mark.parametrize("kind", ["unique", "field"])
def test_a_missing_guard_or_index_of_sqlite_is_named(on_sqlite, file, kind):
    with closing(sqlite3.connect(file)) as connection:
        query = f"SELECT name FROM sqlite_schema WHERE name LIKE 'cliquet_{kind}%'"
        connection.execute(f"DROP INDEX {connection.execute(query).fetchone()[0]}")
    fault = on_sqlite.fault()
    assert fault["what"].endswith("of article has no index")
    on_sqlite.follow(fault)
    assert on_sqlite.faults() == []


WRONG_COUNT = "INSERT INTO timestamps VALUES ('basicauth:alice', 'article', 1, 3)"


def test_many_counts_that_are_wrong_are_one_fault_whose_remedy_mends_all(on_postgresql, url):
    execute(
        url,
        "INSERT INTO records SELECT 'p' || n, 'article', 'a', 1, n > 20, '{}'"
        " FROM generate_series(1, 21) AS n",
    )
    fault = on_postgresql.fault()
    assert fault["what"] == (
        "Lists of article of p1 say 0 records, and there are 1;"
        " at least 9 other collections are wrong too"
    )
    execute(url, fault["remedy"].removeprefix("run in the database: "))
    assert on_postgresql.faults() == []


def check_count(fault: dict[str, str]) -> str:
    """Check the fault of a count that is wrong, and return the SQL of its remedy."""
    assert fault["what"] == "Lists of article of basicauth:alice say 3 records, and there are 0"
    assert fault["where"] == "storage"
    return fault["remedy"].removeprefix("run in the database: ")


def test_a_count_apart_from_the_records_is_named_and_its_remedy_works(on_postgresql, url):
    execute(url, WRONG_COUNT)
    execute(url, check_count(on_postgresql.fault()))
    assert on_postgresql.faults() == []


def test_a_count_apart_from_the_records_of_sqlite_is_named(on_sqlite, file):
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(WRONG_COUNT)
        connection.executescript(check_count(on_sqlite.fault()))
    assert on_sqlite.faults() == []


# -- Servers


@pytest.mark.parametrize(
    ("clinic", "apart_ms", "words"),
    [("on_postgresql", AHEAD_MS, "behind"), ("on_redis", -AHEAD_MS, "ahead of")],
)
def test_a_clock_apart_from_the_one_of_the_database_is_named(
    clinic, apart_ms, words, request, monkeypatch
):
    present = servers.clock_ms
    monkeypatch.setattr(servers, "clock_ms", lambda: present() + apart_ms)
    fault = request.getfixturevalue(clinic).fault()
    assert f"s {words}" in fault["what"]
    assert fault["where"] == "storage_url"
    assert "NTP" in fault["remedy"]


@pytest.mark.parametrize("clinic", ["on_postgresql", "on_redis"])
@pytest.mark.parametrize("size", [{"storage_pool_size": 99999}, {"storage_max_overflow": -1}])
def test_a_pool_above_the_limit_of_the_server_is_named(clinic, size, request):
    clinic = request.getfixturevalue(clinic)
    fault = clinic.fault(**size)
    assert "and the server takes" in fault["what"]
    assert fault["where"] == "storage_pool_size"
    assert clinic.faults(**dict(re.findall(r"(\w+) = (\d+)", fault["remedy"]))) == []


def test_a_cache_without_prefix_beside_records_is_named(on_redis, durable):
    fault = on_redis.fault(cache_backend="cliquet.cache.redis", cache_url=durable.url)
    assert fault["where"] == "cache_prefix"
    assert "name of the application" in fault["remedy"]


def follow_redis(server: RedisServer, fault: dict[str, str]) -> None:
    """Run the command of redis-cli that a remedy names."""
    match = re.search(r'run "redis-cli (.+)"', fault["remedy"])
    assert match is not None
    server.run(*match[1].split())


def test_a_redis_that_evicts_is_named(on_redis, configured, durable):
    configured("maxmemory-policy", "allkeys-lru")
    fault = on_redis.fault()
    assert "allkeys-lru" in fault["what"]
    follow_redis(durable, fault)
    assert on_redis.faults() == []


def test_a_redis_that_forgets_is_named(on_redis, configured, durable):
    configured("appendonly", "no")
    fault = on_redis.fault()
    assert "forgets everything" in fault["what"]
    follow_redis(durable, fault)
    assert on_redis.faults() == []
    configured("appendonly", "no")
    configured("save", "60 1")
    assert on_redis.faults() == []


def test_what_a_user_of_redis_may_not_ask_is_no_fault(on_redis, durable):
    durable.run("ACL", "SETUSER", "app", "on", ">pw", "~*", "+@all", "-info", "-config", "-client")
    assert on_redis.faults(storage_url=durable.url.replace("//", "//app:pw@")) == []


def test_a_cluster_is_looked_at_too(opened, cliquet_redis_cluster):
    clinic = opened("redis", cliquet_redis_cluster)
    assert all("forgets" in fault["what"] for fault in clinic.faults())


# -- Not to be looked at


def test_a_server_that_does_not_answer_is_said_and_the_rest_is_looked_at(on_sqlite, capsys):
    on_sqlite.write(
        storage_backend="cliquet.storage.postgresql",
        storage_url="postgresql://127.0.0.1:1/x",
        userid_hmac_secret="",
    )
    capsys.readouterr()
    assert on_sqlite.run("doctor") == 2
    printed = capsys.readouterr()
    assert printed.out.startswith("userid_hmac_secret: ")
    assert "see that the server runs" in printed.err


def test_a_sound_application_is_said_to_be(on_sqlite, capsys):
    capsys.readouterr()
    assert on_sqlite.run("doctor") == 0
    assert capsys.readouterr().out == "Nothing is wrong: 14 checks were made.\n"
