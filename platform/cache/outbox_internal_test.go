package cache

import (
	"slices"
	"strconv"
	"testing"
)

// What a process has in mind of rows is bounded, whoever takes them away, and what is forgotten is what was noted first.
func TestWhatIsKnownOfRowsIsBounded(t *testing.T) {
	t.Parallel()
	o := &outbox{wake: make(chan struct{}, 1)}
	var rows []row
	for n := range 3 * mostSettled {
		r := row{ID: strconv.Itoa(n)}
		rows = append(rows, r)
		o.settle(r, false)
		if n%1000 == 0 {
			o.take()
		}
	}
	if n := len(o.half.young) + len(o.half.old); n > mostSettled {
		t.Errorf("it knows of %d rows, want %d at most", n, mostSettled)
	}
	last := rows[len(rows)-mostSettled/2:]
	if left := o.undone(last); len(left) > 0 {
		t.Errorf("%d of the last %d are done again", len(left), len(last))
	}
	if left := o.undone(rows[:1]); len(left) == 0 {
		t.Error("the first is not forgotten")
	}
	o.finish(last)
	if left := o.undone(last); len(left) != len(last) {
		t.Errorf("%d rows that are gone are known", len(last)-len(left))
	}
}

// A row that says that everything is done but to tell of it is not done again, and is everything to who is told, and to a version that does not know of such rows.
func TestARowThatIsDoneButToTell(t *testing.T) {
	t.Parallel()
	o := &outbox{wake: make(chan struct{}, 1)}
	one, done := row{ID: "1", Names: []byte("3:a:b")}, row{ID: "2", Names: []byte("1:!")}
	if left := o.undone([]row{one, done}); len(left) != 1 || left[0].ID != one.ID {
		t.Errorf("left are %+v", left)
	}
	if names := all([]row{one, done}); !slices.Equal(names, []string{everything}) {
		t.Errorf("told of %q", names)
	}
	if names := done.names(); CheckName(nobody) == nil || !slices.Equal(names, []string{everything}) {
		t.Errorf("it names %q", names)
	}
}
