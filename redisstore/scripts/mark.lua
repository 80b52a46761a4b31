
-- ARGV[4]  writer
-- ARGV[5]  its lease in milliseconds; 0 takes it away: end
-- ARGV[6]  most leases a tag may hold before writers share one
-- ARGV[7]  first key to change: 2, or 3 if the schema is only looked at
--
-- Returns the tokens of the era and of the schema.
local writer, lease, most, first = ARGV[4], tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])

local function grant(leases, deadline)
  if #leases < most then
    leases[#leases + 1] = {writer, deadline}
    return
  end
  for _, l in ipairs(leases) do
    if l[1] == 'o' then
      l[2] = math.max(l[2], deadline)
      return
    end
  end
  leases[#leases + 1] = {'o', deadline}
end

local function mark(i)
  local tok, leases = parse(values[i])
  if tok then
    tok, leases = token(), live(leases, writer)
    if i == 2 and lease == 0 then leases = hold(leases) end
  else
    tok, leases = recreate()
  end
  if lease > 0 then grant(leases, clock() + lease) end
  write(i, tok, leases)
end

-- Whoever has a longer lease than anybody had begins a new era, in which what
-- is lost is waited for as long.
local schema = token()
local tok = era()
if lease > longest then tok = writeEra(eraToken(quarantine), clock() + quarantine) end
if first > 2 then schema = observe(2) end
for i = first, #KEYS do mark(i) end
return tok .. ' ' .. schema
