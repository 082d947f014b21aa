"""
What the server writes in one step, in Lua.

Documents are text that no script looks into. Timestamps are integers below 2**53, which Lua's
numbers and the scores of sorted sets hold exactly, and are written as integers.

Keys of a collection, always all of them and in this order:

- ``state``: a hash: ``timestamp``; ``settled``, what it was when the collection was last locked;
  ``fields``, the names of unique fields that are indexed; ``incomplete``, while records written
  before are still being indexed.
- ``records``: a hash of documents by id; live ones only.
- ``live``, ``tombstones``: sorted sets of ids by timestamp. Equal ones are sorted by id, its bytes,
  which is the order of code points.
- ``values``: a hash of the digests of unique values by the id that has them.
- ``holders``: a sorted set of digest and id, one behind the other, in the order of bytes.
- ``lock``: who keeps other writers out.

A server without memory refuses commands that need some, until a script has changed something. So a
script that stores begins with such a command, and is refused as a whole; one that deletes begins
by deleting, and is done as a whole.
"""

from __future__ import annotations

from typing import Final

from cliquet.drivers.redis import Script

#: Length of a digest, in bytes.
DIGEST_BYTES: Final = 16

#: Begins every script.
COMMON: Final = """
local state, records, live, tombstones, values, holders, lock = unpack(KEYS)
local call = redis.call

local function number(text)
    return text and tonumber(text) or nil
end

local function integer(value)
    return string.format('%.0f', value)
end

local function present_time()
    local time = call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end
"""

_WRITING = (
    COMMON
    + """
local function is_locked(token)
    local holder = call('GET', lock)
    return holder and holder ~= token
end

local function next_timestamp(collection, now)
    return collection and math.max(now, collection + 1) or now
end

-- The rule of cliquet.storage.timestamps: the timestamps of a record and of its collection.
local function stamp(collection, present, forced)
    local now = present_time()
    local following = next_timestamp(collection, now)
    local own = following
    if forced and (not present or forced > present) then own = forced end
    local base = collection or now - 1
    return own, own > base and own or following
end

-- A record, a tombstone or nothing: its timestamp, and its document where it is a record.
local function current(id)
    local present = call('ZSCORE', live, id)
    if present then return {present, call('HGET', records, id)} end
    local buried = call('ZSCORE', tombstones, id)
    return buried and {buried} or {}
end

local function forget_values(id)
    local digests = call('HGET', values, id)
    if not digests then return end
    for start = 1, #digests, SIZE do
        call('ZREM', holders, digests:sub(start, start + SIZE - 1) .. id)
    end
    call('HDEL', values, id)
end

local function keep_values(id, digests)
    if digests == '' then return end
    call('HSET', values, id, digests)
    for start = 1, #digests, SIZE do
        call('ZADD', holders, 0, digests:sub(start, start + SIZE - 1) .. id)
    end
end

"""
).replace("SIZE", str(DIGEST_BYTES))

#: Arguments: token, id, document, forced timestamp, '1' for a creation, what is expected, the
#: timestamp expected of the collection, names of the indexed fields as the writer knows them,
#: places of the fields to be checked, and a digest for each indexed field; any may be ''.
PUT: Final = Script(
    _WRITING
    + """
local token, id, document, forced, is_creation, expected, expected_collection, known, checks =
    unpack(ARGV, 1, 9)
if is_locked(token) then return {'locked'} end

local found = call('HMGET', state, 'timestamp', 'fields', 'incomplete')
local collection, fields, is_incomplete = number(found[1]), found[2] or '', found[3]
local present = number(call('ZSCORE', live, id))
local buried = number(call('ZSCORE', tombstones, id))
if expected_collection ~= '' and collection ~= number(expected_collection) then
    return {'modified'}
end
if expected ~= '' then
    local is_met = (present or buried) == number(expected)
    if expected == 'absent' then is_met = not present end
    if not is_met then return {'modified', unpack(current(id))} end
end
if is_creation == '1' and present then return {'taken', 0, id, unpack(current(id))} end

-- Where there is no record there is nothing to index first.
local is_new = fields == '' and call('ZCARD', live) == 0
if fields ~= known and not is_new or is_incomplete and checks ~= '' then
    return {'stale', fields, is_incomplete}
end
local order = 0
for place in checks:gmatch('%d+') do
    order = order + 1
    local digest = ARGV[9 + place]
    if digest ~= '' then
        local range = {'[' .. digest, '[' .. digest .. '\\255'}
        for _, member in ipairs(call('ZRANGEBYLEX', holders, range[1], range[2], 'LIMIT', 0, 2)) do
            local holder = member:sub(SIZE + 1)
            if holder ~= id then return {'taken', order, holder, unpack(current(holder))} end
        end
    end
end

local own, whole = stamp(collection, present or buried, number(forced))
call('HSET', state, 'timestamp', integer(whole))
if fields ~= known then call('HSET', state, 'fields', known) end
local digests = table.concat(ARGV, '', 10)
if (call('HGET', values, id) or '') ~= digests then
    forget_values(id)
    keep_values(id, digests)
end
call('HSET', records, id, document)
call('ZADD', live, integer(own), id)
call('ZREM', tombstones, id)
return {'done', integer(own)}
""".replace("SIZE", str(DIGEST_BYTES))
)

#: Arguments: token, id, forced timestamp, '1' to leave a tombstone, what is expected. Returns the
#: tombstone's timestamp, and timestamp and document of the record.
DELETE: Final = Script(
    _WRITING
    + """
local token, id, forced, is_kept, expected = unpack(ARGV)
if is_locked(token) then return {'locked'} end
local present = number(call('ZSCORE', live, id))
if not present then return {'missing'} end
local previous = current(id)
if expected ~= '' and present ~= number(expected) then
    return {'modified', unpack(previous)}
end
local collection = number(call('HGET', state, 'timestamp'))
local own, whole = stamp(collection, present, number(forced))
forget_values(id)
call('HDEL', records, id)
call('ZREM', live, id)
call('HSET', state, 'timestamp', integer(whole))
if is_kept == '1' then call('ZADD', tombstones, integer(own), id) end
return {'done', integer(own), unpack(previous)}
"""
)

#: Arguments: token, timestamp that the collection still must have, '1' to leave tombstones, ids.
#: Returns the first tombstone's timestamp; each of the others has one more.
DELETE_MANY: Final = Script(
    _WRITING
    + """
local token, expected, is_kept = unpack(ARGV, 1, 3)
if is_locked(token) then return {'locked'} end
local collection = number(call('HGET', state, 'timestamp'))
if collection ~= number(expected) then return {'modified'} end
local first = next_timestamp(collection, present_time())
local has_values = call('EXISTS', values) == 1
-- In portions: the stack of Lua has an end.
for start = 4, #ARGV, 1000 do
    local ids = {unpack(ARGV, start, math.min(start + 999, #ARGV))}
    local buried = {}
    for place, id in ipairs(ids) do
        if has_values then forget_values(id) end
        buried[2 * place - 1] = integer(first + start - 4 + place - 1)
        buried[2 * place] = id
    end
    call('HDEL', records, unpack(ids))
    call('ZREM', live, unpack(ids))
    if is_kept == '1' then call('ZADD', tombstones, unpack(buried)) end
end
call('HSET', state, 'timestamp', integer(first + #ARGV - 4))
return {'done', integer(first)}
"""
)

#: Arguments: a timestamp ('' for any), how many at most. Forgets tombstones before it, the oldest
#: first, and returns how many.
PURGE: Final = Script(
    COMMON
    + """
local bound = ARGV[1] == '' and '+inf' or '(' .. ARGV[1]
local count = math.min(call('ZCOUNT', tombstones, '-inf', bound), tonumber(ARGV[2]))
if count > 0 then call('ZREMRANGEBYRANK', tombstones, 0, count - 1) end
return count
"""
)

#: Forgets all of a collection.
FORGET: Final = Script("return redis.call('UNLINK', unpack(KEYS))")

#: Arguments: names of the indexed fields as they are known, and as they are to be. Whoever writes
#: from now on indexes all of them; returns whether it was known right.
ANNOUNCE: Final = Script(
    COMMON
    + """
if (call('HGET', state, 'fields') or '') ~= ARGV[1] then return 0 end
call('HSET', state, 'fields', ARGV[2], 'incomplete', '1')
return 1
"""
)

#: Arguments: names of the indexed fields; then id, timestamp and digests of records. Indexes those
#: that have not changed since; returns whether the fields are still the same.
INDEX: Final = Script(
    _WRITING
    + """
if call('HGET', state, 'fields') ~= ARGV[1] then return 0 end
for place = 2, #ARGV, 3 do
    local id = ARGV[place]
    if number(call('ZSCORE', live, id)) == number(ARGV[place + 1]) then
        forget_values(id)
        keep_values(id, ARGV[place + 2])
    end
end
return 1
"""
)

#: Arguments: names of the indexed fields. Says that all records are indexed by them.
COMPLETE: Final = Script(
    COMMON
    + """
if call('HGET', state, 'fields') == ARGV[1] then call('HDEL', state, 'incomplete') end
"""
)

#: Arguments: token, milliseconds. Returns whether the collection is the caller's for that long.
LOCK: Final = Script(
    COMMON
    + """
if call('EXISTS', lock) == 1 then return 0 end
-- Who deletes locks as well, and has to succeed where there is no memory left.
call('HDEL', state, 'settled')
call('SET', lock, ARGV[1], 'PX', ARGV[2])
call('HSETNX', state, 'timestamp', integer(present_time()))
call('HSET', state, 'settled', call('HGET', state, 'timestamp'))
return 1
"""
)

#: Arguments: token. Gives the collection back, if it is still the caller's.
UNLOCK: Final = Script(
    COMMON
    + """
if call('GET', lock) == ARGV[1] then call('DEL', lock) end
"""
)
