package keyring_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/keyring"
)

// Frozen: a changed line here means that nothing that is encrypted out there opens any more.
func TestGoldenSealed(t *testing.T) {
	t.Parallel()
	sealed, err := hex.DecodeString(goldenSealed)
	if err != nil {
		t.Fatal(err)
	}
	value, err := ring(t, goldenOne).Sealer("shop_accounts.api_key").Open(sealed, []byte("row 1"))
	if err != nil || string(value) != "hush" {
		t.Errorf("%q, error %v", value, err)
	}
}

const goldenSealed = "b11bb495c13c07073e96a55357f32dccf16f9ec26d2390047453b4945fbbfd3b88665be6eb5723dfecabedfab3b0c202"

func TestSeal(t *testing.T) {
	t.Parallel()
	s := ring(t, goldenOne).Sealer("column")
	for _, value := range []string{"", "hush", strings.Repeat("long ", 100_000)} {
		one, err := s.Seal([]byte(value), []byte("row"))
		if err != nil {
			t.Fatal(err)
		}
		two, err := s.Seal([]byte(value), []byte("row"))
		if err != nil || bytes.Equal(one, two) || len(one) != len(value)+keyring.SealSize {
			t.Errorf("sealed twice to %d bytes, equal: %v, error %v", len(one), bytes.Equal(one, two), err)
		}
		if value != "" && bytes.Contains(one, []byte(value)) {
			t.Errorf("%.10q can be read", value)
		}
		for _, sealed := range []keyring.Sealed{one, two} {
			if got, err := s.Open(sealed, []byte("row")); err != nil || string(got) != value {
				t.Errorf("%.10q opens as %.10q, error %v", value, got, err)
			}
		}
	}
}

// A value that somebody has changed, moved to another row or another column, or whose key is gone, is not opened.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	r := ring(t, goldenOne)
	s := r.Sealer("column")
	sealed, err := s.Seal([]byte("hush"), []byte("row 1"))
	if err != nil {
		t.Fatal(err)
	}
	for name, open := range map[string]func() ([]byte, error){
		"another row":     func() ([]byte, error) { return s.Open(sealed, []byte("row 2")) },
		"no row":          func() ([]byte, error) { return s.Open(sealed, nil) },
		"another column":  func() ([]byte, error) { return r.Sealer("other").Open(sealed, []byte("row 1")) },
		"another ring":    func() ([]byte, error) { return ring(t, goldenTwo).Sealer("column").Open(sealed, []byte("row 1")) },
		"nothing":         func() ([]byte, error) { return s.Open(nil, []byte("row 1")) },
		"cut":             func() ([]byte, error) { return s.Open(sealed[:len(sealed)-1], []byte("row 1")) },
		"something added": func() ([]byte, error) { return s.Open(append(bytes.Clone(sealed), 0), []byte("row 1")) },
	} {
		if value, err := open(); !errors.Is(err, keyring.ErrSealed) || value != nil {
			t.Errorf("%s: %q, error %v", name, value, err)
		}
	}
	for i := range sealed {
		changed := bytes.Clone(sealed)
		changed[i] ^= 1
		if value, err := s.Open(changed, []byte("row 1")); !errors.Is(err, keyring.ErrSealed) {
			t.Errorf("byte %d changed: %q, error %v", i, value, err)
		}
	}
}

// A key is changed in three steps: behind, in front, and the old one away once everything is sealed again.
func TestSealRotation(t *testing.T) {
	t.Parallel()
	old, both, turned, fresh := ring(t, goldenOne), ring(t, goldenOne+","+goldenTwo), ring(t, goldenTwo+","+goldenOne), ring(t, goldenTwo)
	seal := func(r *keyring.Ring) keyring.Sealed {
		sealed, err := r.Sealer("column").Seal([]byte("hush"), nil)
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	opens := func(r *keyring.Ring, sealed keyring.Sealed) bool {
		value, err := r.Sealer("column").Open(sealed, nil)
		return err == nil && string(value) == "hush"
	}
	for _, r := range []*keyring.Ring{old, both, turned} {
		if !opens(r, seal(old)) || !opens(r, seal(both)) {
			t.Error("the old key does not open any more")
		}
	}
	if !opens(both, seal(turned)) || !opens(fresh, seal(turned)) {
		t.Error("the new key does not open yet")
	}
	if opens(fresh, seal(both)) {
		t.Error("a key that was taken away opens")
	}
}

// What only describes an application builds its modules without keys.
func TestSealerWithoutKeys(t *testing.T) {
	t.Parallel()
	var none *keyring.Ring
	s := none.Sealer("column")
	if _, err := s.Seal([]byte("hush"), nil); !errors.Is(err, keyring.ErrNoKeys) || !strings.Contains(err.Error(), "APP_KEYS") {
		t.Error(err)
	}
	if _, err := s.Open(make(keyring.Sealed, 100), nil); !errors.Is(err, keyring.ErrNoKeys) {
		t.Error(err)
	}
}

func TestSealedPrintsNothing(t *testing.T) {
	t.Parallel()
	sealed := keyring.Sealed("hush")
	type row struct {
		Key  keyring.Sealed
		Also *keyring.Sealed
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "direct", sealed, "inside", row{sealed, &sealed}, "list", []keyring.Sealed{sealed})
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "direct", sealed, "inside", row{sealed, nil}, "list", []keyring.Sealed{sealed})
	encoded, err := json.Marshal(row{sealed, &sealed})
	if err != nil {
		t.Fatal(err)
	}
	all := log.String() + string(encoded) + fmt.Sprintf("%v %+v %#v %s %q %x %X %d", sealed, row{sealed, nil}, row{sealed, nil}, sealed, sealed, sealed, sealed, sealed)
	for _, shown := range []string{"hush", "68757368", "104 117", "aHVzaA"} {
		if strings.Contains(all, shown) {
			t.Errorf("it shows %s: %s", shown, all)
		}
	}
	if !strings.Contains(all, "[sealed]") {
		t.Error(all)
	}
}
