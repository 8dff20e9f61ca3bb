package db_test

import (
	"testing"

	"github.com/banyan-go/banyan/platform/db"
)

func TestDecimalReadsWhatEnginesReturn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		src  any
		want string
	}{
		{int64(1250), "12.5"}, {int64(-1), "-0.01"}, {int64(0), "0"},
		{"12.50", "12.5"}, {[]byte("-99999999999999999999.99"), "-99999999999999999999.99"},
	} {
		var d db.Decimal
		if err := d.Scan(c.src); err != nil {
			t.Errorf("%v: %v", c.src, err)
			continue
		}
		if got, err := d.Exact(2); err != nil || got.String() != c.want {
			t.Errorf("%v is %v, %v, want %s", c.src, got, err, c.want)
		}
	}
	for _, src := range []any{nil, 1.5, true} {
		if err := new(db.Decimal).Scan(src); err == nil {
			t.Errorf("%v is read", src)
		}
	}
	var d db.Decimal
	if err := d.Scan("1e5"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Exact(2); err == nil {
		t.Error("text that is no decimal has a value")
	}
}
