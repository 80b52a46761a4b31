
-- The longest quarantine that somebody has needed for a lease is everybody's
-- from then on. It stands behind the era's token, where whoever sees the token
-- sees it. More than eight digits are nobody's.
local longest, ended = string.match(values[1] or '', '^[^ ]+ [^ ]*~(%d+) (%d+)$')
longest = longest and #longest <= 8 and #ended <= 15 and tonumber(longest) or 0
local own = tonumber(ARGV[2])
local quarantine = math.max(own, longest)

-- The token has the time in it because a client may send one request twice:
-- two executions must not write the same token.
local now, fresh
local function clock()
  if not now then
    local t = redis.call('TIME')
    now = t[1] * 1000 + math.floor(t[2] / 1000)
    fresh = ARGV[1] .. '.' .. t[1] .. t[2]
  end
  return now
end
local function token()
  clock()
  return fresh
end

-- A value that is not a tag counts as missing.
local function parse(value)
  local token, rest = string.match(value or '', '^([^ ]+)(.*)$')
  if not token then return nil end
  local leases, length = {}, 0
  for marker, deadline in string.gmatch(rest, ' ([^ :]+):(%d+)') do
    if #deadline > 15 then return nil end
    leases[#leases + 1] = {marker, tonumber(deadline)}
    length = length + #marker + #deadline + 2
  end
  if length ~= #rest then return nil end
  return token, leases
end

local function write(i, token, leases)
  local parts = {token}
  for n, lease in ipairs(leases) do
    parts[n + 1] = ' ' .. lease[1] .. ':' .. string.format('%d', lease[2])
  end
  local value = table.concat(parts)
  if value ~= values[i] then
    redis.call('SET', KEYS[i], value)
    values[i] = value
  end
end

-- The leases that have not run out. A deadline that was written under another
-- clock is brought down to this one's.
local function live(leases)
  local kept = {}
  for _, lease in ipairs(leases) do
    if lease[2] > clock() then
      kept[#kept + 1] = {lease[1], math.min(lease[2], clock() + quarantine)}
    end
  end
  return kept
end

-- The lost value may have held the lease of a write that is still to commit.
local function recreate()
  return token(), {{'q', clock() + quarantine}}
end

-- The schema has changed, and nothing is settled until every write that was
-- judged without the change has ended or knows of it.
local function hold(leases)
  local kept = {}
  for _, lease in ipairs(leases) do
    if lease[1] ~= 's' then kept[#kept + 1] = lease end
  end
  kept[#kept + 1] = {'s', clock() + quarantine}
  return kept
end

local function observe(i)
  local value = values[i]
  if value and value ~= '' and not string.find(value, ' ', 1, true) then
    return value, true
  end
  local tok, leases = parse(value)
  local kept
  if tok then
    kept = live(leases)
    local swept, died = false, false
    for _, lease in ipairs(leases) do
      if lease[1] ~= 's' and lease[2] <= clock() then
        swept, died = true, died or lease[1] ~= 'q'
      end
    end
    if swept then tok = token() end
    if died and i == 2 then kept = hold(kept) end
  else
    tok, kept = recreate()
  end
  write(i, tok, kept)
  return tok, #kept == 0
end

local function writeEra(tok, till)
  local value = history .. ' ' .. tok .. ' ' .. string.format('%d', till)
  if value ~= values[1] then redis.call('SET', KEYS[1], value) end
  return tok, till == 0, till
end

local function eraToken(span)
  longest = span
  return token() .. '~' .. string.format('%d', span)
end

local function era()
  local found, tok, till = string.match(values[1] or '', '^([^ ]+) ([^ ]+) (%d+)$')
  if found == history and till == '0' then return tok, true, 0 end
  if found ~= history or #till > 15 then
    return writeEra(eraToken(quarantine), clock() + quarantine)
  elseif tonumber(till) <= clock() then
    return writeEra(eraToken(longest > 0 and longest or own), 0)
  end
  return writeEra(tok, math.min(tonumber(till), clock() + quarantine))
end
