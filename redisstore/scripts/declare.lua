
-- KEYS[3]  names:  "token name:moment name:moment ..."
-- ARGV[4]  how many names to add, which follow
--
-- Returns the tokens of the era and of the schema, for how many milliseconds
-- no name can have been lost, and every name with the milliseconds until it can
-- be relied on. "!" stands for the names that were lost.
local current, _, till = era()
local tok, names = parse(values[3])
local changed, known, kept, all = not tok, {}, quarantine - math.max(till - clock(), 0), {}
if not tok then names = {{'!', clock() + quarantine}} end
for _, name in ipairs(names) do
  if name[1] ~= '!' or name[2] > clock() then
    known[name[1]] = true
    name[2] = math.min(name[2], clock() + quarantine)
    all[#all + 1] = name
    if name[1] == '!' then kept = math.min(kept, quarantine - (name[2] - clock())) end
  end
end
for i = 5, 4 + ARGV[4] do
  if not known[ARGV[i]] then
    known[ARGV[i]] = true
    all[#all + 1] = {ARGV[i], clock() + quarantine}
    changed = true
  end
end

local schema = observe(2)
if changed then
  local _, leases = parse(values[2])
  tok, schema = token(), token()
  write(2, schema, live(leases))
end
write(3, tok, all)

-- What was lost was waited for by a shorter quarantine than the caller's.
if longest > 0 and longest < own then kept = 0 end

local out = {current, schema, string.format('%d', math.max(kept, 0))}
for _, name in ipairs(all) do
  if name[1] ~= '!' then
    out[#out + 1] = name[1] .. ':' .. string.format('%d', math.max(name[2] - clock(), 0))
  end
end
return table.concat(out, ' ')
