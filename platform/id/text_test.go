package id_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/id"
)

func TestParse(t *testing.T) {
	t.Parallel()
	const text = "01977f2e-8c00-7abc-8def-0123456789ab"
	want := id.ID{0x01, 0x97, 0x7f, 0x2e, 0x8c, 0x00, 0x7a, 0xbc, 0x8d, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab}
	for _, in := range []string{text, strings.ToUpper(text), "01977F2e-8c00-7AbC-8def-0123456789aB"} {
		got, err := id.Parse(in)
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %v, %v", in, got, err)
		}
		if got.String() != text {
			t.Errorf("%q comes back as %q", in, got)
		}
	}
	// Versions 1 to 8, the UUID of ones, and what only looks like one: an id is opaque.
	for _, in := range []string{
		"c232ab00-9414-11ec-b3c8-9f6bdeced846", "5df41881-3aed-3515-88a7-2f4a814cf09e", "919108f7-52d1-4320-9bac-f847db4148a8",
		"2ed6657d-e927-568b-95e1-2665a8aea6a2", "1ec9414c-232a-6b00-b3c8-9f6bdeced846", "2489e9ad-2ee2-8e00-8ec9-32d5f69181c0",
		"ffffffff-ffff-ffff-ffff-ffffffffffff", "00000000-0000-0000-0000-000000000001",
	} {
		if got, err := id.Parse(in); err != nil || got.String() != in {
			t.Errorf("Parse(%q) = %v, %v", in, got, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const text = "01977f2e-8c00-7abc-8def-0123456789ab"
	for _, in := range []string{
		"", "0", text[1:], text + "0", text + " ", " " + text[1:], "{" + text + "}", "urn:uuid:" + text,
		"01977f2e8c007abc8def0123456789ab", "01977f2e-8c00-7abc-8def0-123456789ab", "01977f2e-8c007-abc-8def-0123456789ab",
		"01977f2e_8c00_7abc_8def_0123456789ab", "g1977f2e-8c00-7abc-8def-0123456789ab", "01977f2e-8c00-7abc-8def-0123456789a\x00",
		"01977f2e-8c00-7abc-8def-012345678９", "-1977f2e-8c00-7abc-8def-0123456789ab", "+1977f2e-8c00-7abc-8def-0123456789ab",
		"0x977f2e-8c00-7abc-8def-0123456789ab", "00000000-0000-0000-0000-000000000000", strings.Repeat("0", 36), strings.Repeat("a", 1<<20),
	} {
		// The sentinel itself and no copy: the error says nothing of what was read.
		if got, err := id.Parse(in); err != error(id.ErrSyntax) || !got.IsZero() {
			t.Errorf("Parse(%.50q) = %v, %v, want ErrSyntax", in, got, err)
		}
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	type row struct {
		ID     id.ID         `json:"id"`
		Parent *id.ID        `json:"parent"`
		Counts map[id.ID]int `json:"counts"`
	}
	v := id.New()
	in := row{ID: v, Counts: map[id.ID]int{v: 3}}
	text, err := json.Marshal(in)
	if want := `{"id":"` + v.String() + `","parent":null,"counts":{"` + v.String() + `":3}}`; err != nil || string(text) != want {
		t.Fatalf("Marshal = %s, %v, want %s", text, err, want)
	}
	var out row
	if err := json.Unmarshal(text, &out); err != nil || out.ID != v || out.Parent != nil || out.Counts[v] != 3 {
		t.Errorf("Unmarshal = %+v, %v", out, err)
	}
	kept := v
	if err := kept.UnmarshalText([]byte("nonsense")); !errors.Is(err, id.ErrSyntax) || kept != v {
		t.Errorf("a failed UnmarshalText: %v, and the id is %v", err, kept)
	}
	var schema map[string]string
	if err := json.Unmarshal([]byte(v.JSONSchema()), &schema); err != nil || schema["format"] != "uuid" {
		t.Errorf("schema = %v, %v", schema, err)
	}
}

func TestAppendTextDoesNotAllocate(t *testing.T) {
	v, buf := id.New(), make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() { buf, _ = v.AppendText(buf[:0]) }); n != 0 {
		t.Errorf("AppendText allocates %v times", n)
	}
	if got, _ := v.AppendText([]byte("id=")); string(got) != "id="+v.String() {
		t.Errorf("AppendText = %q", got)
	}
}

// Whatever parses has one meaning: its lower-case form, which parses to the same id.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"01977f2e-8c00-7abc-8def-0123456789ab", "01977F2E-8C00-7ABC-8DEF-0123456789AB", "00000000-0000-0000-0000-000000000000",
		"urn:uuid:01977f2e-8c00-7abc-8def-0123456789ab", "", "0197-7f2e8c00-7abc-8def-0123456789ab", strings.Repeat("-", 36),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := id.Parse(s)
		if err != nil {
			if !v.IsZero() || !errors.Is(err, id.ErrSyntax) {
				t.Fatalf("Parse(%q) = %v, %v", s, v, err)
			}
			return
		}
		if v.IsZero() || v.String() != strings.ToLower(s) {
			t.Fatalf("Parse(%q) = %v", s, v)
		}
		if b := v.Bucket(); b >= id.Buckets || b != id.BucketOf(v.String()) {
			t.Fatalf("%v is in bucket %d", v, b)
		}
		var scanned id.ID
		if err := scanned.Scan(v[:]); err != nil || scanned != v {
			t.Fatalf("Scan of %v = %v, %v", v, scanned, err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	text := id.New().String()
	for b.Loop() {
		_, _ = id.Parse(text)
	}
}

func BenchmarkAppendText(b *testing.B) {
	v, buf := id.New(), make([]byte, 0, 64)
	for b.Loop() {
		buf, _ = v.AppendText(buf[:0])
	}
}
