package cache

// Point is one of the points of invalidations.
type Point = point

// The points of invalidations at which tests may do something.
const (
	Counted   = counted
	Committed = committed
)

// Hook has fn called at every point. Call it before anything else.
func (c *Cache) Hook(fn func(point)) { c.hook = fn }
