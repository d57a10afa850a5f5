-- The line before one provider: who is being served, who waits, in the order in which they came, on any node.
-- KEYS: the prefix of the line's keys. ARGV: what to do, lease, alive, kept (ms), the provider's limit (0: none), then
--   take: per call its model, the model's limit (0: none), ticket, known number in line (0: none), lasting name ('': none)
--   renew: per call its model, ticket      leave: per call its model, ticket
-- Returns: take: per call 1 (served) or 0, number in line, place; at the end how many wait in all.
--   leave: how many wait in all.
-- A number in line is this server's clock in µs at the time of coming, never twice: the order outlives a wiped server.
local prefix, what = KEYS[1], ARGV[1]
local lease, alive, kept, limit = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local t = redis.call('TIME')
local us = tonumber(t[1]) * 1000000 + tonumber(t[2])
local now = math.floor(us / 1000)
local models, lively, last = prefix .. ':models', prefix .. ':alive', prefix .. ':last'
local life = 600000

local function run(model) return prefix .. ':run:' .. model end
local function wait(model) return prefix .. ':wait:' .. model end
local function whole(number) return string.format('%.0f', number) end

local function waiting()
  local found = 0
  for _, model in ipairs(redis.call('HKEYS', models)) do found = found + redis.call('ZCARD', wait(model)) end
  return found
end

if what == 'renew' then
  for i = 6, #ARGV, 2 do
    redis.call('HSETNX', models, ARGV[i], 0)
    redis.call('ZADD', run(ARGV[i]), now + lease, ARGV[i + 1])
    redis.call('PEXPIRE', run(ARGV[i]), life)
  end
  redis.call('PEXPIRE', models, life)
  return 0
end

if what == 'leave' then
  for i = 6, #ARGV, 2 do
    redis.call('ZREM', run(ARGV[i]), ARGV[i + 1])
    redis.call('ZREM', wait(ARGV[i]), ARGV[i + 1])
    redis.call('ZREM', lively, ARGV[i] .. '|' .. ARGV[i + 1])
  end
  return waiting()
end

-- who died gives up place and turn
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', lively, '-inf', now)) do
  local at = string.find(gone, '|', 1, true)
  redis.call('ZREM', wait(string.sub(gone, 1, at - 1)), string.sub(gone, at + 1))
  redis.call('ZREM', lively, gone)
end

for i = 6, #ARGV, 5 do
  local model, ticket, number, name = ARGV[i], ARGV[i + 2], tonumber(ARGV[i + 3]), ARGV[i + 4]
  redis.call('HSET', models, model, ARGV[i + 1])
  if not redis.call('ZSCORE', run(model), ticket) then
    if not redis.call('ZSCORE', wait(model), ticket) then
      if number == 0 and name ~= '' then number = tonumber(redis.call('GET', prefix .. ':kept:' .. name) or 0) end
      if number == 0 then
        number = math.max(us, tonumber(redis.call('GET', last) or 0) + 1)
        redis.call('SET', last, whole(number), 'PX', life)
      end
      redis.call('ZADD', wait(model), whole(number), ticket)
      redis.call('PEXPIRE', wait(model), life)
      if name ~= '' then redis.call('SET', prefix .. ':kept:' .. name, whole(number), 'PX', kept) end
    end
    redis.call('ZADD', lively, now + alive, model .. '|' .. ticket)
  end
end
redis.call('PEXPIRE', models, life)
redis.call('PEXPIRE', lively, life)

local free, room, names, total = math.huge, {}, {}, 0
local raw = redis.call('HGETALL', models)
for i = 1, #raw, 2 do
  local model, most = raw[i], tonumber(raw[i + 1])
  redis.call('ZREMRANGEBYSCORE', run(model), '-inf', now)
  local running = redis.call('ZCARD', run(model))
  local there = redis.call('ZCARD', wait(model))
  total = total + running
  if running == 0 and there == 0 then
    redis.call('HDEL', models, model)
  else
    names[#names + 1] = model
    room[model] = most > 0 and most - running or math.huge
  end
end
if limit > 0 then free = limit - total end

local reply = {}
for i = 6, #ARGV, 5 do
  local model, ticket = ARGV[i], ARGV[i + 2]
  local number = redis.call('ZSCORE', wait(model), ticket)
  local served, place = 0, 0
  if not number then
    served, number = 1, 0
  else
    local rank = redis.call('ZRANK', wait(model), ticket)
    local before, ahead = '(' .. number, 0
    if free > 0 and rank < room[model] then
      for _, other in ipairs(names) do
        if other == model then ahead = ahead + rank
        else ahead = ahead + math.min(redis.call('ZCOUNT', wait(other), '-inf', before), math.max(room[other], 0)) end
      end
      if ahead < free then
        served = 1
        redis.call('ZREM', wait(model), ticket)
        redis.call('ZREM', lively, model .. '|' .. ticket)
        redis.call('ZADD', run(model), now + lease, ticket)
        redis.call('PEXPIRE', run(model), life)
        free, room[model] = free - 1, room[model] - 1
      end
    end
    if served == 0 then
      place = rank + 1
      if limit > 0 then
        for _, other in ipairs(names) do
          if other ~= model then place = place + redis.call('ZCOUNT', wait(other), '-inf', before) end
        end
      end
    end
  end
  reply[#reply + 1] = served
  reply[#reply + 1] = type(number) == 'string' and whole(tonumber(number)) or '0'
  reply[#reply + 1] = place
end
reply[#reply + 1] = waiting()
return reply
