"""
The records of a floor in Redis, by scripts written by hand.

It works on the keys of the storage: what is asked is one round trip each, a PATCH two, the second
of which writes only if nobody else did in between.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import orjson
from redis import Redis

from benchmarks.floors.work import Page, Record

_PARTS = ("state", "records", "live", "tombstones")

_NAMES = "local state, records, live, tombstones = unpack(KEYS)\n"
_GET = f"""
{_NAMES}
local timestamp = redis.call('ZSCORE', live, ARGV[1])
return timestamp and {{timestamp, redis.call('HGET', records, ARGV[1])}}
"""
# A page travels as three texts: to read a hundred short ones would cost more than all the rest.
_PAGE = f"""
{_NAMES}
local found = redis.call(COMMAND)
local ids, timestamps, documents = {{}}, {{}}, {{}}
for place = 1, #found, 2 do
    ids[#ids + 1] = found[place]
    timestamps[#timestamps + 1] = found[place + 1]
end
if #ids > 0 then documents = redis.call('HMGET', records, unpack(ids)) end
return {{
    redis.call('HGET', state, 'timestamp'),
    redis.call('ZCARD', live),
    cjson.encode(ids),
    '[' .. table.concat(timestamps, ',') .. ']',
    '[' .. table.concat(documents, ',') .. ']',
}}
"""
_NEWEST = _PAGE.replace("COMMAND", "'ZREVRANGE', live, 0, ARGV[1] - 1, 'WITHSCORES'")
_SINCE = _PAGE.replace("COMMAND", "'ZREVRANGEBYSCORE', live, '+inf', '(' .. ARGV[1], 'WITHSCORES'")
# Arguments: id, document, and the timestamp that the record must have, if it must have one.
_PUT = f"""
{_NAMES}
local id, document, expected = unpack(ARGV)
if expected and redis.call('ZSCORE', live, id) ~= expected then return false end
local time, latest = redis.call('TIME'), redis.call('HGET', state, 'timestamp')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local timestamp = string.format('%.0f', math.max(now, latest + 1))
redis.call('HSET', state, 'timestamp', timestamp)
redis.call('HSET', records, id, document)
redis.call('ZADD', live, timestamp, id)
redis.call('ZREM', tombstones, id)
return timestamp
"""


class Store:
    """
    See :class:`~benchmarks.floors.work.Store`; the records belong to a parent of its own.

    Args:
        url: Of the server.
    """

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url, protocol=2)
        place = f"cliquet:storage:{{article/{uuid4()}}}"
        self._keys = [f"{place}:{part}" for part in _PARTS]
        self._known = {
            script: self._redis.script_load(script) for script in (_GET, _NEWEST, _SINCE, _PUT)
        }
        self._redis.hset(self._keys[0], "timestamp", 0)

    def timestamp(self) -> int:
        """Return the timestamp of the latest write, in milliseconds."""
        found: Any = self._redis.hget(self._keys[0], "timestamp")
        return int(found)

    def get(self, record_id: str) -> Record | None:
        """Return the record of that id, or ``None``."""
        found = self._run(_GET, record_id)
        return found and _record(record_id, found[0], orjson.loads(found[1]))

    def newest(self, limit: int) -> Page:
        """Return the newest records, at most *limit* of them."""
        return _page(self._run(_NEWEST, limit))

    def since(self, timestamp: int) -> Page:
        """Return what was written after *timestamp*, and how many records that is."""
        page = _page(self._run(_SINCE, timestamp))
        return page._replace(total=len(page.records))

    def put(self, record_id: str, fields: Record) -> Record:
        """Store a record in place of any of that id, and return it."""
        return _record(record_id, self._run(_PUT, record_id, orjson.dumps(fields)), fields)

    def patch(self, record_id: str, changes: Record) -> Record | None:
        """Merge *changes* into a record, and return it, or ``None`` where there is none."""
        while found := self._run(_GET, record_id):
            fields = {**orjson.loads(found[1]), **changes}
            timestamp = self._run(_PUT, record_id, orjson.dumps(fields), found[0])
            if timestamp:
                return _record(record_id, timestamp, fields)
        return None

    def _run(self, script: str, *arguments: Any) -> Any:
        return self._redis.evalsha(self._known[script], len(_PARTS), *self._keys, *arguments)


def _record(record_id: str, timestamp: bytes | int, fields: Record) -> Record:
    return {**fields, "id": record_id, "last_modified": int(timestamp)}


def _page(reply: list[Any]) -> Page:
    timestamp, total, *texts = reply
    found = zip(*map(orjson.loads, texts), strict=True)
    return Page(int(timestamp), total, [_record(*one) for one in found])
