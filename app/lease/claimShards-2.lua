--[[
  Tells that a replica lives, and gives it its share of the shards.

  A shard belongs to the replica that its field names for as long as that one lives; what belongs to a dead one is free.
  Whoever has more than a fair share, the number of shards over that of living replicas, lets go of the rest; whoever has
  less takes what is free.

  Input:
    KEYS[1]  sorted set: replica → when its life ends, in ms by the clock of Redis
    KEYS[2]  hash: shard → replica
    ARGV[1]  the replica
    ARGV[2]  how long it lives from now, in ms; 0: it leaves, and keeps nothing
    ARGV[3]  number of shards
    ARGV[4]  '1' when it may take shards that it does not hold already
    ARGV[5]… the shards that it believes to hold

  Output: the shards that are its own from now on

  Effect: its life is prolonged, the dead are forgotten, and shards change hands; after an hour without anybody all is.
]]
local replicas, shards, me = KEYS[1], KEYS[2], ARGV[1]
local life, total = tonumber(ARGV[2]), tonumber(ARGV[3])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', replicas, '-inf', now)
if life > 0 then
  redis.call('ZADD', replicas, now + life, me)
  redis.call('PEXPIRE', replicas, 3600000)
else
  redis.call('ZREM', replicas, me)
end

local living, count = {}, 0
for _, replica in ipairs(redis.call('ZRANGE', replicas, 0, -1)) do
  living[replica] = true
  count = count + 1
end
local owners = {}
local found = redis.call('HGETALL', shards)
for i = 1, #found, 2 do
  if living[found[i + 1]] then owners[found[i]] = found[i + 1] end
end

if life == 0 then
  for i = 1, #found, 2 do
    if found[i + 1] == me then redis.call('HDEL', shards, found[i]) end
  end
  return {}
end

-- What it held before Redis forgot it, unless somebody else has it now.
for i = 5, #ARGV do
  if not owners[ARGV[i]] then owners[ARGV[i]] = me end
end

local fair = math.ceil(total / count)
local mine, held = {}, 0
for shard = 0, total - 1 do
  local field = tostring(shard)
  if owners[field] == me then
    held = held + 1
    if held <= fair then
      mine[#mine + 1] = field
      redis.call('HSET', shards, field, me)
    else
      redis.call('HDEL', shards, field)
    end
  end
end
if ARGV[4] == '1' then
  for shard = 0, total - 1 do
    local field = tostring(shard)
    if #mine >= fair then break end
    if not owners[field] then
      mine[#mine + 1] = field
      redis.call('HSET', shards, field, me)
    end
  end
end
redis.call('PEXPIRE', shards, 3600000)
return mine
