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
  old entries are trimmed; followers are rung: `<epoch> <last>\n<frames>`, without frames when they are large.
]]
local key, expectedEpoch, epoch, frames = KEYS[1], ARGV[2], ARGV[4], ARGV[7]
local expected, last, keep = tonumber(ARGV[3]), tonumber(ARGV[5]), tonumber(ARGV[8])
local id = ARGV[5] .. '-' .. ARGV[6]
local mergedTicket = '18446744073709551615'

local headEpoch, head = '', '0'
local top = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
if top then
  headEpoch, head = string.match(top[2][2], '^id: ([^.]+)'), string.match(top[1], '^%d+')
end

if headEpoch ~= expectedEpoch or head ~= ARGV[3] then
  if headEpoch == epoch and tonumber(head) >= last then
    local own = redis.call('XRANGE', key, id, id)[1]
    -- Or it was merged since.
    local covering = redis.call('XRANGE', key, string.format('%.0f-0', expected + 1), '+', 'COUNT', 1)[1]
    local merged = covering and string.sub(covering[1], -#mergedTicket) == mergedTicket
    if own or merged and string.find(covering[2][2], frames, 1, true) then return { 'ok', epoch, head } end
  end
  local lost = expectedEpoch ~= '' and (headEpoch ~= expectedEpoch or expected > tonumber(head))
  return { lost and 'lost' or 'conflict', headEpoch, head }
end

if top and epoch ~= headEpoch then
  -- A new epoch: JSON holds no raw newline, so a blank line before `id:` is always the border of two frames.
  local old, new = 'id: ' .. headEpoch .. '.', 'id: ' .. epoch .. '.'
  local entries = redis.call('XRANGE', key, '-', '+')
  redis.call('DEL', key)
  for _, entry in ipairs(entries) do
    local rest = string.gsub(string.sub(entry[2][2], #old + 1), '\n\n' .. old:gsub('%.', '%%.'), '\n\n' .. new)
    redis.call('XADD', key, entry[1], 'f', new .. rest)
  end
elseif last % 128 < last - expected then
  -- A multiple of 128 is crossed. Large entries stay as they are.
  local from = string.format('%.0f-0', expected - expected % 128)
  local ids, parts, size, step, found = {}, {}, 0, 32, nil
  repeat
    found = redis.call('XRANGE', key, from, '+', 'COUNT', step)
    for _, entry in ipairs(found) do
      ids[#ids + 1], parts[#parts + 1] = entry[1], entry[2][2]
      size = size + #entry[2][2]
      from = '(' .. entry[1]
    end
  until #found < step or size > 262144
  if #ids > 1 and size <= 262144 then
    redis.call('XDEL', key, unpack(ids))
    redis.call('XADD', key, head .. '-' .. mergedTicket, 'f', table.concat(parts))
  end
end

redis.call('XADD', key, id, 'f', frames)
if keep > 0 and last > keep then redis.call('XTRIM', key, 'MINID', string.format('%.0f-0', last - keep + 1)) end
redis.call('PUBLISH', ARGV[1], epoch .. ' ' .. ARGV[5] .. '\n' .. (#frames <= 65536 and frames or ''))
return { 'ok', epoch, ARGV[5] }
