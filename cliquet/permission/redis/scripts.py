"""
What Redis does in one step, in Lua.

Each of the two relations is kept in both directions, as sorted sets of entries (see
:mod:`cliquet.permission.redis.entries`), and each script that writes keeps them alike:

- ``principals``: user, principal. ``members``: principal, user.
- ``aces``: object, permission, principal. ``shared``: permission, principal, and the object in two
  parts, its collection (``/articles/``) and its id, so that the objects of a collection are
  neighbours, and those below them are elsewhere. For users that is done likewise.

A server without memory refuses what needs some, until a script has changed something. So a script
begins with what it adds, and is refused as a whole; one that only removes is done as a whole.
"""

from __future__ import annotations

from typing import Final

from cliquet.drivers.redis import Script

_PREFIX: Final = "cliquet:permission:"

#: Says that the database holds permissions in the form known here.
FORMAT_KEY: Final = f"{_PREFIX}format"
#: Groups of users, in both directions.
USERS: Final = (f"{_PREFIX}principals", f"{_PREFIX}members")
#: ACEs of objects, in both directions.
ACES: Final = (f"{_PREFIX}aces", f"{_PREFIX}shared")

_WRITING: Final = """
local forward, backward = unpack(KEYS)
local call = redis.call

local function turned(entry)
    local subject, rest = entry:match('^([^\\254]*)\\254(.*)$')
    local collection = subject:match('^.*/') or ''
    return rest .. '\\254' .. collection .. '\\254' .. subject:sub(#collection + 1)
end

local function keep(entry)
    if call('ZSCORE', forward, entry) then return end
    call('ZADD', forward, 0, entry)
    call('ZADD', backward, 0, turned(entry))
end

local function forget(entry)
    call('ZREM', forward, entry)
    call('ZREM', backward, turned(entry))
end
"""

#: Arguments: entries. Adds those that are not there.
ADD: Final = Script(
    _WRITING
    + """
for _, entry in ipairs(ARGV) do keep(entry) end
"""
)

#: Arguments: ranges, each in two bounds. Removes the entries in them.
REMOVE: Final = Script(
    _WRITING
    + """
for place = 1, #ARGV, 2 do
    local found = call('ZRANGEBYLEX', forward, ARGV[place], ARGV[place + 1])
    for _, entry in ipairs(found) do forget(entry) end
end
"""
)

#: Arguments: how many bounds there are, ranges, entries. Of the ranges, these entries are left.
REPLACE: Final = Script(
    _WRITING
    + """
local last = ARGV[1] + 1
local is_wanted = {}
for place = last + 1, #ARGV do
    is_wanted[ARGV[place]] = true
    keep(ARGV[place])
end
for place = 2, last, 2 do
    local found = call('ZRANGEBYLEX', forward, ARGV[place], ARGV[place + 1])
    for _, entry in ipairs(found) do
        if not is_wanted[entry] then forget(entry) end
    end
end
"""
)

#: Arguments: a name, and the range of the entries that begin with it, backward. Removes them.
REMOVE_BACKWARD: Final = Script(
    _WRITING
    + """
local name, low, high = unpack(ARGV)
for _, entry in ipairs(call('ZRANGEBYLEX', backward, low, high)) do
    local subject = entry:sub(#name + 2):gsub('\\254', '')
    forget(subject .. '\\254' .. name)
end
"""
)

#: Keys: a sorted set for each range. Arguments: ranges. Returns the entries of each, joined: to
#: read them one by one would cost clients more than all the rest.
READ: Final = Script(
    """
local found = {}
for place, key in ipairs(KEYS) do
    local entries = redis.call('ZRANGEBYLEX', key, ARGV[2 * place - 1], ARGV[2 * place])
    found[place] = table.concat(entries, '\\255')
end
return found
"""
)

#: Arguments: how many entries at most, ranges. Returns how many ranges are read to their end, and
#: the entries, joined.
WALK: Final = Script(
    """
local limit, found, finished = tonumber(ARGV[1]), {}, 0
for place = 2, #ARGV, 2 do
    local left = limit - #found
    local entries = redis.call(
        'ZRANGEBYLEX', KEYS[1], ARGV[place], ARGV[place + 1], 'LIMIT', 0, left
    )
    for _, entry in ipairs(entries) do found[#found + 1] = entry end
    if #entries == left then break end
    finished = finished + 1
end
return {finished, table.concat(found, '\\255')}
"""
)
