package cdn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/banyan-go/banyan/platform/cdn"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/lifecycle"
	"github.com/banyan-go/banyan/platform/telemetry"
)

// vendor is a driver that notes what it is told, and fails while there is an error.
type vendor struct {
	header string
	told   chan cdn.Purge
	fails  chan error // an element for each call; closed for success
}

func newVendor(header string) *vendor {
	v := &vendor{header: header, told: make(chan cdn.Purge, 100), fails: make(chan error)}
	return v
}

func (v *vendor) Header() (name, separator string) { return v.header, "," }

func (v *vendor) Purge(ctx context.Context, _ cdn.Cache, p cdn.Purge) error {
	select {
	case err := <-v.fails:
		if err != nil {
			return err
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	v.told <- p
	return nil
}

// open returns a CDN with one cache of that vendor, started.
func open(t *testing.T, v *vendor) (*cdn.CDN, *lifecycle.Lifecycle) {
	t.Helper()
	c, lc := build(t, v)
	if err := lc.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c, lc
}

func build(t *testing.T, v *vendor) (*cdn.CDN, *lifecycle.Lifecycle) {
	t.Helper()
	cfg := cdn.Default()
	cfg.Vendor, cfg.Caches = "test", []string{"http://cache"}
	tel, err := telemetry.New(telemetry.DefaultConfig(), telemetry.Options{Out: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tel.Stop(context.WithoutCancel(t.Context())) })
	lc := &lifecycle.Lifecycle{}
	c, err := cdn.New(cfg, cdn.Options{App: "shop", Drivers: cdn.Drivers{"test": v}, Metrics: tel}, lc)
	if err != nil {
		t.Fatal(err)
	}
	return c, lc
}

// label returns the tags of an answer.
func label(c *cdn.CDN, names ...string) []string {
	_, value := c.Label(names)
	return strings.Split(value, ",")
}

var errGone = errors.New("the cache is gone")

// briefly invalidates as a change does that waits for a quarter of a second.
func briefly(t *testing.T, c *cdn.CDN, names ...string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 250*time.Millisecond)
	defer cancel()
	return c.Invalidate(ctx, names)
}

// Whatever is invalidated, the tags that are purged are among those of each answer that was made of it.
func TestTags(t *testing.T) {
	t.Parallel()
	var many []string
	for i := range 200 {
		many = append(many, fmt.Sprintf("shop.products:%d", i))
	}
	many = append(many, "@shop.products", "#shop")
	groups := slices.Clone(many)
	for i := range 200 {
		groups = append(groups, fmt.Sprintf("@group.g%d", i))
	}
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("Cache-Tag")
		close(v.fails)
		c, lc := open(t, v)
		defer stop(t, lc)
		one := []string{"shop.products:1", "@shop.products", "#shop", "#user:ada@example.org"}
		for _, x := range []struct {
			invalidated string
			names       []string
			hit         bool
		}{
			{"shop.products:1", one, true},
			{"shop.products:2", one, false},
			{"shop.others:1", one, false},
			{"@shop.products", one, true},
			{"@shop.others", one, false},
			{"#shop", one, true},
			{"#user:ada@example.org", one, true},
			{"#other", one, false},
			{"*", one, true},
			{"*", nil, true},
			{"shop.products:150", many, true},
			{"shop.products:1000", many, true}, // of so many keys the group stands for all
			{"shop.others:1", many, false},
			{"@shop.products", many, true},
			{"#shop", many, true},
		} {
			if err := c.Invalidate(t.Context(), []string{x.invalidated}); err != nil {
				t.Fatal(err)
			}
			purged, tags := (<-v.told).Tags, label(c, x.names...)
			if hit := slices.ContainsFunc(purged, func(tag string) bool { return slices.Contains(tags, tag) }); hit != x.hit {
				t.Errorf("%s: hits an answer of %.60q: %v", x.invalidated, x.names, hit)
			}
		}
		if tags := label(c, one...); !slices.Contains(tags, "shop") || strings.Contains(strings.Join(tags, ","), "ada") || strings.Contains(strings.Join(tags, ","), "products") {
			t.Errorf("a tag that can be purged by hand, and no key, in %q", tags)
		}
		if _, value := c.Label(many); len(value) > 2000 {
			t.Errorf("%d bytes of tags", len(value))
		}
		if name, value := c.Label(groups); name == "" || value != "" {
			t.Errorf("of too many groups: %q: %.100q", name, value)
		}
	})
}

func stop(t *testing.T, lc *lifecycle.Lifecycle) {
	t.Helper()
	if err := lc.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Errorf("stop: %v", err)
	}
}

// A purge that has worked is done once more a moment later, and not a third time: for an answer that was on its way.
func TestAPurgeIsRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("Cache-Tag")
		close(v.fails)
		c, lc := open(t, v)
		began := time.Now()
		if err := c.Invalidate(t.Context(), []string{"shop.products:1"}); err != nil {
			t.Fatal(err)
		}
		first := <-v.told
		again := <-v.told
		if !slices.Equal(first.Tags, again.Tags) || time.Since(began) != time.Second {
			t.Errorf("%v, and after %s %v", first, time.Since(began), again)
		}
		time.Sleep(time.Hour)
		if len(v.told) > 0 {
			t.Error("and once more")
		}
		stop(t, lc)
	})
}

// While a cache is away, a change waits for it once, and then not at all; when it is back it is told everything that it has missed.
func TestACacheThatIsAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("Cache-Tag")
		c, lc := open(t, v)
		for i, waits := range []time.Duration{250 * time.Millisecond, 0, 0} {
			began := time.Now()
			if err := briefly(t, c, fmt.Sprintf("#t%d", i)); !errors.Is(err, cdn.ErrAway) || time.Since(began) != waits {
				t.Errorf("change %d: %v after %s, want %s", i, err, time.Since(began), waits)
			}
			if i == 0 {
				v.fails <- errGone
				synctest.Wait()
			}
		}
		v.fails <- errGone
		close(v.fails)
		var told []string
		for range 2 {
			told = append(told, (<-v.told).Tags...)
		}
		if want := []string{"t0", "t1", "t2"}; !slices.Equal(told, want) {
			t.Errorf("it is told %q, want %q", told, want)
		}
		synctest.Wait()
		if err := c.Invalidate(t.Context(), []string{"#t3"}); err != nil {
			t.Errorf("it is back: %v", err)
		}
		stop(t, lc)
	})
}

// What is missed by a cache that is away for long has a bound: then it drops everything.
func TestTooMuchToTell(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("Cache-Tag")
		c, lc := open(t, v)
		_ = briefly(t, c, "#first")
		v.fails <- errGone
		synctest.Wait()
		var names []string
		for i := range 20_000 {
			names = append(names, fmt.Sprintf("#t%d", i))
		}
		_ = briefly(t, c, names...)
		close(v.fails)
		<-v.told
		if p, all := <-v.told, label(c)[0]; !slices.Contains(p.Tags, all) || len(p.Tags) > 10_001 {
			t.Errorf("%d tags, everything among them: %v", len(p.Tags), slices.Contains(p.Tags, all))
		}
		stop(t, lc)
	})
}

// A process that ends tells what there is to tell, and does not stay for a cache that is away.
func TestStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("Cache-Tag")
		c, lc := open(t, v)
		_ = briefly(t, c, "#a")
		close(v.fails)
		stop(t, lc)
		if p := <-v.told; !slices.Equal(p.Tags, []string{"a"}) {
			t.Errorf("told %q", p.Tags)
		}
		v = newVendor("Cache-Tag")
		c, lc = open(t, v)
		_ = briefly(t, c, "#a")
		began := time.Now()
		if err := lc.Stop(t.Context()); err == nil || time.Since(began) != 2*time.Second {
			t.Errorf("a cache that is away: %v after %s", err, time.Since(began))
		}
	})
}

// Before its start and behind its stop nobody waits for what is told to nobody.
func TestNobodyWaitsForWhatDoesNotRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := build(t, newVendor("Cache-Tag"))
		stopped, lc := open(t, newVendor("Cache-Tag"))
		stop(t, lc)
		began := time.Now()
		for _, c := range []*cdn.CDN{c, stopped} {
			if err := briefly(t, c, "#a"); !errors.Is(err, cdn.ErrAway) || time.Since(began) > 0 {
				t.Errorf("%v after %s", err, time.Since(began))
			}
		}
	})
}

// Nobody but a process knows the addresses of its answers: when it stops it takes them out of the caches, and stops also where they are away.
func TestAddressesAreForgottenAtTheStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("")
		close(v.fails)
		c, lc := open(t, v)
		c.Note("/a", []string{"shop.products:1"}, time.Minute)
		c.Note("/b", nil, time.Minute)
		stop(t, lc)
		if p := <-v.told; !slices.Equal(p.Addresses, []string{"/a", "/b"}) {
			t.Errorf("it is told %q", p.Addresses)
		}
		v = newVendor("")
		c, lc = open(t, v)
		c.Note("/a", nil, time.Minute)
		stop(t, lc)
	})
}

// Where a cache knows no tags, it is told the addresses of answers that it may still have.
func TestAddresses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("")
		close(v.fails)
		c, lc := open(t, v)
		defer stop(t, lc)
		c.Note("/a", []string{"shop.products:1", "@shop.products"}, time.Minute)
		c.Note("/b?x=1", []string{"shop.products:1", "shop.products:2", "@shop.products"}, time.Hour)
		for _, x := range []struct {
			name string
			want []string
		}{
			{"shop.products:1", []string{"/a", "/b?x=1"}},
			{"shop.products:2", []string{"/b?x=1"}},
			{"@shop.products", []string{"/a", "/b?x=1"}},
			{"*", []string{"/a", "/b?x=1"}},
		} {
			if err := c.Invalidate(t.Context(), []string{x.name}); err != nil {
				t.Fatal(err)
			}
			if p := <-v.told; !slices.Equal(p.Addresses, x.want) || len(p.Tags) > 0 {
				t.Errorf("%s: %+v, want %q", x.name, p, x.want)
			}
		}
		time.Sleep(2 * time.Minute)
		for len(v.told) > 0 {
			<-v.told
		}
		c.Note("/c", []string{"#c"}, time.Minute) // looks what has gone meanwhile
		c.Forget([]string{"shop.products:1"})
		if p := <-v.told; !slices.Equal(p.Addresses, []string{"/b?x=1"}) {
			t.Errorf("after the time of /a: %+v", p)
		}
		c.Forget([]string{"shop.products:9"})
		synctest.Wait()
		if len(v.told) > 0 {
			t.Errorf("nothing is told of what is in no answer: %+v", <-v.told)
		}
	})
}

// What a cache has dropped before a call that fails is not told again with the rest.
func TestManyAddressesAreToldInParts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor("")
		c, lc := open(t, v)
		defer stop(t, lc)
		for i := range 250 {
			c.Note(fmt.Sprintf("/%03d", i), []string{"#a"}, time.Minute)
		}
		go func() {
			for _, err := range []error{nil, errGone, errGone, nil} {
				v.fails <- err
			}
			close(v.fails)
		}()
		if err := c.Invalidate(t.Context(), []string{"#a"}); err != nil {
			t.Fatal(err)
		}
		var told []string
		for range 3 {
			told = append(told, (<-v.told).Addresses...)
		}
		if len(told) != 250 || !slices.IsSorted(told) {
			t.Errorf("%d addresses in three calls that did not fail: %q", len(told), told)
		}
	})
}

func TestVendors(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"none": "<nil>", "varnish": "<nil>", "nginx": "<nil>", "varnsih": `"varnsih"`} {
		tel, err := telemetry.New(telemetry.DefaultConfig(), telemetry.Options{Out: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		cfg := cdn.Default()
		cfg.Vendor = name
		c, err := cdn.New(cfg, cdn.Options{Metrics: tel}, &lifecycle.Lifecycle{})
		if !strings.Contains(fmt.Sprint(err), want) || (c == nil) != (name == "none" || err != nil) {
			t.Errorf("%s: %v, %v", name, c, err)
		}
		if problems := (config.Problems)(nil); err != nil && !errors.As(err, &problems) {
			t.Errorf("%s: %v does not name the setting", name, err)
		}
		_ = tel.Stop(t.Context())
	}
	var none *cdn.CDN
	if header, _ := none.Label([]string{"a:b"}); header != "" || none.ByAddress() || none.Invalidate(t.Context(), []string{"a:b"}) != nil {
		t.Error("an application without caches in front does something")
	}
}
