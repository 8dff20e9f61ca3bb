package id_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/id"
)

func TestValue(t *testing.T) {
	t.Parallel()
	v := id.New()
	if got, err := v.Value(); err != nil || got != v.String() {
		t.Errorf("Value = %v, %v, want the text", got, err)
	}
	if got, err := (id.ID{}).Value(); !errors.Is(err, id.ErrZero) || got != nil {
		t.Errorf("Value of the zero id = %v, %v, want ErrZero", got, err)
	}
}

func TestScan(t *testing.T) {
	t.Parallel()
	v := id.New()
	for _, src := range []any{v.String(), []byte(v.String()), strings.ToUpper(v.String()), v[:]} {
		var got id.ID
		if err := got.Scan(src); err != nil || got != v {
			t.Errorf("Scan(%v) = %v, %v, want %v", src, got, err, v)
		}
	}
	for _, src := range []any{
		nil, int64(1), 1.5, true, v, "", "nonsense", string(v[:]), []byte{}, v[:15], []byte(v.String())[:35],
		make([]byte, 16), "00000000-0000-0000-0000-000000000000",
	} {
		got := v
		if err := got.Scan(src); err == nil || got != v {
			t.Errorf("Scan(%v) = %v, %v, want an error and the id unchanged", src, got, err)
		}
	}
}

// A buffer that the driver reuses does not change an id that was scanned from it.
func TestScanCopies(t *testing.T) {
	t.Parallel()
	v := id.New()
	buf := append([]byte(nil), v[:]...)
	var got id.ID
	if err := got.Scan(buf); err != nil {
		t.Fatal(err)
	}
	clear(buf)
	if got != v {
		t.Errorf("the id became %v, want %v", got, v)
	}
}
