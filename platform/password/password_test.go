package password_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/password"
)

func TestHashAndVerify(t *testing.T) {
	t.Parallel()
	h := password.New()
	hash, err := h.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if form := `^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`; !regexp.MustCompile(form).MatchString(string(hash)) {
		t.Errorf("the hash is not a PHC string: %s", string(hash))
	}
	if again, err := h.Hash(t.Context(), "correct horse"); err != nil || again == hash {
		t.Errorf("two hashes have one salt, error %v", err)
	}
	for plain, want := range map[string]bool{
		"correct horse": true, "Correct horse": false, "correct horse ": false, "": false, strings.Repeat("x", password.MaxBytes+1): false,
	} {
		if got, err := h.Verify(t.Context(), hash, plain); got != want || err != nil {
			t.Errorf("%.20q: %v, error %v", plain, got, err)
		}
	}
}

// A hash of the reference implementation (argon2 of P-H-C, with other parameters than ours): what is stored verifies whatever we choose tomorrow.
func TestVerifyForeignHash(t *testing.T) {
	t.Parallel()
	const hash = "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc"
	if ok, err := password.New().Verify(t.Context(), hash, "password"); !ok || err != nil {
		t.Errorf("%v, error %v", ok, err)
	}
}

// Whoever can write into a table does not take the memory of the process by it, and learns nothing from the error.
func TestVerifyRefusesWhatIsNoHash(t *testing.T) {
	t.Parallel()
	h := password.New()
	for _, hash := range []string{
		"", "hush", "$argon2id$", "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"$argon2i$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
		"$argon2id$v=16$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
		"$argon2id$v=19$m=4294967295,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
		"$argon2id$v=19$m=256,t=4294967295,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
		"$argon2id$v=19$m=256,t=0,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
		"$argon2id$v=19$m=256,t=2,p=0$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
		"$argon2id$v=19$m=256,t=2,p=258$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
		"$argon2id$v=19$m=+256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
		"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$", "$argon2id$v=19$m=256,t=2,p=2$$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
		"$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc hush",
	} {
		ok, err := h.Verify(t.Context(), password.Hash(hash), "password")
		if ok || err == nil || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "c29tZ") {
			t.Errorf("%q: %v, error %v", hash, ok, err)
		}
	}
}

func TestHashRefusesWhatIsTooLong(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", password.MaxBytes+1)
	if hash, err := password.New().Hash(t.Context(), long); err == nil || hash != "" || strings.Contains(err.Error(), "xxx") {
		t.Errorf("%q, error %v", string(hash), err)
	}
}

func TestHashEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := password.New().Hash(ctx, "correct horse"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := password.New().Verify(ctx, "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", "password"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestRandomIsNeverTheSame(t *testing.T) {
	t.Parallel()
	if one, two := password.Random(), password.Random(); one == two || len(one) != 43 {
		t.Errorf("%s and %s", one, two)
	}
}

func TestHashPrintsNothing(t *testing.T) {
	t.Parallel()
	hash := password.Hash("hush")
	type row struct {
		Password password.Hash
		Also     *password.Hash
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "direct", hash, "inside", row{hash, &hash}, "list", []password.Hash{hash})
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "direct", hash, "inside", row{hash, nil}, "list", []password.Hash{hash})
	encoded, err := json.Marshal(row{hash, &hash})
	if err != nil {
		t.Fatal(err)
	}
	all := log.String() + string(encoded) + fmt.Sprintf("%v %+v %#v %s %q %x", hash, row{hash, nil}, row{hash, nil}, hash, hash, hash)
	if strings.Contains(all, "hush") || strings.Contains(all, "68757368") || !strings.Contains(all, "[password]") {
		t.Errorf("it shows: %s", all)
	}
}
