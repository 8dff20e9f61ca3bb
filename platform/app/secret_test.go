package app_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A module's secret is masked wherever it comes from and whatever is printed. (cmd/app does the same with the secrets of the platform.)
func TestSecretsOfModules(t *testing.T) {
	t.Parallel()
	const secret = "hush-hush-hush"
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, place := range []struct {
		environ string
		set     []string
		broken  bool
	}{
		{environ: "APP_NOTES__TOKEN=" + secret},
		{environ: "APP_NOTES__TOKEN_FILE=" + file},
		{set: []string{"--set", "notes.token=" + secret}},
		// and where it stands by mistake
		{environ: "APP_NOTES__TOKEN_FILE=" + secret, broken: true},
		{environ: "APP_NOTES__TOEKN=" + secret, broken: true},
		{environ: "APP_NOTES=" + secret},
		{environ: "APP_NOTES__TOKEN=" + secret + "\r\n", broken: true},
		{set: []string{"--set", "notes=" + secret}, broken: true},
		{set: []string{"--set", "notes.toekn=" + secret}, broken: true},
		{set: []string{"--set", secret}, broken: true},
	} {
		m := newMachine(t, place.environ)
		for _, command := range []string{"config show", "config show --origin", "config show --json", "about", "migrate up", "migrate status"} {
			r := m.run(append(strings.Fields(command), place.set...)...)
			if all := r.out + r.err; strings.Contains(all, secret) {
				t.Errorf("%+v: %s prints %s", place, command, all)
			}
			if (r.code == 4) != place.broken {
				t.Errorf("%+v: %s: exit code %d: %s", place, command, r.code, r.err)
			}
			if strings.HasPrefix(command, "config show") && !place.broken && place.environ != "APP_NOTES="+secret && !strings.Contains(r.out, "••••") {
				t.Errorf("%+v: %s does not say that there is one: %s", place, command, r.out)
			}
		}
	}
}
