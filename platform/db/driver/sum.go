package driver

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Sum is the checksum of rows, whatever their order: the hashes of the rows, cut to 128 bits, added up. Rows that stand twice count twice. It
// finds what is lost or damaged, and is no proof against somebody who means to deceive. The zero value is that of no rows.
type Sum struct {
	rows      int64
	high, low uint64
}

// Add adds a row in a form that tells different rows apart.
func (s *Sum) Add(row []byte) {
	h := sha256.Sum256(row)
	s.rows++
	s.high += binary.BigEndian.Uint64(h[:8])
	s.low += binary.BigEndian.Uint64(h[8:16])
}

// Table returns the rows that were added, as those of a table.
func (s *Sum) Table(name string) Table {
	return Table{Name: name, Rows: s.rows, Sum: fmt.Sprintf("%016x%016x", s.high, s.low)}
}
