// Package configs holds the configuration files that are compiled into the binary.
package configs

import "embed"

// Files are base.yaml and the profiles.
//
//go:embed base.yaml profiles/*.yaml
var Files embed.FS
