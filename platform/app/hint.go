package app

import (
	"slices"
	"strings"
)

// caller is how hints name commands of the program: as somebody has called it, with the flags that say which configuration is meant.
// Without them the command of a hint would be about another database.
type caller struct {
	name  string
	flags []string // each with its value
}

// command returns what somebody types to run a command. A flag that its words have is not repeated.
func (c caller) command(words string) string {
	all := []string{c.name, words}
	for _, flag := range c.flags {
		if name, _, _ := strings.Cut(flag, " "); name == "--set" || !slices.Contains(strings.Fields(words), name) {
			all = append(all, flag)
		}
	}
	return strings.Join(all, " ")
}

// caller returns what the hints of this run begin and end with.
func (l *launcher) caller() caller {
	c := caller{name: l.called()}
	if l.cmd != nil {
		c.flags = l.Given(l.cmd, "config", "mode", "profile", "set")
	}
	return c
}

// next is a command of the program as the hints of this run name it.
func (l *launcher) next(words string) string { return l.caller().command(words) }

// retype says how a hint names a flag that was given. What banyan has added nobody has typed, and secrets stay where they are.
func (l *launcher) retype(flag, value string) (string, bool) {
	switch {
	case flag == "mode" && value == "dev", flag == "config" && value == "configs":
		return value, l.env("BANYAN_COMMAND") == ""
	case flag != "set":
		return value, true
	}
	key, _, _ := strings.Cut(value, "=")
	if l.loaded != nil {
		for _, s := range l.loaded.Settings(key) {
			if s.Key == key && !s.Secret {
				return value, true
			}
		}
	}
	return key + "=••••", true
}
