package files

import (
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/unit"
)

// Config is the section `files`.
type Config struct {
	Driver string            `config:"driver" doc:"Where files are kept: disk, or another driver that is compiled in (drivers.go)."`
	Dir    unit.Auto[string] `config:"dir" doc:"Folder of the driver disk; auto is files, beside the file of SQLite, and data/files with a database server. With more than one instance, name one that all of them see."`
	Quota  unit.Bytes        `config:"quota" doc:"Bytes that all files have together, at most; more are refused."`
}

// Default returns the built-in settings.
func Default() Config {
	return Config{Driver: "disk", Quota: 10 * unit.GiB}
}

// Validate reports values that break a rule.
func (c Config) Validate(r *config.Report) {
	if c.Quota < unit.MiB {
		r.Add("quota", c.Quota.String(), "1MiB or more")
	}
}
