
-- Returns "1" if all is settled, else "0", and all tokens.
local tok, settled = era()
settled = settled and here
local out = {'', tok}
for i = 2, #KEYS do
  local ok
  out[i + 1], ok = observe(i)
  settled = settled and ok
end
out[1] = settled and '1' or '0'
return table.concat(out, ' ')
