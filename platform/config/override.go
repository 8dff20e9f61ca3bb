package config

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	varPrefix = "APP_"  // begins the name of every variable that sets a key
	varFile   = "_FILE" // ends the name of a variable that names a file with the value
)

// variable returns the name of the variable that sets key: APP_DB__DSN for db.dsn.
func variable(key string) string {
	return varPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "__"))
}

// pathOf is the reverse of variable, for names that begin with varPrefix.
func pathOf(name string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, varPrefix), "__", "."))
}

// keyOf returns the key that a variable sets, and whether the variable names a file with the value. For an entry of a map, _FILE
// at the end always says so: an entry x_file cannot be set by a variable.
func (s *schema) keyOf(name string) (key string, isFile, ok bool) {
	key = pathOf(name)
	if variable(key) != name {
		return "", false, false
	}
	suffix := strings.ToLower(varFile)
	if f, entry := s.find(key); f != nil && !strings.HasSuffix(entry, suffix) {
		return key, false, true
	}
	key, isFile = strings.CutSuffix(key, suffix)
	f, _ := s.find(key)
	return key, isFile, isFile && f != nil
}

// environment puts the aliases and then the variables of our own on the stack.
func (l *loader) environment() {
	vars := map[string]string{}
	for _, entry := range l.opts.Environ {
		name, text, _ := strings.Cut(entry, "=")
		vars[name] = text
	}
	l.aliases(vars)
	setBy := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if !strings.HasPrefix(name, varPrefix) || slices.Contains(l.opts.Reserved, name) {
			continue
		}
		key, isFile, ok := l.keyOf(name)
		switch {
		case !ok:
			l.unknownVariable(name)
		case l.isFirst(setBy, key, name):
			text := vars[name]
			if isFile && text != "" {
				if text, ok = l.valueFile(key, name, text); !ok {
					continue
				}
			}
			l.overrideBy(name, key, text)
		}
	}
}

func (l *loader) aliases(vars map[string]string) {
	setBy := map[string]string{}
	for _, a := range l.opts.Aliases {
		text, present := vars[a.Var]
		if !present || !l.isFirst(setBy, a.Key, a.Var) {
			continue
		}
		if a.Map != nil && text != "" {
			mapped, err := a.Map(text)
			if err != nil {
				f, _ := l.find(a.Key)
				p := Problem{Key: a.Key, Where: originOf(a.Var), Got: f.quote(text) + " is not accepted"}
				if !f.secret { // the error may quote the text
					p.Hint = err.Error()
				}
				l.problem(p)
				continue
			}
			text = mapped
		}
		l.overrideBy(a.Var, a.Key, text)
	}
}

// isFirst notes that a variable sets key, or that another one does so already.
func (l *loader) isFirst(setBy map[string]string, key, name string) bool {
	if other := setBy[key]; other != "" {
		l.problem(Problem{Key: key, Where: originOf(name), Got: other + " sets it too", Hint: "unset one of the two"})
		return false
	}
	setBy[key] = name
	return true
}

// overrideBy puts the text of a variable on the stack.
func (l *loader) overrideBy(name, key, text string) {
	if text == "" {
		l.problem(Problem{Key: key, Where: originOf(name), Got: "an empty value", Hint: "give one or unset the variable"})
		return
	}
	f, _ := l.find(key)
	if v := l.decode(f, key, textInput(originOf(name), text)); v != nil {
		l.stack.override(key, v)
	}
}

// valueFile returns the content of the file that a variable names. The path stays out of all texts: people put the secret itself
// into the variable.
func (l *loader) valueFile(key, name, path string) (text string, ok bool) {
	data, info, err := read(os.DirFS(filepath.Dir(path)), filepath.Base(path))
	if err != nil {
		l.problem(Problem{Key: key, Where: originOf(name), Got: "its file cannot be read", Hint: err.Error()})
		return "", false
	}
	if l.isSecret(key) && info.Mode().Perm()&0o004 != 0 {
		l.warnings = append(l.warnings, originOf(name)+": everyone on this machine may read its file; chmod 600 it")
	}
	text = string(data)
	if cut, had := strings.CutSuffix(text, "\n"); had {
		text = strings.TrimSuffix(cut, "\r")
	}
	return text, true
}

// unknownVariable notes a variable with our prefix that sets nothing. Without "__" it is only worth a warning, and only when it
// is close to one of ours: platforms and other programs use such names too.
func (l *loader) unknownVariable(name string) {
	path := pathOf(name)
	if strings.Contains(name, "__") {
		l.unknownKey(originOf(name), path, variable)
		return
	}
	var ours []string
	for _, key := range l.leaves() {
		if !strings.Contains(key, ".") {
			ours = append(ours, key)
		}
	}
	for _, reserved := range l.opts.Reserved {
		ours = append(ours, pathOf(reserved))
	}
	if near := suggest(path, ours); near != "" {
		l.warnings = append(l.warnings, originOf(name)+" is no setting, "+didYouMean(variable(near)))
	}
}

// flags puts the overrides of the command line on the stack.
func (l *loader) flags() {
	const where = "--set"
	for _, arg := range l.opts.Set {
		key, text, ok := strings.Cut(arg, "=")
		f, _ := l.find(key)
		switch {
		case !ok && f == nil: // not shown: it may be a secret whose key was forgotten
			l.problem(Problem{Where: where, Got: "an argument without =", Want: "key=value"})
		case !ok:
			l.problem(Problem{Key: key, Where: where, Got: "no value", Want: "key=value"})
		case f == nil:
			l.unknownKey(where, key, asIs)
		default:
			if v := l.decode(f, key, textInput(where, text)); v != nil {
				l.stack.override(key, v)
			}
			if f.secret && cmp.Or(l.opts.Mode, Prod) == Prod {
				l.warnings = append(l.warnings, where+" "+key+": everyone on this machine sees it in the list of processes; set "+variable(key)+varFile)
			}
		}
	}
}

// unknownKey notes a key outside of the files that holds no value; spell writes a key the way the user would.
func (l *loader) unknownKey(where, key string, spell func(string) string) {
	p := Problem{Key: printable(key), Where: where, Got: "unknown key"}
	word, isFile := strings.CutSuffix(key, strings.ToLower(varFile))
	if hint := l.example(key, spell); hint != "" {
		p.Hint = hint
	} else if near := suggest(key, l.leaves()); near != "" {
		p.Hint = didYouMean(spell(near))
	} else if near := suggest(word, l.leaves()); isFile && near != "" {
		p.Hint = didYouMean(spell(near) + varFile)
	}
	l.problem(p)
}

func originOf(variable string) string { return "env " + variable }
