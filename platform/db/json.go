package db

import (
	"bytes"
	"database/sql"
	"database/sql/driver"
	"fmt"

	"gorm.io/gorm/schema"
)

// JSON is the column type of JSON of any shape, in a row struct: TEXT on SQLite, jsonb elsewhere, which keeps values and not how they are
// spelled. Nil is no JSON; for a column that may be null use a *JSON.
type JSON []byte

var (
	_ sql.Scanner                  = (*JSON)(nil)
	_ driver.Valuer                = JSON(nil)
	_ schema.GormDataTypeInterface = JSON(nil)
)

// Value writes text: bytes would become a BLOB, which SQLite's functions take for another format.
func (j JSON) Value() (driver.Value, error) { return string(j), nil }

// Scan reads what an engine returns.
func (j *JSON) Scan(src any) error {
	switch v := src.(type) {
	case string:
		*j = JSON(v)
	case []byte:
		*j = bytes.Clone(v)
	default:
		return fmt.Errorf("read JSON column: cannot read a %T", src)
	}
	return nil
}

// GormDataType is what gorm calls the column.
func (JSON) GormDataType() string { return "json" }
