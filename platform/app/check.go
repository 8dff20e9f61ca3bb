package app

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/banyan-go/banyan/platform/config"
)

// inspection is what banyan check asks of the program: everything that the source does not tell without being run. The command banyan reads
// it, of this version or another: fields are added and never change.
type inspection struct {
	Problems []inspectedProblem `json:"problems"`
	Routes   []inspectedRoute   `json:"routes"`
	// Defects say why the routes cannot be told, one on a line.
	Defects []string `json:"defects"`
	// Described says that there was a profile to tell the routes of.
	Described bool `json:"described"`
}

// inspectedProblem is something that is wrong with the configuration of a profile.
type inspectedProblem struct {
	Profile string `json:"profile"`
	Where   string `json:"where"` // "configs/profiles/cached.yaml:4", or as a person reads it; may be empty
	Key     string `json:"key"`
	What    string `json:"what"`
	// Note says that it belongs to the place where the program runs, and is missing here.
	Note bool `json:"note"`
}

type inspectedRoute struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	ID     string `json:"operation_id"`
	At     string `json:"at"` // file:line of the code that made it
	Raw    bool   `json:"raw"`
	Writes bool   `json:"writes"`
	Public bool   `json:"public"` // everybody may call it, and no reason is given
}

// check is the part of banyan check that has to run in the program. It is not for people.
func (l *launcher) check() *cobra.Command {
	c := command("check PROFILE...", "Say what banyan check asks", "  "+l.called()+" check --json single", func(_ *cobra.Command, profiles []string) error {
		found := inspection{Problems: []inspectedProblem{}, Routes: []inspectedRoute{}, Defects: []string{}}
		var others []inspectedProblem
		for _, profile := range profiles {
			s, problems, other := l.inspectProfile(profile)
			found.Problems = append(found.Problems, problems...)
			others = append(others, other...)
			if s == nil || found.Described {
				continue
			}
			found.Described = true // routes do not depend on the profile
			found.Routes, found.Defects = l.inspectRoutes(s)
		}
		if len(found.Defects) == 0 { // which are why it cannot be built
			found.Problems = append(found.Problems, others...)
		}
		return l.Print(found, func(w io.Writer) {
			var lines [][]string
			for _, p := range found.Problems {
				lines = append(lines, []string{p.Profile, p.Where, p.Key, p.What})
			}
			l.Table(w, lines...)
		})
	})
	c.Args, c.Hidden = cobra.ArbitraryArgs, true
	return l.Data(c)
}

// inspectProfile loads a profile as its files are, without this machine's environment, and returns what is wrong with it, and what else keeps
// the application from being built. The configuration is nil when it cannot be used.
func (l *launcher) inspectProfile(profile string) (s *settled, problems, other []inspectedProblem) {
	o := l.options()
	o.Profile, o.Environ, o.Set = profile, nil, nil
	s, err := l.load(o)
	if err != nil {
		problems, other = inspect(profile, err, func(config.Problem) bool { return false })
		return nil, append(problems, other...), nil
	}
	if _, err := s.build(l.environment(profile, false)); err != nil {
		problems, other = inspect(profile, err, s.absent)
	}
	return s, problems, other
}

func (l *launcher) environment(profile string, describe bool) Env {
	return Env{Name: l.name, Version: version(), Mode: l.mode, Profile: profile, Describe: describe, Out: io.Discard}
}

// inspect turns an error into problems of the configuration, or into another one.
func inspect(profile string, err error, note func(config.Problem) bool) (problems, other []inspectedProblem) {
	found, ok := errors.AsType[config.Problems](err)
	if !ok {
		return nil, []inspectedProblem{{Profile: profile, What: err.Error()}}
	}
	for _, p := range found {
		what := config.Problem{Got: p.Got, Want: p.Want, Hint: p.Hint}
		problems = append(problems, inspectedProblem{Profile: profile, Where: p.Where, Key: p.Key, What: what.String(), Note: note(p)})
	}
	return problems, nil
}

// absent reports whether a problem is that of a program which was built, or stands, elsewhere than where it will serve: a secret that is not
// set, or a driver that is not compiled in, when it is one that there is.
func (s *settled) absent(p config.Problem) bool {
	at := s.Settings(p.Key)
	if len(at) != 1 {
		return false
	}
	if p.Key == "db.driver" {
		return slices.Contains([]string{"sqlite", "postgres"}, at[0].Value)
	}
	return at[0].Secret && at[0].Value == ""
}

// inspectRoutes returns what the modules serve.
func (l *launcher) inspectRoutes(s *settled) (routes []inspectedRoute, defects []string) {
	a, err := s.build(l.environment("", true))
	if err != nil {
		return []inspectedRoute{}, strings.Split(err.Error(), "\n")
	}
	routes = []inspectedRoute{}
	for _, m := range a.operations.Mounted() {
		routes = append(routes, inspectedRoute{
			Method: m.Method, Path: m.FullPath, ID: m.Op.ID, At: m.At(), Raw: m.IsRaw(), Writes: m.Writes(),
			Public: m.Op.Auth.Open() && m.Op.Auth.Why() == "",
		})
	}
	return routes, []string{}
}
