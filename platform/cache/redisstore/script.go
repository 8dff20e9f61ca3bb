package redisstore

// A version of a mark is a random text, behind which stands the position of the invalidation that has made it, where there is one: "K3...@00000000000000000042".

// common is what scripts have in common.
const common = `
local function read(key)
	return redis.call('MGET', key)[1]
end
`

// A lease holds who has it, and under which versions: one under others is of a load whose value nobody wants any more.

// acquire looks for a value, and for the lease. KEYS: value, lease, marks. ARGV: token, time of the lease, whether a value is to be loaded anew, a random text, how long marks last,
// the most bytes of a value. It returns the time, whether the lease is token's, the versions, and the value or ”.
const acquire = `
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local versions = {}
for i = 3, #KEYS do
	local version = read(KEYS[i])
	if not version or #version > 100 then
		version = ARGV[4] .. i
		redis.call('SET', KEYS[i], version, 'PX', ARGV[5])
	elseif redis.call('PTTL', KEYS[i]) < tonumber(ARGV[5]) then
		redis.call('PEXPIRE', KEYS[i], ARGV[5])
	end
	versions[#versions + 1] = version
end
local under = table.concat(versions, ' ')
if ARGV[3] == '0' then
	local value = read(KEYS[1])
	local head = 'BC1 ' .. under .. '\n'
	if value and #value <= tonumber(ARGV[6]) and string.sub(value, 1, #head) == head then return {now, 0, under, value} end
end
local held = read(KEYS[2])
if held and string.match(held, '\n(.*)$') == under then return {now, 0, under, ''} end
redis.call('SET', KEYS[2], ARGV[1] .. '\n' .. under, 'PX', ARGV[2])
return {now, 1, under, ''}
`

// fill stores a value, and gives the lease back. KEYS: value, lease, floor, marks. ARGV: token, versions, value, time, position or ”.
const fill = `
if redis.call('GET', KEYS[2]) ~= ARGV[1] .. '\n' .. ARGV[2] then return 0 end
redis.call('DEL', KEYS[2])
local versions, floors = {}, {redis.call('GET', KEYS[3])}
for i = 4, #KEYS do
	local version = redis.call('GET', KEYS[i])
	if not version then return 0 end
	versions[#versions + 1] = version
	floors[#floors + 1] = string.match(version, '@(%d+)$')
end
if table.concat(versions, ' ') ~= ARGV[2] then return 0 end
if ARGV[5] ~= '' then
	for _, floor in pairs(floors) do
		if floor and floor > ARGV[5] then return 0 end
	end
end
redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])
return 1
`

// release gives a lease back. KEYS: lease. ARGV: token.
const release = `
local held = redis.call('GET', KEYS[1])
if held and string.match(held, '^(.-)\n') == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`

// invalidate makes values unreadable, and then tells everybody. KEYS: number, value, lease and floor of each key, marks. ARGV: channel, message, a random text, position or ”, how long a floor
// lasts, how many keys.
const invalidate = `
local last = 1 + 3 * ARGV[6]
for i = 2, last, 3 do
	redis.call('DEL', KEYS[i], KEYS[i + 1])
	if ARGV[4] ~= '' and ARGV[4] > (redis.call('GET', KEYS[i + 2]) or '') then redis.call('SET', KEYS[i + 2], ARGV[4], 'PX', ARGV[5]) end
end
for i = last + 1, #KEYS do
	local left = redis.call('PTTL', KEYS[i])
	local floor = string.match(redis.call('MGET', KEYS[i])[1] or '', '@(%d+)$') or ''
	if ARGV[4] > floor then floor = ARGV[4] end
	if floor ~= '' then
		redis.call('SET', KEYS[i], ARGV[3] .. i .. '@' .. floor, 'PX', math.max(left, tonumber(ARGV[5])))
	elseif left > 0 then
		redis.call('SET', KEYS[i], ARGV[3] .. i, 'PX', left)
	else
		redis.call('DEL', KEYS[i])
	end
end
local number = redis.call('INCR', KEYS[1])
redis.call('PUBLISH', ARGV[1], string.format('%.0f ', number) .. ARGV[2])
return number
`
