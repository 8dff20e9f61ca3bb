// Package config loads the settings of an application: in layers, strictly, and once, into a struct that nobody changes
// afterwards.
//
// Every component owns its Config struct with its defaults and rules; the application nests them as the components nest.
//
//	type Pool struct {
//		MaxOpen int           `config:"max_open" doc:"Most connections that are open at a time."`
//		MaxLife time.Duration `config:"max_life" doc:"Age at which a connection is closed; 0s keeps it."`
//	}
//
//	type DB struct {
//		DSN  string `config:"dsn" secret:"true" doc:"Where the database is."`
//		Pool Pool   `config:"pool"`
//	}
//
//	func (c *DB) Validate(r *config.Report) {
//		if c.Pool.MaxOpen < 1 {
//			r.Add("pool.max_open", strconv.Itoa(c.Pool.MaxOpen), "1 or more")
//		}
//	}
//
// # Keys
//
// A key is the path of tags that leads to a field, "db.pool.max_open": lower snake case, joined by dots. Every exported field of
// the tree has a tag: `config:"name"`, `config:",squash"` for a struct whose fields belong to the struct around it (an embedded
// struct has to be squashed), or `config:"-"` for a field that is no setting. `secret:"true"` hides the value, or all values of
// the struct, wherever the package writes them. `doc` is one sentence for whoever sets the key; `enum:"json,text"` are all the texts
// that the value, or an element of the list, may be.
//
// A field may be a string, bool, integer, float, time.Duration, any type with encoding.TextUnmarshaler, a slice of these, a map
// from string to these, or a struct. The entries of a map become keys of their own, "queue.workers.mail"; their names are lower
// case letters and digits, joined by single "_" or "-", and with the tag `dotted:"true"` by single "." too.
//
// # Layers
//
// From low to high: what the struct holds before Load, base.yaml, profiles/<profile>.yaml, local.yaml (in mode dev only), alias
// variables such as DATABASE_URL, the environment, --set. A list of a higher layer replaces the lower one; maps are merged entry
// by entry.
//
// The environment names a key in upper case with "__" for the dot: APP_DB__POOL__MAX_OPEN. With _FILE behind it, the variable
// names a file whose content is the value, without one newline at its end. In the environment and in --set a list is separated by
// commas; a list whose elements contain commas has to be set in a file.
//
// # Strictness
//
// Load collects everything that is wrong, in layers that are overridden too, and returns it at once as [Problems]: each with its
// key, its file and line or variable, what was found and what is wanted. Values of secrets never appear in them.
//
// YAML is read by its source text: version: 1.10 is the text 1.10 and sku: 007 the text 007. true and false are the only
// booleans, numbers are decimal, durations carry a unit, and anchors, aliases and tags are refused.
package config
