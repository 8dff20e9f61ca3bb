package name

import (
	"go/token"
	"slices"
	"strings"
)

// reserved reports whether a package of that name would not build, would hide something that generated code uses, or would be treated in a
// way of its own by the go command or by a file system.
func reserved(s string) bool {
	return token.IsKeyword(s) || device(s) || slices.ContainsFunc([][]string{predeclared(), folders(), generated()}, func(list []string) bool {
		return slices.Contains(list, s)
	})
}

// predeclared are the names that Go knows without an import, and those of functions with a meaning.
func predeclared() []string {
	return []string{
		"any", "append", "bool", "byte", "cap", "clear", "close", "comparable", "complex", "complex128", "complex64", "copy", "delete",
		"error", "false",
		"float32", "float64", "imag", "init", "int", "int16", "int32", "int64", "int8", "iota", "len", "main", "make", "max", "min",
		"new", "nil", "panic",
		"print", "println", "real", "recover", "rune", "string", "true", "uint", "uint16", "uint32", "uint64", "uint8", "uintptr",
	}
}

// folders are names that the go command or Banyan's tree gives a meaning to.
func folders() []string {
	return []string{
		"config", "configs", "doc", "health", "internal", "keys", "migrations", "module", "modules", "platform", "test", "testdata", "vendor", "web", "wire",
	}
}

// tables are names before the _ that the tables of a module begin with: those of the history of migrations, and what SQLite keeps for itself. (That
// of the platform is the name of a folder as well. What PostgreSQL keeps, pg_, is about schemas and not about tables.)
func tables() []string { return []string{"banyan", "sqlite"} }

// files are names that a resource, with a folder of its own in its module, has files and folders of.
func files() []string {
	return []string{"load", "protect", "receive", "relations", "seed", "service", "store"}
}

// device reports whether Windows takes a file of that name for a device.
func device(s string) bool {
	if slices.Contains([]string{"aux", "con", "nul", "prn"}, s) {
		return true
	}
	return len(s) == 4 && (strings.HasPrefix(s, "com") || strings.HasPrefix(s, "lpt")) && s[3] >= '1' && s[3] <= '9'
}

// generated are the names, in lower case, that templates import, declare or give to a variable, and those of the methods that stand beside a
// resource in a struct. A test compares the list with the templates.
func generated() []string {
	return []string{
		"after", "api", "apply", "apptest", "back", "before", "begin", "blob", "broken", "cache", "cached", "cfg", "changed", "check", "checkedneeds", "checkneeds", "clause", "clock",
		"context", "ctx", "db", "decimal", "done", "embed", "err", "errors", "everywhere", "expected", "failures", "fault", "fiber", "files", "find",
		"first", "fmt", "found", "fs", "gorm", "got", "handle", "hold", "id", "ids", "images", "in", "include", "insert", "inside", "json", "keep", "kept", "keyring",
		"made", "may", "missing", "money", "name", "needs", "normalize", "now", "of", "ok", "open", "ornull", "page", "pagekey", "pagesof", "pagetags", "password", "passwords", "patch",
		"plain", "protected", "rand", "raw", "reflect", "regexp", "route", "row", "rows", "sample", "secrets", "seedbatch", "seedtargets", "set", "shown",
		"slices", "slog", "strconv", "strings", "taken", "testing", "time", "torow", "unit", "unknown", "update", "utf8", "want",
	}
}

// suffixOfFile reports whether Go gives a file name that ends in _s a meaning: the systems, the architectures, and test.
func suffixOfFile(s string) bool {
	return slices.Contains([]string{
		"test", "gen",
		"aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux", "nacl", "netbsd", "openbsd", "plan9",
		"solaris", "unix", "wasip1", "windows", "zos",
		"386", "amd64", "amd64p32", "arm", "armbe", "arm64", "arm64be", "loong64", "mips", "mipsle", "mips64", "mips64le", "mips64p32",
		"mips64p32le", "ppc", "ppc64", "ppc64le", "riscv", "riscv64", "s390", "s390x", "sparc", "sparc64", "wasm",
	}, s)
}

// reservedColumn reports whether a column of that name would have to be quoted in PostgreSQL or SQLite.
func reservedColumn(s string) bool {
	return slices.Contains(reservedColumns(), s)
}

// reservedColumns are the reserved words of PostgreSQL 15 (including those that are reserved as functions or types) with its system columns,
// and those of SQLite's keywords that it does not take as a column.
func reservedColumns() []string {
	return []string{
		"add", "all", "alter", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization", "autoincrement",
		"between", "binary", "both", "case", "cast", "check", "cmax", "cmin", "collate", "collation", "column", "commit", "concurrently",
		"constraint", "create",
		"cross", "ctid", "current_catalog", "current_date", "current_role", "current_schema", "current_time", "current_timestamp",
		"current_user",
		"default", "deferrable", "delete", "desc", "distinct", "do", "drop", "else", "end", "escape", "except", "exists", "false",
		"fetch",
		"for", "foreign", "freeze", "from", "full", "grant", "group", "having", "ilike", "in", "index", "initially", "inner", "insert",
		"intersect", "into", "is", "isnull", "join", "lateral", "leading", "left", "like", "limit", "localtime", "localtimestamp",
		"natural",
		"not", "nothing", "notnull", "null", "offset", "on", "only", "or", "order", "outer", "over", "overlaps", "placing", "primary",
		"raise",
		"references", "returning", "right", "rowid", "select", "session_user", "set", "similar", "some", "symmetric", "system_user",
		"table",
		"tableoid", "tablesample", "then", "to", "trailing", "transaction", "true", "union", "unique", "update", "user", "using",
		"values", "variadic",
		"verbose", "when", "where", "window", "with", "xmax", "xmin",
	}
}
