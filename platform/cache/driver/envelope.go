package driver

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/cespare/xxhash/v2"
)

// MaxValue is the most bytes of a stored value, with everything around it.
const MaxValue = 4 << 20

// magic is what a stored value begins with: its layout is the first.
const magic = "BC1 "

// What is stored begins with a line that scripts can read, the marks that it hangs on. Behind it are the checksum of all else, and what Decode reads.
//
//	BC1 <marks>\n<checksum, 8 bytes><name><schema><flags><took><position><filled><ends><payload>
//
// Times are milliseconds by the clock of the store; numbers are varints, and the name stands behind its length.

// ErrDamaged means that what is stored is no value of the key.
var ErrDamaged = errors.New("the stored value is damaged")

// ErrTooLarge means that a value has more than MaxValue bytes.
var ErrTooLarge = errors.New("the value is too large to be stored")

// Head returns the line that a value under these marks begins with.
func Head(under string) string { return magic + under + "\n" }

const absentFlag = 1

// Encode returns what is stored of a value. Now is the time of the store.
func Encode(name, under string, v Value, now time.Time) ([]byte, error) {
	head := Head(under)
	b := make([]byte, 0, len(head)+len(name)+len(v.Payload)+64)
	b = append(append(b, head...), make([]byte, 8)...)
	b = binary.AppendUvarint(b, uint64(len(name)))
	b = append(b, name...)
	b = binary.AppendUvarint(b, v.Schema)
	var flags byte
	if v.Absent {
		flags |= absentFlag
	}
	b = append(b, flags)
	b = binary.AppendVarint(b, v.Took.Milliseconds())
	b = binary.AppendUvarint(b, v.Position)
	b = binary.AppendVarint(b, now.UnixMilli())
	b = binary.AppendVarint(b, now.Add(v.Left).UnixMilli())
	b = append(b, v.Payload...)
	if len(b) > MaxValue {
		return nil, ErrTooLarge
	}
	binary.BigEndian.PutUint64(b[len(head):], checksum(b, len(head)))
	return b, nil
}

// checksum is that of everything but itself.
func checksum(b []byte, at int) uint64 {
	var d xxhash.Digest
	d.Reset()
	_, _ = d.Write(b[:at]) // it never fails
	_, _ = d.Write(b[at+8:])
	return d.Sum64()
}

// skew is how far in the future a value may have been filled: the clock of the store may have been set back.
const skew = time.Minute

// Decode reads what Encode has written for the key with this name, and returns the marks that it hangs on. These and the payload are parts of b. The error is
// ErrDamaged.
func Decode(b []byte, name string, now time.Time) (v Value, under []byte, err error) {
	end := bytes.IndexByte(b, '\n')
	if len(b) > MaxValue || end < len(magic) || string(b[:len(magic)]) != magic || len(b) < end+9 {
		return Value{}, nil, ErrDamaged
	}
	if binary.BigEndian.Uint64(b[end+1:]) != checksum(b, end+1) {
		return Value{}, nil, ErrDamaged
	}
	r := reader{rest: b[end+9:]}
	if string(r.text()) != name {
		return Value{}, nil, ErrDamaged
	}
	v.Schema = r.unsigned()
	v.Absent = r.flag()
	v.Took = r.millis()
	v.Position = r.unsigned()
	filled, ends := r.signed(), r.signed()
	if r.failed || filled > now.Add(skew).UnixMilli() || ends < filled || v.Took < 0 {
		return Value{}, nil, ErrDamaged
	}
	v.Left = time.Duration(ends-now.UnixMilli()) * time.Millisecond
	v.Payload = r.rest
	return v, b[len(magic):end], nil
}

// reader takes what Encode has written apart. After a failure it returns zeros.
type reader struct {
	rest   []byte
	failed bool
}

func (r *reader) unsigned() uint64 {
	n, size := binary.Uvarint(r.rest)
	r.failed = r.failed || size <= 0
	r.take(size)
	return n
}

func (r *reader) signed() int64 {
	n, size := binary.Varint(r.rest)
	r.failed = r.failed || size <= 0
	r.take(size)
	return n
}

func (r *reader) millis() time.Duration {
	n := r.signed()
	if n < 0 || n > math.MaxInt64/int64(time.Millisecond) {
		r.failed = true
		return 0
	}
	return time.Duration(n) * time.Millisecond
}

func (r *reader) flag() bool {
	if len(r.rest) == 0 {
		r.failed = true
		return false
	}
	b := r.rest[0]
	r.take(1)
	if b > absentFlag {
		r.failed = true
	}
	return b == absentFlag
}

func (r *reader) text() []byte {
	n := r.unsigned()
	if r.failed || n > uint64(len(r.rest)) {
		r.failed = true
		return nil
	}
	text := r.rest[:n]
	r.take(int(n))
	return text
}

func (r *reader) take(n int) {
	if n < 0 || n > len(r.rest) {
		r.failed = true
		return
	}
	r.rest = r.rest[n:]
}

// Join writes texts one behind the other, each behind its length, so that no two lists read the same.
func Join(parts ...string) string {
	n := 0
	for _, p := range parts {
		n += len(p) + 4
	}
	b := make([]byte, 0, n)
	for _, p := range parts {
		b = strconv.AppendInt(b, int64(len(p)), 10)
		b = append(append(b, ':'), p...)
	}
	return string(b)
}

// Split reads what Join has written.
func Split(text string) (parts []string, ok bool) {
	for text != "" {
		colon := 0
		for colon < len(text) && text[colon] != ':' {
			colon++
		}
		n, err := strconv.ParseUint(text[:colon], 10, 31)
		if err != nil || uint64(len(text)) < uint64(colon)+1+n {
			return nil, false
		}
		text = text[colon+1:]
		parts = append(parts, text[:n])
		text = text[n:]
	}
	return parts, true
}
