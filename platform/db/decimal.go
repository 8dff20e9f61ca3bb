package db

import (
	"context"
	"database/sql"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/schema"

	"github.com/banyan-go/banyan/platform/decimal"
)

// Decimal is the column type of an exact number with a fixed scale, in a row struct. SQLite has no such type: there the column
// holds the number of smallest units, an integer; elsewhere it is numeric. So a value read from a row is turned into a number by
// Exact with the column's scale.
type Decimal struct {
	scale  int
	units  int64            // of the smallest unit, unless exact is set
	exact  *decimal.Decimal // as an engine with numeric returns it
	exceed error            // the value does not fit its column
}

var (
	_ sql.Scanner                  = (*Decimal)(nil)
	_ gorm.Valuer                  = Decimal{}
	_ schema.GormDataTypeInterface = Decimal{}
)

// NewDecimal returns d for a column with that scale. A value that does not fit is an error of the statement that uses it.
func NewDecimal(d decimal.Decimal, scale int) Decimal {
	units, err := d.Scaled(scale)
	return Decimal{scale: scale, units: units, exceed: err}
}

// NewNullDecimal is NewDecimal for a column that may be null.
func NewNullDecimal(d *decimal.Decimal, scale int) *Decimal {
	if d == nil {
		return nil
	}
	return new(NewDecimal(*d, scale))
}

// Exact returns the value of a column with that scale.
func (d Decimal) Exact(scale int) decimal.Decimal {
	if d.exact != nil {
		return *d.exact
	}
	return decimal.FromScaled(d.units, scale)
}

// NullExact is Decimal.Exact for a column that may be null.
func NullExact(d *Decimal, scale int) *decimal.Decimal {
	if d == nil {
		return nil
	}
	return new(d.Exact(scale))
}

// Scan reads what an engine returns.
func (d *Decimal) Scan(src any) error {
	var text string
	switch v := src.(type) {
	case int64:
		*d = Decimal{units: v}
		return nil
	case string:
		text = v
	case []byte:
		text = string(v)
	default:
		return fmt.Errorf("read decimal column: cannot read a %T", src)
	}
	exact, err := decimal.Parse(text)
	if err != nil {
		return fmt.Errorf("read decimal column: %w", err)
	}
	*d = Decimal{exact: &exact}
	return nil
}

// GormDataType keeps gorm from taking the struct for a relation.
func (Decimal) GormDataType() string { return "decimal" }

// GormValue writes the value as the engine of tx wants it.
func (d Decimal) GormValue(_ context.Context, tx *gorm.DB) clause.Expr {
	f, err := featuresOf(tx)
	if err == nil {
		err = d.exceed
	}
	switch {
	case err != nil:
		_ = tx.AddError(fmt.Errorf("write decimal column: %w", err)) // returns what it was given; tx keeps it
		return clause.Expr{SQL: "NULL"}
	case f.ScaledDecimals:
		return clause.Expr{SQL: "?", Vars: []any{d.units}}
	default:
		return clause.Expr{SQL: "?", Vars: []any{d.Exact(d.scale).String()}}
	}
}
