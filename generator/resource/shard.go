package resource

import (
	"errors"
	"fmt"
	"slices"

	"github.com/banyan-go/banyan/generator/field"
	"github.com/banyan-go/banyan/generator/name"
)

// ShardKey is the field that divides a table.
type ShardKey struct{ Go, Column, Words string }

// readShardKey finds the field that divides the rows. A row never moves from one key to another, has always one, and is asked for by it: so the
// field becomes required, immutable and a filter.
func (c *checked) readShardKey() error {
	if c.ShardBy == "" {
		return nil
	}
	i := c.named(c.ShardBy)
	refuse := func(reason string) error { return fmt.Errorf("--shard-by %s: %s", name.Quote(c.ShardBy), reason) }
	if i < 0 {
		return refuse("there is no such field: name one of the resource")
	}
	f := &c.fields[i]
	switch {
	case f.Type != field.String && f.Type != field.Slug && f.Type != field.UUID && !f.Type.Refers():
		return refuse(fmt.Sprintf("a field of type %s cannot divide rows: use a ref, an xref, a uuid, a string or a slug", f.Type))
	case f.Null:
		return refuse("the field may be null, and each row needs a key: take null away")
	case f.Hidden, f.Guarded():
		return refuse("the field is not in requests, which say by it where to look: take hidden or secret away")
	case f.Default != nil:
		return refuse("the field has a default, and all rows that say nothing would lie in one place: take default away")
	case f.NoIndex, !f.Indexable():
		return refuse("rows are looked for by the field, and it has no index: take noindex away, or add max=255")
	}
	f.Required, f.Immutable, f.Filter = true, true, true
	c.shardKey = f
	return nil
}

// checkUniqueWithinKey refuses what would have to be unique over several databases.
func (c *checked) checkUniqueWithinKey() error {
	if c.shardKey == nil {
		return nil
	}
	key := c.shardKey.Name
	var errs []error
	for _, f := range c.fields {
		if f.Unique && f.Name != key {
			errs = append(errs, field.Refuse(f.Text, fmt.Sprintf("the rows are divided by %[1]s, and no database sees those of all: say --unique %[1]s+%[2]s", key.Snake, f.Name.Snake), "unique"))
		}
	}
	for _, comp := range c.composites {
		if comp.unique && !slices.ContainsFunc(comp.fields, func(f field.Field) bool { return f.Name == key }) {
			errs = append(errs, fmt.Errorf("--unique %s: the rows are divided by %s, and no database sees those of all: add +%[2]s", name.Quote(comp.text), key.Snake))
		}
	}
	return errors.Join(errs...)
}

// addShardKey writes how rows are found: by their id where the table is one, and by the bucket that an id carries where it is divided.
func (v *View) addShardKey(c checked) {
	v.NewID, v.KeyOfNew, v.KeyOfID, v.KeyOfRows = "id.New()", "db.Global", "db.Global", "db.Global"
	if c.shardKey == nil {
		return
	}
	f := c.shardKey
	v.ShardKey = &ShardKey{Go: f.Name.Pascal, Column: f.Name.Snake, Words: f.Name.Words}
	v.NewID = "id.NewIn(id.BucketOf(d." + f.Name.Pascal + "))"
	if f.Type == field.UUID || f.Type.Refers() {
		v.NewID = "id.NewIn(d." + f.Name.Pascal + ".Bucket())"
	}
	v.KeyOfNew, v.KeyOfID, v.KeyOfRows = "db.By("+v.Var+"."+f.Name.Pascal+")", "db.By("+v.Var+"ID)", "db.By(rows[0].ID)"
}
