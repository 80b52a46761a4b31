
-- Only where writers may go on without Redis: the register of those that would
-- (protocol.Presence). It is the last key of a check and of register.lua, and
-- was taken off the keys before head.lua, so that what follows finds tags only:
--
-- presenceKey  "history writer:lapses:ends ..."; those that lapse first come
--              first
--
-- In the text above this the store says how far ahead a registration lapses
-- (term) and how long after that it ends (absence).
--
-- What nearly every check finds: nobody has lapsed. The beginning tells; the
-- whole may be long. Whoever lapses later than one term from now goes by
-- another clock.
local everybody, presence = false, redis.call('GETRANGE', presenceKey, 0, 149)
if presence == history then
  everybody = true
elseif string.sub(presence, 1, #history + 1) == history .. ' ' then
  local lapses = string.match(presence, '^[^ ]+ [^: ]+:(%d+):%d+')
  if lapses then
    lapses = tonumber(lapses)
    local t = redis.call('TIME')
    local now = t[1] * 1000 + math.floor(t[2] / 1000)
    everybody = lapses > now and lapses <= now + term
  end
end
