package db_test

import (
	"testing"

	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/decimal"
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
		if got := d.Exact(2); got.String() != c.want {
			t.Errorf("%v is %v, want %s", c.src, got, c.want)
		}
	}
	for _, src := range []any{nil, 1.5, true, "1e5", []byte("twelve")} {
		if err := new(db.Decimal).Scan(src); err == nil {
			t.Errorf("%v is read", src)
		}
	}
}

func TestDecimalThatMayBeNull(t *testing.T) {
	t.Parallel()
	if db.NewNullDecimal(nil, 2) != nil || db.NullExact(nil, 2) != nil {
		t.Error("null is not null")
	}
	d := decimal.FromScaled(1250, 2)
	if back := db.NullExact(db.NewNullDecimal(&d, 2), 2); back == nil || back.Compare(d) != 0 {
		t.Errorf("%v comes back as %v", d, back)
	}
}
