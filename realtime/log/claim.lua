-- Raise a log's fence. KEYS: list, fence. ARGV: attempt.
-- Returns the log's end, -1 where log or fence is missing, -2 where a later attempt owns it or it is sealed.
local stored = redis.call('GET', KEYS[2])
if stored and (string.sub(stored, -1) == '!' or tonumber(stored) > tonumber(ARGV[1])) then return -2 end
local finish = redis.call('LLEN', KEYS[1])
if not stored or finish == 0 then return -1 end
redis.call('SET', KEYS[2], ARGV[1])
return finish
