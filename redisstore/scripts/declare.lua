
-- KEYS[3]  names:  "token name:moment name:moment ..."
-- ARGV[4]  how many names to add, which follow
--
-- Returns the tokens of the era and of the schema, and every name with the
-- milliseconds until it can be relied on.
local eraToken = era()
local tok, names = parse(values[3])
local changed, known = not tok, {}
names = names or {}
for _, name in ipairs(names) do
  known[name[1]] = true
  name[2] = math.min(name[2], clock() + quarantine)
end
for i = 5, 4 + ARGV[4] do
  if not known[ARGV[i]] then
    known[ARGV[i]] = true
    names[#names + 1] = {ARGV[i], clock() + quarantine}
    changed = true
  end
end

local schema = observe(2)
if changed then
  local _, leases = parse(values[2])
  tok, schema = token(), token()
  write(2, schema, live(leases))
end
write(3, tok, names)

local out = {eraToken, schema}
for _, name in ipairs(names) do
  out[#out + 1] = name[1] .. ':' .. string.format('%d', math.max(name[2] - clock(), 0))
end
return table.concat(out, ' ')
