"""Checks of the servers behind backends: their clocks, limits, and what they keep."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

from cliquet.drivers.servers import RedisServer, Server, skew_ms
from cliquet.scripts.doctor.faults import FAMILIES, Fault, Patient

#: Clocks that are kept in time by a protocol are closer than that.
MOST_SKEW_MS = 2000


def clock_apart(patient: Patient) -> Iterator[Fault]:
    """Timestamps of records are of the database's clock, ages and dates of this machine's."""
    seen: set[Hashable] = set()
    for family, server in patient.servers.items():
        if server.place in seen:
            continue
        seen.add(server.place)
        skew = skew_ms(server)
        if abs(skew) > MOST_SKEW_MS:
            words = "ahead of" if skew > 0 else "behind"
            what = f"The clock of its server is {abs(skew) / 1000:.1f} s {words} this machine's"
            yield Fault(what, f"{family}_url", "keep both in time by NTP (chrony, timesyncd)")


def pool_too_large(patient: Patient) -> Iterator[Fault]:
    """A process that may ask for more connections than its server has is refused under load."""
    for families in _by_place(patient.servers):
        servers = {patient.servers[one].pool: patient.servers[one] for one in families}
        limits = [server.pool_limit for server in servers.values()]
        most = patient.servers[families[0]].connection_limit()
        if most is None or (None not in limits and sum(filter(None, limits)) <= most):
            continue
        size = "any number of" if None in limits else f"{sum(filter(None, limits))}"
        what = f"A process may make {size} connections, and the server takes {most}"
        share = max(1, most // len(servers))
        values = (f"{one}_pool_size = {share} and {one}_max_overflow = 0" for one in families)
        remedy = f"set {', '.join(values)}; or less, for all processes share the server"
        yield Fault(what, f"{families[0]}_pool_size", remedy)


def _by_place(servers: dict[str, Server]) -> list[list[str]]:
    groups: dict[Hashable, list[str]] = {}
    for family, server in servers.items():
        groups.setdefault(server.place, []).append(family)
    return list(groups.values())


def cache_among_records(patient: Patient) -> Iterator[Fault]:
    """Keys of a cache without prefix may be taken for others, and go when those are flushed."""
    cache = patient.servers.get("cache")
    if patient.settings["cache_prefix"] or not isinstance(cache, RedisServer):
        return
    for family in FAMILIES[:2]:
        other = patient.servers.get(family)
        if isinstance(other, RedisServer) and other.database == cache.database:
            what = f"It is empty, and the cache shares a database of Redis with the {family}"
            remedy = "set it to the name of the application, or name another database in cache_url"
            yield Fault(what, "cache_prefix", remedy)
            return


def redis_evicts(patient: Patient) -> Iterator[Fault]:
    """Redis throws keys away when its memory is short, unless it is told not to."""
    for family, server in _keepers(patient):
        policy = server.info("memory", "maxmemory_policy")
        if policy not in (None, "noeviction"):
            what = f"Redis may throw keys away when memory is short (maxmemory-policy {policy})"
            yield Fault(what, f"{family}_url", _configure("maxmemory-policy noeviction"))


def redis_forgets(patient: Patient) -> Iterator[Fault]:
    """Redis keeps everything in memory, unless it is told to write it."""
    for family, server in _keepers(patient):
        is_appending = server.info("persistence", "aof_enabled")
        if is_appending == "0" and server.snapshots() == "":
            what = "Redis forgets everything when it is restarted: it writes no file"
            yield Fault(what, f"{family}_url", _configure("appendonly yes"))


def _configure(setting: str) -> str:
    return f'write {setting} in redis.conf, and run "redis-cli CONFIG SET {setting}" for now'


def _keepers(patient: Patient) -> Iterator[tuple[str, RedisServer]]:
    """Iterate over the servers that hold what must not be lost, each once."""
    seen: set[Hashable] = set()
    for family in FAMILIES[:2]:
        server = patient.servers.get(family)
        if isinstance(server, RedisServer) and server.place not in seen:
            seen.add(server.place)
            yield family, server
