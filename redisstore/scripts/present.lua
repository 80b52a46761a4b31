
-- The part of a check that looks at the register.
local here = everybody
if not everybody then
  local writers, swept
  writers, here, swept = observePresence()
  writePresence(writers)
  if swept then renewSchema() end
end
