--[[
  Appends a run of events to a stream if the stream stands where the writer believes (compare-and-append).

  A stream is one Redis stream. An entry holds the frames of one append in its field `f`; its id is
  `<last seq>-<ticket>`, so that XRANGE from `(n+1)-0` begins with the entry that holds event n+1. The ticket is the
  writer's own random number, by which a retry after a lost answer finds what it wrote.

  Input:
    KEYS[1]  the stream's key
    ARGV[1]  channel of its doorbell
    ARGV[2]  expected epoch, '' when the stream shall not exist yet
    ARGV[3]  expected head, a seq
    ARGV[4]  epoch of the new frames: the expected one, or a fresh one where a stream or an epoch begins
    ARGV[5]  seq of the last new event
    ARGV[6]  ticket
    ARGV[7]  the new frames
    ARGV[8]  number of events to keep, 0 for all

  Output: {status, epoch, head}
    'ok'        appended, now or by an earlier attempt
    'conflict'  others appended: epoch and head tell where the stream stands
    'lost'      the expected head lies above the head, or in another epoch

  Effect: where the append crosses a multiple of 128, the entries since the last multiple become one entry (a long
  stream is then read in few entries); where the epoch changes, what is left is labelled anew; the new entry is added;
  old entries are trimmed; followers are rung.
]]
local key, channel = KEYS[1], ARGV[1]
local expectedEpoch, expected = ARGV[2], tonumber(ARGV[3])
local epoch, last, ticket, frames = ARGV[4], tonumber(ARGV[5]), ARGV[6], ARGV[7]
local keep = tonumber(ARGV[8])
local span, mergeLimit, ringLimit = 128, 262144, 65536
local mergedTicket = '18446744073709551615'

local function seqOf(id)
  return string.match(id, '^(%d+)-')
end

local top = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
local headEpoch = top and string.match(top[2][2], '^id: ([^.]+)%.') or ''
local headText = top and seqOf(top[1]) or '0'
local head = tonumber(headText)

local function isOwnRetry()
  if headEpoch ~= epoch or head < last then return false end
  local id = ARGV[5] .. '-' .. ticket
  if redis.call('XRANGE', key, id, id)[1] then return true end
  local covering = redis.call('XRANGE', key, string.format('%.0f-0', expected + 1), '+', 'COUNT', 1)[1]
  return covering ~= nil
    and string.sub(covering[1], -#mergedTicket) == mergedTicket
    and string.find(covering[2][2], frames, 1, true) ~= nil
end

local function merge()
  local from = string.format('%.0f-0', math.floor(expected / span) * span)
  local ids, parts, size = {}, {}, 0
  repeat
    local entries = redis.call('XRANGE', key, from, '+', 'COUNT', 32)
    for _, entry in ipairs(entries) do
      ids[#ids + 1] = entry[1]
      parts[#parts + 1] = entry[2][2]
      size = size + #entry[2][2]
      from = '(' .. entry[1]
    end
    if size > mergeLimit then return end
  until #entries < 32
  if #ids < 2 then return end
  redis.call('XDEL', key, unpack(ids))
  redis.call('XADD', key, headText .. '-' .. mergedTicket, 'f', table.concat(parts))
end

local function relabel()
  local entries = redis.call('XRANGE', key, '-', '+')
  local old, new = 'id: ' .. headEpoch .. '.', 'id: ' .. epoch .. '.'
  redis.call('DEL', key)
  for _, entry in ipairs(entries) do
    -- JSON holds no raw newline, so a blank line before `id:` is always the border of two frames.
    local body = string.gsub(string.sub(entry[2][2], #old + 1), '\n\n' .. old:gsub('%.', '%%.'), '\n\n' .. new)
    redis.call('XADD', key, entry[1], 'f', new .. body)
  end
end

if headEpoch ~= expectedEpoch or head ~= expected then
  if isOwnRetry() then return { 'ok', epoch, headText } end
  local lost = expectedEpoch ~= '' and (headEpoch ~= expectedEpoch or expected > head)
  return { lost and 'lost' or 'conflict', headEpoch, headText }
end

if top and epoch ~= headEpoch then
  relabel()
elseif math.floor(last / span) > math.floor(expected / span) then
  merge()
end
redis.call('XADD', key, ARGV[5] .. '-' .. ticket, 'f', frames)
if keep > 0 and last > keep then redis.call('XTRIM', key, 'MINID', string.format('%.0f-0', last - keep + 1)) end
local position = epoch .. ' ' .. string.format('%.0f', expected + 1) .. ' ' .. ARGV[5] .. '\n'
redis.call('PUBLISH', channel, #frames <= ringLimit and position .. frames or position)
return { 'ok', epoch, ARGV[5] }
