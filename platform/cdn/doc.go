// Package cdn tells the caches in front of an application what they may not give any more: Varnish by the tags of their answers, nginx by address,
// others by a Driver of your own.
//
// An answer that caches in front may keep (api.Caching.SMaxAge) says by its tags what it was made of. When something of that is invalidated
// (cache.Cache.OnInvalidate), the tags are purged in every cache before the invalidation returns, or a little later where a cache does not answer:
// that goes on until it has. A second purge follows a moment after the first one, for what was on its way to the cache just then. However long a
// cache is away: what it has lasts no longer than SMaxAge and StaleWhileRevalidate.
package cdn
