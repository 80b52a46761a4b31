
-- Only the beginning has been read so far.
local function wholePresence()
  presence = redis.call('GET', presenceKey)
  return presence
end

local function parsePresence(value)
  local found, rest = string.match(value or '', '^([^ ]+)(.*)$')
  if found ~= history then return nil end
  local writers, length = {}, 0
  for writer, lapses, ends in string.gmatch(rest, ' ([^ :]+):(%d+):(%d+)') do
    if #lapses > 15 or #ends > 15 then return nil end
    writers[#writers + 1] = {writer, tonumber(lapses), tonumber(ends)}
    length = length + #writer + #lapses + #ends + 3
  end
  if length ~= #rest then return nil end
  return writers
end

-- Keeps the order of those that lapse at the same time, which table.sort does
-- not.
local function insert(writers, w)
  local at = #writers + 1
  while at > 1 and writers[at - 1][2] > w[2] do at = at - 1 end
  table.insert(writers, at, w)
end

local function writePresence(writers)
  local parts = {history}
  for _, w in ipairs(writers) do
    parts[#parts + 1] = string.format('%s:%d:%d', w[1], w[2], w[3])
  end
  local value = table.concat(parts, ' ')
  if value ~= presence then redis.call('SET', presenceKey, value) end
end

-- Who is registered, whether nobody has lapsed, and whether a registration has
-- ended.
local function observePresence()
  local found, kept, settled, swept = parsePresence(wholePresence()), {}, true, false
  if not found then found = {{'q', clock(), clock() + term + absence}} end
  for _, w in ipairs(found) do
    if w[3] <= clock() then
      swept = true
    else
      if w[2] > clock() + term then w[2] = clock() end
      w[3] = math.min(w[3], clock() + term + absence)
      insert(kept, w)
      settled = settled and w[2] > clock()
    end
  end
  return kept, settled, swept
end

-- Everything depends on the schema tag, and who has gone may have changed the
-- schema.
local function renewSchema()
  local tok, leases = parse(values[2])
  if tok then
    tok, leases = token(), hold(live(leases))
  else
    tok, leases = recreate()
  end
  write(2, tok, leases)
end
