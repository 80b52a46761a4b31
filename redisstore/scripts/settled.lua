
-- What nearly every check finds: this history, and nothing under way. It needs
-- none of the functions below, and making them takes longer than this.
local current = values[1]
if current and string.sub(current, 1, #history + 1) == history .. ' ' and string.sub(current, -2) == ' 0' then
  values[1] = string.sub(current, #history + 2, -3)
  local settled = true
  for i = 1, #KEYS do
    local value = values[i]
    if not value or value == '' or string.find(value, ' ', 1, true) then
      settled = false
      break
    end
  end
  if settled then return '1 ' .. table.concat(values, ' ') end
  values[1] = current
end

