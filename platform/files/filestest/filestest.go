// Package filestest is the suite that every driver of package files passes.
package filestest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/banyan-go/banyan/platform/files/driver"
)

const (
	one = "own-00112233445566778899aabbccddeeff.txt"
	two = "own-00112233445566778899aabbccddeeff-thumb.320.webp"
)

// Run holds the stores that open returns to what package driver promises: each is empty and not started. Of one place, opened a second time,
// again is another store; nil where there is none.
func Run(t *testing.T, open func(t *testing.T) (s, again driver.Store)) {
	t.Helper()
	start := func(t *testing.T) (driver.Store, driver.Store) {
		t.Helper()
		s, again := open(t)
		begin(t, s)
		return s, again
	}
	t.Run("WhatIsCommittedIsThere", func(t *testing.T) {
		t.Parallel()
		s, _ := start(t)
		text := strings.Repeat("0123456789", 10_000)
		Write(t, s, one, text)
		if got := Read(t, s, one); got != text {
			t.Errorf("%d bytes of %d", len(got), len(text))
		}
		c, err := s.Open(t.Context(), one)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close() //nolint:errcheck // nothing was written
		if _, err := c.Seek(99_995, io.SeekStart); err != nil || c.Size() != 100_000 {
			t.Errorf("%v, %d bytes", err, c.Size())
		}
		if rest, err := io.ReadAll(c); string(rest) != "56789" || err != nil {
			t.Errorf("from the middle on: %q, %v", rest, err)
		}
	})
	t.Run("NobodySeesADraft", func(t *testing.T) {
		t.Parallel()
		s, _ := start(t)
		d := draft(t, s, one, "half of it")
		wantNone(t, s)
		if err := d.Abort(); err != nil {
			t.Errorf("abort: %v", err)
		}
		wantNone(t, s)
		if err := d.Abort(); err != nil {
			t.Errorf("a second abort: %v", err)
		}
	})
	t.Run("AProcessThatStartsDisturbsNoDraft", func(t *testing.T) {
		t.Parallel()
		s, again := start(t)
		if again == nil {
			t.Skip("the place is gone with its store")
		}
		d := draft(t, s, one, "half of it")
		Write(t, s, two, "whole")
		begin(t, again)
		if got := list(t, again, ""); !slices.Equal(got, []string{two + " 5"}) {
			t.Errorf("there is %v", got)
		}
		if _, err := io.WriteString(d, ", and the rest"); err != nil {
			t.Error(err)
		}
		if err := d.Commit(); err != nil {
			t.Errorf("commit: %v", err)
		}
		if got := Read(t, again, one); got != "half of it, and the rest" {
			t.Errorf("it is %q", got)
		}
	})
	t.Run("AFileIsReplacedInOneStep", func(t *testing.T) {
		t.Parallel()
		s, _ := start(t)
		texts := []string{strings.Repeat("a", 100_000), strings.Repeat("b", 200_000)}
		Write(t, s, two, texts[0])
		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				for range 50 {
					if got := Read(t, s, two); !slices.Contains(texts, got) {
						t.Errorf("%d bytes, of two versions", len(got))
					}
				}
			})
		}
		for i := range 50 {
			Write(t, s, two, texts[i%2])
		}
		readers.Wait()
	})
	t.Run("ListTellsNamesAndSizes", func(t *testing.T) {
		t.Parallel()
		s, _ := start(t)
		const other = "pub-ff112233445566778899aabbccddeeff.png"
		for _, name := range []string{one, two, other} {
			Write(t, s, name, "12345")
		}
		if got := list(t, s, ""); !slices.Equal(got, []string{two + " 5", one + " 5", other + " 5"}) {
			t.Errorf("all: %v", got)
		}
		if got := list(t, s, one[:36]); !slices.Equal(got, []string{two + " 5", one + " 5"}) {
			t.Errorf("those that begin alike: %v", got)
		}
		stop := errors.New("enough")
		if err := s.List(t.Context(), "", func(string, int64) error { return stop }); !errors.Is(err, stop) {
			t.Errorf("an error of the function: %v", err)
		}
	})
	t.Run("DeleteTwice", func(t *testing.T) {
		t.Parallel()
		s, _ := start(t)
		Write(t, s, one, "1")
		for range 2 {
			if err := s.Delete(t.Context(), one); err != nil {
				t.Errorf("delete: %v", err)
			}
		}
		wantNone(t, s)
	})
}

// begin starts a store, which stops with the test.
func begin(t *testing.T, s driver.Store) {
	t.Helper()
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func draft(t *testing.T, s driver.Store, name, text string) driver.Draft {
	t.Helper()
	d, err := s.Create(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.WriteString(d, text); n != len(text) || err != nil {
		t.Fatalf("%d bytes were written, %v", n, err)
	}
	return d
}

// Write keeps a text under a name.
func Write(t *testing.T, s driver.Store, name, text string) {
	t.Helper()
	if err := draft(t, s, name, text).Commit(); err != nil {
		t.Fatal(err)
	}
}

// Read returns what a file holds.
func Read(t *testing.T, s driver.Store, name string) string {
	t.Helper()
	c, err := s.Open(t.Context(), name)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer c.Close() //nolint:errcheck // nothing was written
	var b bytes.Buffer
	if n, err := b.ReadFrom(c); err != nil || n != c.Size() {
		t.Errorf("%d bytes of %d: %v", n, c.Size(), err)
	}
	return b.String()
}

func wantNone(t *testing.T, s driver.Store) {
	t.Helper()
	if _, err := s.Open(t.Context(), one); !errors.Is(err, driver.ErrNotFound) {
		t.Errorf("open: %v", err)
	}
	if got := list(t, s, ""); len(got) > 0 {
		t.Errorf("there is %v", got)
	}
}

// list returns names and sizes, in the order of the names.
func list(t *testing.T, s driver.Store, prefix string) (all []string) {
	t.Helper()
	if err := s.List(context.Background(), prefix, func(name string, size int64) error {
		all = append(all, fmt.Sprint(name, " ", size))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}
