// Package redis connects an application to its Redis servers, in two roles:
//
//   - State holds what has to stay until it ends by itself: sessions, the counters of limits. Its server may not evict (maxmemory-policy
//     noeviction), and better keeps what it has on its disk.
//   - Cache holds what can be read again from elsewhere. Its server may evict everything at any time.
//
// One server may play both; the keys of each role begin with the Prefix of its Client, and nothing here ever flushes.
//
// # A server that is away
//
// Nobody waits long for one. Each call ends within Config.Timeout, and earlier when its context does. After 5 calls in a row without an answer,
// or when half of at least 20 calls within 10 s had none, the role's breaker opens: calls fail at once with ErrOpen while one call about every
// second tries the server, and the first answer closes the breaker. An answer that is an error, WRONGTYPE for instance, is an answer.
//
// IsDown tells errors of a server that is away, or takes nothing at the moment, from those of a wrong call. What happens then is up to who asks:
// a cache is passed over, a limit has its rule, a session is not known.
//
// No call is repeated: a call without an answer may have been done.
//
// An answer with a text of more than 16 MiB, or a list of more than a million elements, is not read: ErrTooLarge.
package redis
