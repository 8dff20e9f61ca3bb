package cache_test

import (
	"context"
	"fmt"
	"time"

	"github.com/banyan-go/banyan/platform/cache"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/lifecycle"
)

// user is what a store returns.
type user struct{ Name string }

// users is a store. It says when it is asked.
type users map[string]user

func (u users) load(_ context.Context, id string) (user, error) {
	fmt.Println("the database is asked for", id)
	found, ok := u[id]
	if !ok {
		return user{}, fault.New(fault.NotFound, "no_such_user", "There is no such user.")
	}
	return found, nil
}

// One minute in memory, one hour in Redis, and the database only when neither has it.
func ExampleOf() {
	var lc lifecycle.Lifecycle
	c, err := cache.New(cache.Default(), cache.Options{}, &lc) // a module gets one: module.Platform.Cache
	if err != nil {
		fmt.Println(err)
		return
	}
	store := users{"1": {"Ada"}}
	getUser := cache.Of(c, "accounts.users", cache.Rule{L1: time.Minute, TTL: time.Hour}, store.load)

	ctx := context.Background()
	for range 3 {
		u, err := getUser.Get(ctx, "1")
		fmt.Println(u.Name, err)
	}
	store["1"] = user{"Ada Lovelace"}
	if err := getUser.Invalidate(ctx, "1"); err != nil { // in the transaction of the change, where there is one
		fmt.Println(err)
	}
	u, err := getUser.Get(ctx, "1")
	fmt.Println(u.Name, err)
	for range 2 {
		_, err = getUser.Get(ctx, "2")
		fmt.Println(err)
	}
	// Output:
	// the database is asked for 1
	// Ada <nil>
	// Ada <nil>
	// Ada <nil>
	// the database is asked for 1
	// Ada Lovelace <nil>
	// the database is asked for 2
	// no_such_user: There is no such user.
	// no_such_user: There is no such user.
}

// A list is found under everything that makes it another one, and hangs on a tag that every change of its rows invalidates.
func ExampleJoin() {
	fmt.Println(cache.Join("acme", "name", "50"))
	fmt.Println(cache.Join("a b", "c") == cache.Join("a", "b c"))
	// Output:
	// 4:acme4:name2:50
	// false
}
