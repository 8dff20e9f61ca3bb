package patch_test

import (
	"errors"
	"strconv"
	"testing"

	"github.com/banyan-go/banyan/platform/patch"
)

func TestChangeTellsAbsentFromValue(t *testing.T) {
	t.Parallel()
	name := "old"
	patch.Change[string]{}.To(&name)
	if name != "old" {
		t.Errorf("a slot that was not set changed the value to %q", name)
	}
	patch.Set("").To(&name)
	if name != "" {
		t.Errorf("a slot set to the empty string left %q", name)
	}
}

func TestChangeOfPointerTellsNullFromAbsent(t *testing.T) {
	t.Parallel()
	n := 1
	p := &n
	patch.Change[*int]{}.To(&p)
	if p == nil {
		t.Error("absent cleared the value")
	}
	patch.Set[*int](nil).To(&p)
	if p != nil {
		t.Error("null did not clear the value")
	}
	if _, set := patch.Set[*int](nil).Get(); !set {
		t.Error("null does not count as mentioned")
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		vs   patch.Versions
		ok   bool
	}{
		{"nil accepts any", nil, true},
		{"empty accepts none", patch.Versions{}, false},
		{"the one", patch.Versions{7}, true},
		{"one of several", patch.Versions{6, 7}, true},
		{"another", patch.Versions{8}, false},
	} {
		if err := c.vs.Allow(7); (err == nil) != c.ok {
			t.Errorf("%s: Allow(7) = %v", c.name, err)
		} else if err != nil && !errors.Is(err, patch.ErrVersion) {
			t.Errorf("%s: not ErrVersion: %v", c.name, err)
		}
	}
}

func TestMap(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	double := func(n int) (string, error) {
		if n < 0 {
			return "", broken
		}
		return strconv.Itoa(2 * n), nil
	}
	if c, err := patch.Map(patch.Set(2), double); c != patch.Set("4") || err != nil {
		t.Errorf("%+v, error %v", c, err)
	}
	if c, err := patch.Map(patch.Change[int]{}, double); c != (patch.Change[string]{}) || err != nil {
		t.Errorf("what is not mentioned became %+v, error %v", c, err)
	}
	if c, err := patch.Map(patch.Set(-1), double); c != (patch.Change[string]{}) || !errors.Is(err, broken) {
		t.Errorf("%+v, error %v", c, err)
	}
	c, err := patch.MapNull(patch.Set(new(2)), double)
	if v, set := c.Get(); !set || v == nil || *v != "4" || err != nil {
		t.Errorf("%+v, error %v", c, err)
	}
	if c, err := patch.MapNull(patch.Set[*int](nil), double); c != patch.Set[*string](nil) || err != nil {
		t.Errorf("null became %+v, error %v", c, err)
	}
	if _, err := patch.MapNull(patch.Set(new(-1)), double); !errors.Is(err, broken) {
		t.Error(err)
	}
}
