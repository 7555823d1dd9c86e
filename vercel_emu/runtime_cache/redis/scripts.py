"""What runs inside the server, so that each operation is one atomic round trip.

Keys, all with the same hash tag `{PROJECT/ENVIRONMENT}`:

* `...:i:REGION:KEY`, a hash: one item (b body, t tags, n name, c created, x expires, e epoch,
  v version, h hits). The script decides the exact moment it ends; the server's own expiry,
  a minute later and at most a year after the write, only frees memory.
* `...:tags`, a sorted set: `t:TAG` -> version of its latest expiry, `o:REGION|TAG` -> the same
  for the region that expired it, `v` -> latest version, `e:ID` -> the epoch (score +inf).
  Losing this one key (an eviction) loses the epoch, so that every item is a miss: what was
  expired never comes back.
* `...:pending`, a sorted set: expiries that have not reached the other regions yet.
* `...:s:REGION`, a hash: hits and misses.

A version is the server's time in microseconds, made strictly increasing: it orders writes and
expiries, and says when an expiry can be forgotten, because no item can be that old.
"""

from __future__ import annotations

LIFETIME_SECONDS = 31_536_000
_GRACE_SECONDS = 60

# Every script gets KEYS = item or stats key, tags, pending[, stats], and ARGV[1] = the time in
# seconds, "" for the server's own.
_COMMON = f"""
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
local now = tonumber(ARGV[1]) or micros / 1000000
local tags_key, pending_key = KEYS[2], KEYS[3]
local LIFETIME = {LIFETIME_SECONDS}

local function number(value) return string.format('%.0f', value) end

local function next_version()
  local last = tonumber(redis.call('ZSCORE', tags_key, 'v') or 0)
  local version = math.max(micros, last + 1)
  redis.call('ZADD', tags_key, number(version), 'v')
  redis.call('EXPIRE', tags_key, 2 * LIFETIME)
  return version
end

local function epoch(create)
  local found = redis.call('ZRANGEBYSCORE', tags_key, '+inf', '+inf')[1]
  if not found and create then
    found = 'e:' .. number(micros)
    redis.call('ZADD', tags_key, '+inf', found)
  end
  return found
end

local function settle()
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', pending_key, '-inf', now)) do
    local version, tag = member:match('^(%d+)|(.*)$')
    redis.call('ZADD', tags_key, 'GT', version, 't:' .. tag)
    redis.call('ZREM', pending_key, member)
  end
end

local function fresh(item, region)
  local expires, labels, written, made = item[4], item[2], item[6], item[7]
  if not made or made ~= epoch(false) then return false end
  if expires and expires ~= '' and now >= tonumber(expires) then return false end
  if labels == '' then return true end
  settle()
  for _, tag in ipairs(cjson.decode(labels)) do
    for _, member in ipairs({{'t:' .. tag, 'o:' .. region .. '|' .. tag}}) do
      local version = redis.call('ZSCORE', tags_key, member)
      if version and tonumber(version) > tonumber(written) then return false end
    end
  end
  return true
end
"""

# ARGV: now, region, "1" to count the read. A miss is nil.
GET = (
    _COMMON
    + """
local item = redis.call('HMGET', KEYS[1], 'b', 't', 'c', 'x', 'n', 'v', 'e', 'h')
local found = item[1] and fresh(item, ARGV[2])
if ARGV[3] == '1' then
  -- `pcall`: a full server refuses to count, but a read must not fail for that.
  redis.pcall('HINCRBY', KEYS[4], found and 'hits' or 'misses', 1)
  redis.pcall('EXPIRE', KEYS[4], LIFETIME)
  local hits = found and redis.pcall('HINCRBY', KEYS[1], 'h', 1)
  if type(hits) == 'number' then item[8] = hits end
end
if not found then return nil end
return {item[1], item[2], item[5], item[3], item[4], item[8], string.format('%.6f', now)}
"""
)

# ARGV: now, body, tags as JSON, name, ttl or "".
SET = (
    _COMMON
    + f"""
local ttl = tonumber(ARGV[5])
-- First of all writes, because a full server refuses a script only at its first one.
local version = number(next_version())
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'b', ARGV[2], 't', ARGV[3], 'n', ARGV[4],
  'c', string.format('%.6f', now), 'x', ttl and string.format('%.17g', now + ttl) or '',
  'v', version, 'e', epoch(true), 'h', 0)
local keep = math.min(ttl or LIFETIME, LIFETIME)
redis.call('PEXPIRE', KEYS[1], number(math.ceil(keep * 1000) + {_GRACE_SECONDS} * 1000))
"""
)

# ARGV: now, region.
DELETE = (
    _COMMON
    + """
local item = redis.call('HMGET', KEYS[1], 'v', 't', 'c', 'x', 'n', 'v', 'e')
local found = item[1] and fresh(item, ARGV[2])
redis.call('DEL', KEYS[1])
return found and 1 or 0
"""
)

# ARGV: now, region, delay in seconds, tags...
EXPIRE = (
    _COMMON
    + f"""
local version = number(next_version())
local delay = tonumber(ARGV[3])
for index = 4, #ARGV do
  local tag = ARGV[index]
  if delay > 0 then
    redis.call('ZADD', tags_key, version, 'o:' .. ARGV[2] .. '|' .. tag)
    redis.call('ZADD', pending_key, string.format('%.17g', now + delay), version .. '|' .. tag)
    redis.call('EXPIRE', pending_key, 2 * LIFETIME)
  else
    redis.call('ZADD', tags_key, version, 't:' .. tag)
  end
end
epoch(true)
redis.call('ZREMRANGEBYSCORE', tags_key, '-inf',
  number(micros - (LIFETIME + {2 * _GRACE_SECONDS}) * 1000000))
"""
)

# KEYS: stats key, tags, pending, items... ARGV: now, region. One row (or nil) for each item.
DESCRIBE = (
    _COMMON
    + """
local rows = {}
for index = 4, #KEYS do
  local item = redis.call('HMGET', KEYS[index], 'v', 't', 'c', 'x', 'n', 'v', 'e', 'h')
  if item[1] and fresh(item, ARGV[2]) then
    rows[#rows + 1] = {index - 3, item[5], redis.call('HSTRLEN', KEYS[index], 'b'),
      item[2], item[3], item[4], item[8]}
  end
end
return rows
"""
)

# The version that everything written until now is older than.
MARK = _COMMON + "return number(next_version())"

# KEYS: stats key, tags, pending, items... ARGV: now, version. Drops what is older.
DROP = (
    _COMMON
    + """
local dropped = 0
for index = 4, #KEYS do
  local version = redis.call('HGET', KEYS[index], 'v')
  if version and tonumber(version) < tonumber(ARGV[2]) then
    dropped = dropped + redis.call('UNLINK', KEYS[index])
  end
end
return dropped
"""
)
