package templates

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"sync"
)

// Version names the templates of modules and resources by what they say, AppVersion those of applications: it changes with every one of them. It
// is recorded with what they were used for.
var (
	Version    = sync.OnceValue(func() string { return version("module", "resource") }) //nolint:gochecknoglobals // a function
	AppVersion = sync.OnceValue(func() string { return version("app", "license") })     //nolint:gochecknoglobals // a function
)

func version(folders ...string) string {
	sum := sha256.New()
	for _, folder := range folders {
		err := fs.WalkDir(Files, folder, func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			text, err := fs.ReadFile(Files, name)
			fmt.Fprintf(sum, "%s %d\n%s", name, len(text), text)
			return err
		})
		if err != nil {
			panic("templates: " + err.Error()) // the folder is in the list of what is embedded
		}
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}
