
-- Only where writers may go on without Redis: the register of those that would
-- (protocol.Presence). It is the last key of a check and of register.lua:
--
-- KEYS[#KEYS]  presence:  "history writer:lapses:ends ..."; those that lapse
--              first come first
--
-- Taken off here, so that what follows finds tags only. In the text above this
-- the store says how far ahead a registration lapses (term) and how long after
-- that it ends (absence).
local presence, presenceKey = values[#KEYS], KEYS[#KEYS]
values[#KEYS], KEYS[#KEYS] = nil, nil

-- What nearly every check finds: nobody has lapsed. Whoever lapses later than
-- one term from now goes by another clock.
local everybody = presence == history
if presence and not everybody and string.sub(presence, 1, #history + 1) == history .. ' ' then
  local lapses = string.match(presence, '^[^ ]+ [^: ]+:(%d+):%d+')
  if lapses then
    lapses = tonumber(lapses)
    local t = redis.call('TIME')
    local now = t[1] * 1000 + math.floor(t[2] / 1000)
    everybody = lapses > now and lapses <= now + term
  end
end
