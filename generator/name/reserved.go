package name

import (
	"go/token"
	"slices"
)

// reservedPackage reports whether a package of that name would not build, would hide something that generated code uses, or would be
// treated in a way of its own by the go command or by a file system.
func reservedPackage(s string) bool {
	if token.IsKeyword(s) {
		return true
	}
	_, found := slices.BinarySearch(reservedPackages(), s)
	return found
}

// reservedPackages is sorted: Go's predeclared names, the names that templates import or use, folders with a meaning, device names.
func reservedPackages() []string {
	return []string{
		"any", "api", "append", "apptest", "aux", "bool", "byte", "cap", "clear", "clock", "close", "comparable", "complex", "con", "config",
		"context", "copy", "db", "decimal", "delete", "embed", "error", "errors", "false", "fault", "fiber", "float32", "float64", "fmt",
		"fs", "gorm", "health", "id", "imag", "init", "int", "int16", "int32", "int64", "int8", "internal", "iota", "keys", "len", "load", "main",
		"make", "max", "migrations", "min", "module", "modules", "money", "new", "nil", "nul", "page", "panic", "patch", "print", "println",
		"prn", "real", "recover", "rune", "string", "strings", "test", "testdata", "testing", "time", "true", "uint", "uint16",
		"uint32", "uint64", "uint8", "uintptr", "unit", "utf8", "vendor", "web", "wire",
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
	_, found := slices.BinarySearch(reservedColumns(), s)
	return found
}

// reservedColumns is sorted: the reserved words of PostgreSQL 15 (including those that are reserved as functions or types) and those of
// SQLite's keywords that it does not take as a column.
func reservedColumns() []string {
	return []string{
		"add", "all", "alter", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization", "autoincrement",
		"between", "binary", "both", "case", "cast", "check", "collate", "collation", "column", "commit", "concurrently", "constraint", "create",
		"cross", "current_catalog", "current_date", "current_role", "current_schema", "current_time", "current_timestamp", "current_user",
		"default", "deferrable", "delete", "desc", "distinct", "do", "drop", "else", "end", "escape", "except", "exists", "false", "fetch",
		"for", "foreign", "freeze", "from", "full", "grant", "group", "having", "ilike", "in", "index", "initially", "inner", "insert",
		"intersect", "into", "is", "isnull", "join", "lateral", "leading", "left", "like", "limit", "localtime", "localtimestamp", "natural",
		"not", "nothing", "notnull", "null", "offset", "on", "only", "or", "order", "outer", "over", "overlaps", "placing", "primary",
		"references", "returning", "right", "rowid", "select", "session_user", "set", "similar", "some", "symmetric", "system_user", "table",
		"tablesample", "then", "to", "trailing", "transaction", "true", "union", "unique", "update", "user", "using", "values", "variadic",
		"verbose", "when", "where", "window", "with",
	}
}
