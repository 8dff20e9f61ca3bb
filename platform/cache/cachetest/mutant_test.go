package cachetest_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/cache/cachetest"
	"github.com/banyan-go/banyan/platform/cache/driver"
)

// mutantVar names the promise that a process is to try the suite without.
const mutantVar = "BANYAN_MUTANT"

// mutants are the promises of a driver, each with the check that finds out when it is broken, and what that says; nothing is broken without one.
func mutants() map[string][2]string {
	return map[string][2]string{
		"":                                    {},
		"all of a value":                      {"fill_and_read", "Took:0s"},
		"other values after an invalidation":  {"another_key", `"a.b:1" is <nil>, want "one"`},
		"an end of values":                    {"ends", "the value is good for ever"},
		"names of any bytes":                  {"keys_of_any_bytes", `"a.b:" is`},
		"a limit of size":                     {"too_large", "it is stored"},
		"a lease back that brought nothing":   {"too_large", "the lease is held"},
		"marks of values":                     {"marks", `"a.b:1" is "one", want nothing`},
		"an end of everything":                {"everything", `"a.b:1" is "one", want nothing`},
		"an end of leases at an invalidation": {"invalidated_during_a_load", "key: what was read before is stored"},
		"versions at a fill":                  {"invalidated_during_a_load", "tag: what was read before is stored"},
		"a floor at a fill":                   {"floor", "a fill from before the change is stored"},
		"floors that only rise":               {"floor", "the floor has sunk"},
		"one lease at a time":                 {"lease", "two have the lease"},
		"an owner of a lease":                 {"lease", "somebody else has given the lease back"},
		"a lease at a fill":                   {"lease", "somebody without the lease has stored something"},
		"an end of a lease with its fill":     {"lease", "one lease is good for two fills"},
		"an end of leases":                    {"lease_ends", "the lease does not end"},
		"a lease beside a value":              {"fresh", "no lease beside a value"},
		"one step":                            {"one_of_many", "have the lease, want 1"},
		"the order of many":                   {"many_at_once", `"a.b:none" among others is "a.b:2", alone ""`},
		"marks of each of many":               {"many_at_once", `"a.b:2" among others is "", alone "a.b:2"`},
		"word of the connection":              {"listen", "nobody hears that it is connected"},
		"quiet about one's own":               {"listen", "a.b:own"},
		"names as they are":                   {"listen", "want [\"#x\""},
		"deletion before the word of it":      {"order_of_an_invalidation", "the old value is there when its end is heard of"},
	}
}

// The suite finds a driver that breaks a promise, says which one it is, and lets one pass that breaks none.
func TestMutants(t *testing.T) {
	t.Parallel()
	if without, ok := os.LookupEnv(mutantVar); ok {
		cachetest.Run(t, func(*testing.T) cachetest.Place {
			return cachetest.Place{Driver: newServer(without), Options: driver.Options{}}
		})
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	wait := map[string]func() (string, error){} // all run at once: some wait for what does not come
	for without, red := range mutants() {
		var out bytes.Buffer
		cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestMutants$/"+red[0], "-test.count=1")
		cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), mutantVar+"="+without), &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		wait[without] = func() (string, error) {
			err := cmd.Wait()
			return out.String(), err
		}
	}
	for without, red := range mutants() {
		t.Run("without "+without, func(t *testing.T) {
			out, err := wait[without]()
			if failed := err != nil; failed != (without != "") {
				t.Fatalf("the suite is red: %v\n%s", failed, out)
			}
			if without == "" {
				return
			}
			_, said, ok := strings.Cut(out, "--- FAIL: TestMutants/"+red[0]+" ")
			if said, _, _ = strings.Cut(said, "--- "); !ok || !strings.Contains(said, red[1]) {
				t.Errorf("the check %s does not say %q:\n%s", red[0], red[1], out)
			}
		})
	}
}
