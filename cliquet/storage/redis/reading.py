"""
What the server reads in one step, in Lua; see :mod:`cliquet.storage.redis.scripts` for the keys.

A page in the order of time is a range of ranks, which sorted sets find without a search.
"""

from __future__ import annotations

from typing import Final

from cliquet.drivers.redis import Script
from cliquet.storage.redis.scripts import COMMON

#: Arguments: '1' to fix the timestamp of a new collection, '1' for what it was before somebody
#: locked the collection. Returns the timestamp.
TIMESTAMP: Final = Script(
    COMMON
    + """
local is_moving = ARGV[2] == '1' and call('EXISTS', lock) == 1
local timestamp = call('HGET', state, is_moving and 'settled' or 'timestamp')
if timestamp then return timestamp end
local now = integer(present_time())
if ARGV[1] == '1' then redis.pcall('HSET', state, 'timestamp', now) end
return now
"""
)

#: Arguments: id. Returns timestamp and document, or nothing.
GET: Final = Script(
    COMMON
    + """
local present = call('ZSCORE', live, ARGV[1])
return present and {present, call('HGET', records, ARGV[1])} or {}
"""
)

_LISTING = (
    COMMON
    + """
local function documents(ids)
    local found = {}
    -- In portions: the stack of Lua has an end.
    for start = 1, #ids, 1000 do
        local last = math.min(start + 999, #ids)
        for _, document in ipairs(call('HMGET', records, unpack(ids, start, last))) do
            found[#found + 1] = document
        end
    end
    return found
end

-- Lists travel as one text each: to read them one by one costs clients more than all the rest.
local function array(texts)
    return '[' .. table.concat(texts, ',') .. ']'
end

-- The answer to a list, of ids and timestamps in turn.
local function answer(timestamp, total, entries, buried)
    local texts = {}
    for _, flat in ipairs({entries, buried}) do
        local ids, scores = {}, {}
        for place = 1, #flat, 2 do
            ids[#ids + 1] = flat[place]
            scores[#scores + 1] = flat[place + 1]
        end
        texts[#texts + 1] = #ids > 0 and cjson.encode(ids) or '[]'
        texts[#texts + 1] = array(scores)
        if flat == entries then texts[#texts + 1] = array(documents(ids)) end
    end
    return {timestamp, total, unpack(texts)}
end

-- As the sorted set compares, by bytes; Lua's own comparison depends on the locale.
local function precedes(one, other)
    for place = 1, math.min(#one, #other) do
        local difference = one:byte(place) - other:byte(place)
        if difference ~= 0 then return difference < 0 end
    end
    return #one < #other
end

-- How many entries of a sorted set come before a position; '' is no timestamp, or no id.
local function rank(key, timestamp, id, otherwise)
    if timestamp == '' then return otherwise end
    local low = call('ZCOUNT', key, '-inf', '(' .. timestamp)
    if id == '' then return low end
    local high = low + call('ZCOUNT', key, timestamp, timestamp)
    while low < high do
        local middle = math.floor((low + high) / 2)
        local member = call('ZRANGE', key, middle, middle)[1]
        if precedes(member, id) then low = middle + 1 else high = middle end
    end
    return low
end

-- The ranks of a stretch of time, that of its end excluded; see cliquet.storage.timeline.Span.
local function ranks(key, start, start_id, finish, finish_id)
    local first, last = rank(key, start, start_id, 0), nil
    if finish == '' then last = call('ZCARD', key) else last = rank(key, finish, finish_id) end
    return first, math.max(first, last)
end

local timestamp = call('HGET', state, 'timestamp')
"""
)

#: Arguments: the timestamp that is known, '1' to fix that of a new collection, '1' for descending
#: order, '1' for tombstones too, how many of each at most, the stretch of time to list, that to
#: count. Returns the timestamp, the count, and arrays in JSON: ids, timestamps and documents of
#: records in ascending order, ids and timestamps of tombstones.
LIST: Final = Script(
    _LISTING
    + """
local known, is_fixed, is_descending, has_tombstones, limit = unpack(ARGV, 1, 5)
if not timestamp then
    timestamp = integer(present_time())
    if is_fixed == '1' then redis.pcall('HSET', state, 'timestamp', timestamp) end
end
if known == timestamp then return answer(timestamp, 0, {}, {}) end

local function listed(key)
    local first, last = ranks(key, unpack(ARGV, 6, 9))
    if is_descending == '1' then
        first = math.max(first, last - limit)
    else
        last = math.min(last, first + limit)
    end
    if first >= last then return {} end
    return call('ZRANGE', key, first, last - 1, 'WITHSCORES')
end

local first, last = ranks(live, unpack(ARGV, 10, 13))
local entries = listed(live)
local buried = has_tombstones == '1' and listed(tombstones) or {}
return answer(timestamp, last - first, entries, buried)
"""
)

#: Arguments: the timestamp that is known, '1' to fix that of a new collection, '1' for tombstones
#: too, ids. Returns what `LIST` does, without a count.
LOOK_UP: Final = Script(
    _LISTING
    + """
local known, is_fixed, has_tombstones = unpack(ARGV, 1, 3)
if not timestamp then
    timestamp = integer(present_time())
    if is_fixed == '1' then redis.pcall('HSET', state, 'timestamp', timestamp) end
end
if known == timestamp then return answer(timestamp, 0, {}, {}) end
local entries, buried = {}, {}
for place = 4, #ARGV do
    local id = ARGV[place]
    local present = call('ZSCORE', live, id)
    local score = present or has_tombstones == '1' and call('ZSCORE', tombstones, id)
    if score then
        local found = present and entries or buried
        found[#found + 1] = id
        found[#found + 1] = score
    end
end
return answer(timestamp, 0, entries, buried)
"""
)
