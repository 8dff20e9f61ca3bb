package db_test

import (
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/db"
)

// SQLite takes JSON in a BLOB for another format, so text is written; what is read belongs to the row.
func TestJSONColumn(t *testing.T) {
	t.Parallel()
	if v, err := db.JSON(`{"a":1}`).Value(); v != `{"a":1}` || err != nil {
		t.Errorf("writes the %T %v, error %v", v, v, err)
	}
	buffer := []byte(`{"a": 1}`)
	for _, src := range []any{`{"a": 1}`, buffer} {
		var j db.JSON
		if err := j.Scan(src); err != nil || string(j) != `{"a": 1}` {
			t.Errorf("reads %q from a %T, error %v", j, src, err)
		}
		buffer[0] = '['
		if j[0] != '{' {
			t.Error("what was read is the driver's buffer")
		}
		buffer[0] = '{'
	}
	var j db.JSON
	if err := j.Scan(int64(7)); err == nil || !strings.Contains(err.Error(), "int64") {
		t.Error(err)
	}
}
