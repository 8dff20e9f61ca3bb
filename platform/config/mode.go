package config

import "fmt"

// Mode says who the process runs for. It is not a layer of the configuration and not a profile: it decides what is left at
// "auto", what a rule of Validate tolerates, and whether local.yaml is read.
type Mode string

// The modes. An empty Mode counts as Prod.
const (
	Dev  Mode = "dev"  // one developer on a loopback address
	Test Mode = "test" // a test run
	Prod Mode = "prod" // everything else
)

// ParseMode returns the mode of that name, or an error that names the three.
func ParseMode(s string) (Mode, error) {
	switch m := Mode(s); m {
	case Dev, Test, Prod:
		return m, nil
	default:
		return "", fmt.Errorf("mode %q is not known: want dev, test or prod", s)
	}
}
