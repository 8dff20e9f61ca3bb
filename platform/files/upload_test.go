package files_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/blob"
	"github.com/banyan-go/banyan/platform/files"
)

func TestOneFileOfARequest(t *testing.T) {
	t.Parallel()
	k := start(t)
	got, err := k.ReceiveOne(t.Context(), blob.Incoming{ContentType: "application/pdf", Body: strings.NewReader(pdf)}, files.Rule{Count: 9})
	if err != nil || got.Type != "application/pdf" || got.Size != int64(len(pdf)) || got.Label != "" {
		t.Fatalf("%+v, %v", got, err)
	}
	if _, err := k.ReceiveOne(t.Context(), blob.Incoming{Body: strings.NewReader(pdf)}, files.Rule{Size: 3}); !errors.Is(err, files.ErrTooLarge) {
		t.Errorf("too much: %v", err)
	}
	if there := k.there(t); len(there) != 1 {
		t.Errorf("there is %v", there)
	}
	back := files.ColumnsOf(&got)
	if u := back.Upload(); u == nil || *u != got || back.Stored() != got.Name {
		t.Errorf("the columns turn %+v into %+v", got, u)
	}
	if none := files.ColumnsOf(nil); none != (files.Columns{}) || none.Upload() != nil || none.Stored() != "" {
		t.Errorf("no file is %+v", none)
	}
}

func TestOnlyWhatIsNotReferredToAnyMoreIsDropped(t *testing.T) {
	t.Parallel()
	k := start(t)
	var had []files.Name
	for range 3 {
		one, err := k.Put(t.Context(), strings.NewReader("text"), files.Rule{})
		if err != nil {
			t.Fatal(err)
		}
		had = append(had, one.Name)
	}
	k.DropAfterCommit(t.Context(), had, had[1:2])
	if there := k.there(t); len(there) != 1 || there[0] != string(had[1]) {
		t.Errorf("there is %v, want %s alone", there, had[1])
	}
}

// The limit of a request is that of its file and a little more, and leaves a slow line the time for it.
func TestLimit(t *testing.T) {
	t.Parallel()
	for size, want := range map[int64]struct {
		size    int64
		seconds float64
	}{0: {10<<20 + 128<<10, 110}, 1 << 10: {129 << 10, 30}, 1 << 30: {1<<30 + 128<<10, 8222}} {
		if l := files.Limit(files.Rule{Size: size, Types: []string{"a/b"}}); l.Size != want.size || l.Time.Seconds() != want.seconds || len(l.Types) != 1 {
			t.Errorf("%d: %+v", size, l)
		}
	}
}
