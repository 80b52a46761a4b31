
-- ARGV[4]  writer
-- ARGV[5]  its lease in milliseconds; 0 takes it away: end
-- ARGV[6]  most leases a tag may hold before writers share one
-- ARGV[7]  first key to change: 2, or 3 if the schema is only looked at
--
-- Returns the tokens of the era and of the schema.
local writer, lease, most, first = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

-- The leases that have not run out, as text and without the writer's own, behind
-- a new token; nil where the value is no tag. A tag that many write has many of
-- them, and this is the time of the server's only thread: they are not taken
-- apart into tables, as for a check.
local function others(value, dropped)
  local at = string.find(value, ' ', 1, true)
  if value == '' or at == 1 then return nil end
  local kept, n, shared = {token()}, 1, nil
  if not at then return kept, n end
  local latest, length = clock() + quarantine, at - 1
  for text, marker, deadline in string.gmatch(string.sub(value, at), '( ([^ :]+):(%d+))') do
    if #deadline > 15 then return nil end
    length = length + #text
    local till = tonumber(deadline)
    if till > clock() and marker ~= writer and marker ~= dropped then
      n = n + 1
      if till > latest or string.byte(deadline) == 48 then
        text = ' ' .. marker .. ':' .. string.format('%d', math.min(till, latest))
      end
      kept[n] = text
      if marker == 'o' and not shared then shared = {n, math.min(till, latest)} end
    end
  end
  if length ~= #value then return nil end
  return kept, n, shared
end

local function grant(kept, n, shared, deadline)
  if n <= most then
    kept[n + 1] = ' ' .. writer .. ':' .. string.format('%d', deadline)
  elseif shared then
    kept[shared[1]] = ' o:' .. string.format('%d', math.max(shared[2], deadline))
  else
    kept[n + 1] = ' o:' .. string.format('%d', deadline)
  end
end

local function mark(i)
  local holds = i == 2 and lease == 0
  local kept, n, shared = others(values[i] or '', holds and 's' or nil)
  if not kept then
    kept, n = {token(), ' q:' .. string.format('%d', clock() + quarantine)}, 2
  elseif holds then
    n = n + 1
    kept[n] = ' s:' .. string.format('%d', clock() + quarantine)
  end
  if lease > 0 then grant(kept, n, shared, clock() + lease) end
  redis.call('SET', KEYS[i], table.concat(kept))
end

-- Whoever has a longer lease than anybody had begins a new era, in which what
-- is lost is waited for as long.
local schema = token()
local tok = era()
if lease > longest then tok = writeEra(eraToken(quarantine), clock() + quarantine) end
if first > 2 then schema = observe(2) end
for i = first, #KEYS do mark(i) end
return tok .. ' ' .. schema
