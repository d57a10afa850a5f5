-- Events behind an offset, as many as fit. KEYS: list. ARGV: after, most events, most bytes.
-- Returns the log's end (0: no such log), then the events: at least one where there is one.
local finish = redis.call('LLEN', KEYS[1])
local reply, size, at = {finish}, 0, tonumber(ARGV[1])
local stop, room = math.min(at + tonumber(ARGV[2]), finish), tonumber(ARGV[3])
while at < stop do
  local some = redis.call('LRANGE', KEYS[1], at, math.min(at + 31, stop - 1))
  for i = 1, #some do
    size = size + #some[i]
    if size > room and #reply > 1 then return reply end
    reply[#reply + 1] = some[i]
  end
  at = at + 32
end
return reply
