// Package sessiontest is the suite that every store of sessions has to pass: what package session/driver promises, bare, and what package session makes of
// it. It is for tests only.
package sessiontest

import (
	"crypto/rand"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/session/driver"
)

// Place is one empty store, and what only its author can do with it.
type Place struct {
	Store driver.Store
	// Advance makes everything in the store older by d, as if that much time had passed by the store's own clock.
	Advance func(t *testing.T, d time.Duration)
	// Damage puts a text in the place of what is stored of a session, without its times. Nil where a store holds no text.
	Damage func(t *testing.T, id driver.ID, text string)
}

// Open makes another empty place for these settings whenever it is called. What it takes ends with the test.
type Open func(t *testing.T, o driver.Options) Place

// The times of the suite, which nobody waits for.
const (
	idle     = time.Hour
	absolute = 4 * time.Hour
	touch    = 5 * time.Minute
	most     = 5 // sessions of one user
	// margin is how long a step of the suite may take.
	margin = time.Minute
)

// Run proves that a store keeps the promises of package driver, and package session with it.
func Run(t *testing.T, open Open) {
	for _, c := range []struct {
		name  string
		check func(t *testing.T, b bare)
	}{
		{"what is begun is found", testCreate},
		{"what nobody has begun is not found", testUnknown},
		{"a new session takes the place of an old one", testReplace},
		{"the oldest sessions of a user make room", testMost},
		{"sessions that begin at the same time make room each", testMostRace},
		{"idle sessions end", testIdle},
		{"sessions that are seen end too", testAbsolute},
		{"that a session is seen is noted once in a while", testTouch},
		{"save is conditional", testSave},
		{"save changes what was returned before for nobody", testImmutable},
		{"of saves at the same time one wins", testSaveRace},
		{"a new id kills the old one", testMove},
		{"what has ended is not brought back", testEnded},
		{"deletion and saves at the same time", testDeleteRace},
		{"list", testList},
		{"names", testNames},
		{"large bodies", testLarge},
		{"damage", testDamage},
		{"sweep", testSweep},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.check(t, bare{open(t, driver.Options{Idle: idle, Absolute: absolute, Touch: touch, Most: most})})
		})
	}
	runConcrete(t, open)
}

// bare is a place whose store is asked directly.
type bare struct{ Place }

// id draws one.
func id() (id driver.ID) {
	_, _ = rand.Read(id[:]) // it does not fail
	return id
}

// create begins a session.
func (b bare) create(t *testing.T, user string) *driver.Session {
	t.Helper()
	return b.replace(t, user, driver.ID{})
}

func (b bare) replace(t *testing.T, user string, old driver.ID) *driver.Session {
	t.Helper()
	sess, err := b.Store.Create(t.Context(), &driver.Session{ID: id(), User: user, Body: driver.Body{Device: "suite"}}, old)
	if err != nil || sess == nil {
		t.Fatalf("create a session: %v, %v", sess, err)
	}
	return sess
}

// load finds a session, or nil.
func (b bare) load(t *testing.T, id driver.ID) (*driver.Session, bool) {
	t.Helper()
	sess, due, err := b.Store.Load(t.Context(), id)
	if err != nil {
		t.Fatalf("load a session: %v", err)
	}
	return sess, due
}

// there reports whether a session is found.
func (b bare) there(t *testing.T, id driver.ID) bool {
	t.Helper()
	sess, _ := b.load(t, id)
	return sess != nil
}

// put saves a value, and returns what Save has.
func (b bare) put(t *testing.T, sess *driver.Session, name, value string) *driver.Session {
	t.Helper()
	next := *sess
	next.Body = sess.With(name, []byte(value))
	saved, err := b.Store.Save(t.Context(), &next, sess.ID)
	if err != nil {
		t.Fatalf("save a session: %v", err)
	}
	return saved
}

func (b bare) touch(t *testing.T, id driver.ID) {
	t.Helper()
	if err := b.Store.Touch(t.Context(), id); err != nil {
		t.Fatalf("touch a session: %v", err)
	}
}

func (b bare) list(t *testing.T, user string) []*driver.Session {
	t.Helper()
	all, err := b.Store.List(t.Context(), user)
	if err != nil {
		t.Fatalf("list sessions: %v", err)
	}
	return all
}

func testCreate(t *testing.T, b bare) {
	in := driver.Session{ID: id(), User: "ada", Version: 7, Body: driver.Body{
		Roles: []string{"admin", "editor"}, Device: "Mozilla/5.0 ❄ \"quoted\"", Address: "2001:db8::1",
	}.With("cart", []byte(`{"items":[1,2]}`))}
	sess, err := b.Store.Create(t.Context(), &in, driver.ID{})
	if err != nil {
		t.Fatal(err)
	}
	found, due := b.load(t, in.ID)
	if found == nil || due {
		t.Fatalf("%v, due %v", found, due)
	}
	for _, got := range []*driver.Session{sess, found} {
		if got.ID != in.ID || got.User != "ada" || got.Version != 1 || got.Handle != in.ID.Handle() || !slices.Equal(got.Roles, in.Roles) ||
			got.Device != in.Device || got.Address != in.Address || string(got.Values["cart"]) != `{"items":[1,2]}` {
			t.Errorf("got %+v", got)
		}
		if got.Created.IsZero() || !got.Seen.Equal(got.Created) || !got.Expires.Equal(got.Created.Add(absolute)) {
			t.Errorf("created %v, seen %v, expires %v", got.Created, got.Seen, got.Expires)
		}
		if got.Created.Location() != time.UTC || !got.Created.Equal(got.Created.Truncate(time.Millisecond)) {
			t.Errorf("created %v: want UTC, cut to milliseconds", got.Created)
		}
	}
}

func testUnknown(t *testing.T, b bare) {
	b.create(t, "ada")
	nobody := id()
	if b.there(t, nobody) || b.there(t, driver.ID{}) {
		t.Error("found a session that nobody has begun")
	}
	b.touch(t, nobody)
	if saved := b.put(t, &driver.Session{ID: nobody, User: "ada", Version: 1}, "a", "1"); saved != nil || b.there(t, nobody) {
		t.Error("saved a session that nobody has begun")
	}
	if n, err := b.Store.Delete(t.Context(), nobody); n != 0 || err != nil {
		t.Errorf("deleted %d, %v", n, err)
	}
	if n, err := b.Store.Delete(t.Context()); n != 0 || err != nil {
		t.Errorf("deleted %d, %v", n, err)
	}
	if all := b.list(t, "nobody"); len(all) != 0 {
		t.Errorf("listed %v", all)
	}
}

func testReplace(t *testing.T, b bare) {
	old := b.create(t, "ada")
	sess := b.replace(t, "grace", old.ID) // at the same browser
	if b.there(t, old.ID) || !b.there(t, sess.ID) {
		t.Errorf("the old session is there: %v; the new one: %v", b.there(t, old.ID), b.there(t, sess.ID))
	}
	if all := b.list(t, "ada"); len(all) != 0 {
		t.Errorf("the old session is listed: %v", all)
	}
	if again := b.replace(t, "grace", old.ID); !b.there(t, again.ID) {
		t.Error("no session begins in the place of one that has ended")
	}
}

func testMost(t *testing.T, b bare) {
	other := b.create(t, "grace")
	var all []*driver.Session
	for range most + 2 {
		all = append(all, b.create(t, "ada"))
		b.Advance(t, time.Second) // the oldest is known
	}
	for i, sess := range all {
		if want := i >= 2; b.there(t, sess.ID) != want {
			t.Errorf("session %d of %d is there: %v, want %v", i+1, len(all), !want, want)
		}
	}
	if n := len(b.list(t, "ada")); n != most {
		t.Errorf("%d sessions, want %d", n, most)
	}
	if !b.there(t, other.ID) {
		t.Error("the session of another user has made room")
	}
}

// testMostRace has sessions begin at the same time for a user who has as many as may be: each of them makes room by another one.
func testMostRace(t *testing.T, b bare) {
	old := make([]*driver.Session, most)
	for i := range old {
		old[i] = b.create(t, "ada")
	}
	b.Advance(t, time.Second)
	together(2*most, func(int) {
		if _, err := b.Store.Create(t.Context(), &driver.Session{ID: id(), User: "ada"}, driver.ID{}); err != nil {
			t.Errorf("create a session: %v", err)
		}
	})
	if n := len(b.list(t, "ada")); n != most {
		t.Errorf("%d sessions, want %d", n, most)
	}
	for i, sess := range old {
		if b.there(t, sess.ID) {
			t.Errorf("session %d of before has made no room", i+1)
		}
	}
}

// over fails unless nothing finds a session any more.
func (b bare) over(t *testing.T, sess *driver.Session) {
	t.Helper()
	if b.touch(t, sess.ID); b.there(t, sess.ID) {
		t.Error("the session is still there")
	}
	if b.put(t, sess, "a", "1") != nil || b.there(t, sess.ID) {
		t.Error("a save has brought the session back")
	}
	if all := b.list(t, sess.User); len(all) != 0 {
		t.Errorf("the session is listed: %v", all)
	}
	if n, err := b.Store.Delete(t.Context(), sess.ID); n != 0 || err != nil {
		t.Errorf("deleted %d, %v: want none", n, err)
	}
}

func testIdle(t *testing.T, b bare) {
	sess := b.create(t, "ada")
	b.Advance(t, idle-margin)
	if !b.there(t, sess.ID) {
		t.Fatal("the session ended before it was idle for long enough")
	}
	b.Advance(t, margin)
	b.over(t, sess)

	sess = b.create(t, "grace")
	b.Advance(t, idle-margin)
	b.touch(t, sess.ID)
	b.Advance(t, idle-margin)
	if sess = b.put(t, sess, "a", "1"); sess == nil {
		t.Fatal("the session ended although it was seen")
	}
	b.Advance(t, idle-margin)
	if !b.there(t, sess.ID) {
		t.Fatal("the session ended although it was saved")
	}
	b.Advance(t, margin)
	b.over(t, sess)
}

func testAbsolute(t *testing.T, b bare) {
	sess := b.create(t, "ada")
	const step = idle - 2*margin
	left := absolute
	for ; left > step; left -= step {
		b.Advance(t, step)
		b.touch(t, sess.ID)
		if sess = b.put(t, sess, "a", "1"); sess == nil {
			t.Fatalf("the session ended %s before its latest end", left)
		}
	}
	b.Advance(t, left)
	b.over(t, sess)
}

func testTouch(t *testing.T, b bare) {
	sess := b.create(t, "ada")
	b.Advance(t, touch-margin)
	before, due := b.load(t, sess.ID)
	if due {
		t.Error("a touch is due too early")
	}
	b.touch(t, sess.ID)
	if now, _ := b.load(t, sess.ID); !now.Seen.Equal(before.Seen) {
		t.Errorf("seen %v, then %v: noted twice within the interval", before.Seen, now.Seen)
	}
	b.Advance(t, margin)
	if before, due = b.load(t, sess.ID); !due {
		t.Error("no touch is due after the interval")
	}
	b.touch(t, sess.ID)
	now, due := b.load(t, sess.ID)
	if due || !now.Seen.After(before.Seen) {
		t.Errorf("seen %v, then %v, due %v: want it noted", before.Seen, now.Seen, due)
	}
	if now.Version != sess.Version {
		t.Errorf("version %d, then %d: a touch is no change", sess.Version, now.Version)
	}
	if b.put(t, sess, "a", "1") == nil {
		t.Error("a touch was in the way of a save")
	}
}

func testSave(t *testing.T, b bare) {
	first := b.create(t, "ada")
	second := b.put(t, first, "cart", "1")
	if second == nil || second.Version != 2 || second.ID != first.ID || !second.Created.Equal(first.Created) || !second.Expires.Equal(first.Expires) || second.User != "ada" {
		t.Fatalf("saved %+v, was %+v", second, first)
	}
	if b.put(t, first, "cart", "2") != nil {
		t.Error("saved over a newer version")
	}
	found, _ := b.load(t, first.ID)
	if string(found.Values["cart"]) != "1" || found.Version != 2 || found.Device != "suite" {
		t.Errorf("found %+v", found)
	}
}

func testImmutable(t *testing.T, b bare) {
	created := b.create(t, "ada")
	loaded, _ := b.load(t, created.ID)
	if b.put(t, loaded, "cart", "1") == nil {
		t.Fatal("not saved")
	}
	for _, sess := range []*driver.Session{created, loaded} {
		if sess.Version != 1 || len(sess.Values) != 0 {
			t.Errorf("%+v has changed", sess)
		}
	}
}

// together runs fn n times at the same time.
func together(n int, fn func(i int)) {
	var start, done sync.WaitGroup
	start.Add(1)
	for i := range n {
		done.Go(func() {
			start.Wait()
			fn(i)
		})
	}
	start.Done()
	done.Wait()
}

func testSaveRace(t *testing.T, b bare) {
	sess := b.create(t, "ada")
	saved := make([]*driver.Session, 8)
	together(len(saved), func(i int) { saved[i] = b.put(t, sess, "winner", strconv.Itoa(i)) })
	var won []int
	for i, s := range saved {
		if s != nil {
			won = append(won, i)
		}
	}
	found, _ := b.load(t, sess.ID)
	if len(won) != 1 || found.Version != 2 || string(found.Values["winner"]) != strconv.Itoa(won[0]) {
		t.Errorf("winners %v, found %+v", won, found)
	}
}

func testMove(t *testing.T, b bare) {
	sess := b.put(t, b.create(t, "ada"), "cart", "1")
	next := *sess
	next.ID = id()
	moved, err := b.Store.Save(t.Context(), &next, sess.ID)
	if err != nil || moved == nil {
		t.Fatalf("%v, %v", moved, err)
	}
	if b.there(t, sess.ID) {
		t.Error("the old id is alive")
	}
	found, _ := b.load(t, next.ID)
	if found == nil || found.ID != next.ID || found.Handle != next.ID.Handle() || found.User != "ada" || string(found.Values["cart"]) != "1" ||
		!found.Created.Equal(sess.Created) || !found.Expires.Equal(sess.Expires) {
		t.Errorf("found %+v, was %+v", found, sess)
	}
	if b.put(t, sess, "a", "1") != nil || b.there(t, sess.ID) {
		t.Error("saved under the old id")
	}
	if all := b.list(t, "ada"); len(all) != 1 || all[0].ID != next.ID {
		t.Errorf("listed %+v", all)
	}
	again := *sess
	again.ID = id()
	if moved, err := b.Store.Save(t.Context(), &again, sess.ID); moved != nil || err != nil || b.there(t, again.ID) {
		t.Errorf("moved a second time: %v, %v", moved, err)
	}
}

func testEnded(t *testing.T, b bare) {
	sess := b.create(t, "ada")
	if n, err := b.Store.Delete(t.Context(), sess.ID); n != 1 || err != nil {
		t.Fatalf("deleted %d, %v", n, err)
	}
	b.over(t, sess)
	next := *sess
	next.ID = id()
	if moved, err := b.Store.Save(t.Context(), &next, sess.ID); moved != nil || err != nil || b.there(t, next.ID) {
		t.Errorf("moved what has ended: %v, %v", moved, err)
	}
}

func testDeleteRace(t *testing.T, b bare) {
	sess := b.create(t, "ada")
	together(9, func(i int) {
		if i > 0 {
			b.put(t, sess, "slow", strconv.Itoa(i))
			b.touch(t, sess.ID)
			return
		}
		if n, err := b.Store.Delete(t.Context(), sess.ID); n != 1 || err != nil {
			t.Errorf("deleted %d, %v", n, err)
		}
	})
	b.over(t, sess)
}

func testList(t *testing.T, b bare) {
	var ids []driver.ID
	for range 3 {
		ids = append(ids, b.create(t, "ada").ID)
		b.create(t, "grace")
		b.Advance(t, time.Second)
	}
	if n, err := b.Store.Delete(t.Context(), ids[1]); n != 1 || err != nil {
		t.Fatalf("deleted %d, %v", n, err)
	}
	var got []driver.ID
	for _, sess := range b.list(t, "ada") {
		if got = append(got, sess.ID); sess.User != "ada" || sess.Created.IsZero() || sess.Handle != sess.ID.Handle() {
			t.Errorf("listed %+v", sess)
		}
	}
	if want := []driver.ID{ids[2], ids[0]}; !slices.Equal(got, want) {
		t.Errorf("listed %v, want %v", got, want)
	}
}

func testNames(t *testing.T, b bare) {
	names := []string{"ada", "ada:", "ADA", "ad%", "ad_", "a'da", `a"da`, `a\da`, "a\r\nda", "ädä", "{ada}", "*", strings.Repeat("x", 255)}
	for _, name := range names {
		b.create(t, name)
	}
	for _, name := range names {
		if all := b.list(t, name); len(all) != 1 || all[0].User != name {
			t.Errorf("%q has the sessions %+v", name, all)
		}
	}
}

func testLarge(t *testing.T, b bare) {
	sess := b.create(t, "ada")
	value := `"` + strings.Repeat("x", driver.MaxValues-2) + `"`
	if sess = b.put(t, sess, "v", value); sess == nil {
		t.Fatal("not saved")
	}
	if found, _ := b.load(t, sess.ID); string(found.Values["v"]) != value {
		t.Errorf("found %d bytes, want %d", len(found.Values["v"]), len(value))
	}
}

func testDamage(t *testing.T, b bare) {
	if b.Damage == nil {
		t.Skip("this store holds no text")
	}
	whole := b.create(t, "ada")
	other, err := driver.Encode(&driver.Session{ID: id(), User: "grace"})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing":                  "",
		"no JSON":                  "{",
		"null":                     "null",
		"another type":             "[1]",
		"a layout of another time": `{"v":99,"id":"` + whole.ID.String() + `","user":"ada"}`,
		"the session of another":   string(other),
		"too deep":                 strings.Repeat("[", 10_000),
		"too long":                 `{"v":1,"device":"` + strings.Repeat("x", driver.MaxBody) + `"}`,
	} {
		sess := b.create(t, "ada")
		b.Damage(t, sess.ID, text)
		if found, _, err := b.Store.Load(t.Context(), sess.ID); found != nil || !errors.Is(err, driver.ErrCorrupt) {
			t.Errorf("%s: %v, %v", name, found, err)
		}
		all, err := b.Store.List(t.Context(), "ada")
		if len(all) != 1 || all[0].ID != whole.ID || !errors.Is(err, driver.ErrCorrupt) {
			t.Errorf("%s: listed %v, %v", name, all, err)
		}
		if n, err := b.Store.Delete(t.Context(), sess.ID); n != 1 || err != nil {
			t.Errorf("%s: deleted %d, %v", name, n, err)
		}
	}
}

func testSweep(t *testing.T, b bare) {
	sweeper, ok := b.Store.(driver.Sweeper)
	if !ok {
		t.Skip("this store keeps nothing that has ended")
	}
	for range 3 {
		b.create(t, "ada")
	}
	b.Advance(t, idle)
	alive := b.create(t, "grace")
	for _, want := range []int{2, 1, 0} {
		if n, err := sweeper.Sweep(t.Context(), 2); n != want || err != nil {
			t.Errorf("swept %d, %v: want %d", n, err, want)
		}
	}
	if !b.there(t, alive.ID) {
		t.Error("swept a session that has not ended")
	}
}
