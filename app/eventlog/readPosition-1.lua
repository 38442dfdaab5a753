--[[
  Where a stream stands, without carrying its payload out of Redis. Changes nothing.

  Input:   KEYS[1] the stream's key
  Output:  {epoch, head, first}: '' and '0', '0' when the stream does not exist; `first` is the oldest event still there
]]
local top = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
if not top then return { '', '0', '0' } end
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
local epoch = string.match(top[2][2], '^id: ([^.]+)%.')
return { epoch, string.match(top[1], '^(%d+)-'), string.match(oldest[2][2], '^id: [^.]+%.(%d+)') }
