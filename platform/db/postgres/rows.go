package postgres

import (
	"bytes"
	"context"
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// rows is the result of a statement as database/sql reads it.
type rows struct {
	*result
	ctx    context.Context
	ended  bool
	closed func() // called at the end; may be nil
}

var (
	_ driver.RowsColumnTypeScanType         = (*rows)(nil)
	_ driver.RowsColumnTypeDatabaseTypeName = (*rows)(nil)
)

// Columns returns the names. They are the caller's own: gorm writes into them.
func (r *rows) Columns() []string {
	fields := r.FieldDescriptions()
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fields[i].Name
	}
	return names
}

// Next reads a row into dest, and returns io.EOF behind the last one.
func (r *rows) Next(dest []driver.Value) error {
	if !r.more && !r.NextRow() {
		if err := r.end(); err != nil {
			return err
		}
		return io.EOF
	}
	r.more = false
	fields := r.FieldDescriptions()
	for i, raw := range r.Values() {
		v, err := value(r.conn.pgx.TypeMap(), &fields[i], raw, dest[i])
		if err != nil {
			return r.conn.fail(r.ctx, fmt.Errorf("read column %s: %w", fields[i].Name, err))
		}
		dest[i] = v
	}
	return nil
}

// end reads the rest of the answer.
func (r *rows) end() error {
	if r.ended {
		return nil
	}
	r.ended = true
	if _, err := r.close(); err != nil {
		return r.conn.fail(r.ctx, err)
	}
	return nil
}

// Close ends the statement. What a server says then about rows that nobody has read is no error of the caller's, unless a transaction
// depends on it.
func (r *rows) Close() error {
	err := r.end()
	r.conn.reading = false
	if r.closed != nil {
		r.closed()
	}
	return err
}

// ColumnTypeDatabaseTypeName returns the server's name of a column's type, "INT8"; its number for one that only this database has.
func (r *rows) ColumnTypeDatabaseTypeName(i int) string {
	oid := r.FieldDescriptions()[i].DataTypeOID
	if t, ok := r.conn.pgx.TypeMap().TypeForOID(oid); ok {
		return strings.ToUpper(t.Name)
	}
	return strconv.FormatUint(uint64(oid), 10)
}

// ColumnTypeScanType returns the type that a column is best read into, as which gorm returns it in a map.
func (r *rows) ColumnTypeScanType(i int) reflect.Type {
	switch r.FieldDescriptions()[i].DataTypeOID {
	case pgtype.BoolOID:
		return reflect.TypeFor[bool]()
	case pgtype.Int2OID:
		return reflect.TypeFor[int16]()
	case pgtype.Int4OID:
		return reflect.TypeFor[int32]()
	case pgtype.Int8OID:
		return reflect.TypeFor[int64]()
	case pgtype.Float4OID:
		return reflect.TypeFor[float32]()
	case pgtype.Float8OID, pgtype.NumericOID:
		return reflect.TypeFor[float64]()
	case pgtype.DateOID, pgtype.TimestampOID, pgtype.TimestamptzOID:
		return reflect.TypeFor[time.Time]()
	case pgtype.ByteaOID:
		return reflect.TypeFor[[]byte]()
	}
	return reflect.TypeFor[string]()
}

// The first moments of the server's clock and of ours.
const (
	daysTo2000   = 10_957
	microsTo2000 = daysTo2000 * 24 * 60 * 60 * 1_000_000
)

// value turns what the server has sent into what database/sql takes: what pgx's own driver for it would return, but for the plan that that makes
// for every column of every statement. Last is the value of the row before, which is returned again where it is the same: columns repeat themselves.
func value(types *pgtype.Map, f *pgconn.FieldDescription, raw []byte, last driver.Value) (driver.Value, error) {
	if raw == nil {
		return nil, nil
	}
	if f.Format == pgtype.BinaryFormatCode {
		if v, ok := fixed(f.DataTypeOID, raw, last); ok {
			return v, nil
		}
	} else if formatOf(f.DataTypeOID) == pgtype.TextFormatCode {
		switch f.DataTypeOID {
		case pgtype.JSONOID, pgtype.JSONBOID, pgtype.XMLOID:
			return bytes.Clone(raw), nil
		}
		if text, ok := last.(string); ok && text == string(raw) {
			return last, nil
		}
		return string(raw), nil
	}
	t, ok := types.TypeForOID(f.DataTypeOID)
	if !ok {
		return nil, fmt.Errorf("type %d is not known", f.DataTypeOID)
	}
	return t.Codec.DecodeDatabaseSQLValue(types, f.DataTypeOID, f.Format, raw)
}

// same returns last when that is v, and spares the memory for another one.
func same[T comparable](v T, last driver.Value) driver.Value {
	if l, ok := last.(T); ok && l == v {
		return last
	}
	return v
}

// fixed reads the binary form of a type, and reports false when it is not of the length that this has, or is a time without end.
func fixed(oid uint32, raw []byte, last driver.Value) (driver.Value, bool) {
	switch oid {
	case pgtype.ByteaOID:
		return bytes.Clone(raw), true
	case pgtype.BoolOID:
		if len(raw) == 1 {
			return raw[0] != 0, true
		}
	}
	switch len(raw) {
	case 2:
		if oid == pgtype.Int2OID {
			return int64(int16(binary.BigEndian.Uint16(raw))), true
		}
	case 4:
		n := binary.BigEndian.Uint32(raw)
		switch oid {
		case pgtype.Int4OID:
			return same(int64(int32(n)), last), true
		case pgtype.OIDOID, pgtype.CIDOID, pgtype.XIDOID:
			return int64(n), true
		case pgtype.Float4OID:
			return float64(math.Float32frombits(n)), true
		case pgtype.DateOID:
			days := int32(n)
			return same(time.Unix((int64(days)+daysTo2000)*24*60*60, 0).UTC(), last), days != math.MaxInt32 && days != math.MinInt32
		}
	case 8:
		n := binary.BigEndian.Uint64(raw)
		switch oid {
		case pgtype.Int8OID:
			return same(int64(n), last), true
		case pgtype.Float8OID:
			return math.Float64frombits(n), true
		case pgtype.TimestampOID, pgtype.TimestamptzOID:
			micros := int64(n)
			return same(time.UnixMicro(micros+microsTo2000).UTC(), last), micros != math.MaxInt64 && micros != math.MinInt64
		}
	}
	return nil, false
}
