--[[
  Where a stream stands, without carrying its payload out of Redis. Changes nothing. (The payload of a page is read
  by XRANGE: what passes through Lua is several times slower.)

  Input:
    KEYS[1]  the stream's key
    ARGV[1]  1 to learn `oldest` too

  Output: {epoch, head, oldest}
    epoch   '' when the stream does not exist
    head    seq of the newest event, '0' without one
    oldest  seq of the oldest event that is still there, if asked for; else '0'
]]
local top = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if not top then return { '', '0', '0' } end
local epoch, head = string.match(top[2][2], '^id: ([^.]+)%.'), string.match(top[1], '^(%d+)-')
if ARGV[1] ~= '1' then return { epoch, head, '0' } end
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
return { epoch, head, string.match(oldest[2][2], '^id: [^.]+%.(%d+)') }
