package templates

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"sync"
)

// Version names the templates of modules and resources by what they say: it changes with every one of them. It is recorded with what they were
// used for.
var Version = sync.OnceValue(func() string { //nolint:gochecknoglobals // a function
	sum := sha256.New()
	for _, root := range []string{"module", "resource"} {
		err := fs.WalkDir(Files, root, func(name string, e fs.DirEntry, err error) error {
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
})
