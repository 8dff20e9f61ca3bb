package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
)

// Bucket is the column `bucket` of a table that is divided by a key, in a row struct: a small integer, the first column of the primary key.
// Unlike the number alone it is not its zero value once it is set. Gorm leaves zero values out of conditions, and a row of bucket 0 would be
// looked for in all of them.
type Bucket struct {
	number id.Bucket
	set    bool
}

var (
	_ sql.Scanner   = (*Bucket)(nil)
	_ driver.Valuer = Bucket{}
)

// BucketOf returns the bucket of a row by its id, which carries that of the row's key.
func BucketOf(rowID id.ID) Bucket { return Bucket{number: rowID.Bucket(), set: true} }

// Value returns the number. It is an error for the zero value.
func (b Bucket) Value() (driver.Value, error) {
	if !b.set {
		return nil, errors.New("the bucket of a row is not set: use db.BucketOf with its id")
	}
	return int64(b.number), nil
}

// Scan reads the number.
func (b *Bucket) Scan(v any) error {
	n, ok := v.(int64)
	if !ok || n < 0 || n >= id.Buckets {
		return fmt.Errorf("column bucket holds %v, want a number below %d", v, id.Buckets)
	}
	*b = Bucket{number: id.Bucket(n), set: true}
	return nil
}

// GormDataType names the type of the column.
func (Bucket) GormDataType() string { return "smallint" }

// ListBy is List for a table that is divided by the column shardKey: within one key when q filters that column for one value, otherwise over all
// keys by Handle.Each. A search reads every row, so over all keys it is an error of kind fault.Invalid.
func ListBy[R any](ctx context.Context, h *Handle, shardKey string, q page.Query) (p page.Page[R], err error) {
	if b, ok := BucketIn(q, shardKey); ok {
		return List[R](h.Query(ctx, bucketKey(b)).Where("bucket = ?", b), q)
	}
	if q.Search != "" {
		return p, fault.InvalidFields(fault.Field{
			In: "query", Pointer: "/q", Code: "filter", Detail: "needs filter[" + shardKey + "] with one value beside it",
		})
	}
	err = h.Each(ctx, func(_ context.Context, tx *gorm.DB) error {
		p, err = List[R](tx, q)
		return err
	})
	return p, err
}

// ByIDsEach returns the rows of R's table with these ids, in no order, for a table that is divided: with one statement for each database and
// every 500 of them. R is a row struct with the columns bucket and id.
func ByIDsEach[R any](ctx context.Context, h *Handle, ids []id.ID) (rows []R, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	err = h.Each(ctx, func(_ context.Context, tx *gorm.DB) error {
		some, err := byIDs[R](tx, ids, func(tx *gorm.DB, batch []id.ID) *gorm.DB {
			buckets := make([]Bucket, len(batch))
			for i, rowID := range batch {
				buckets[i] = BucketOf(rowID)
			}
			return tx.Where("bucket IN ? AND id IN ?", buckets, batch)
		})
		rows = append(rows, some...)
		return err
	})
	return rows, err
}

// BucketIn returns the bucket in which all that q asks for lies: that of the one value that it filters the column of a shard key for. It is false when there is none.
func BucketIn(q page.Query, column string) (id.Bucket, bool) {
	for _, f := range q.Conditions() {
		if f.Field.Column != column || f.Op != page.Eq && (f.Op != page.In || len(f.Values) != 1) {
			continue
		}
		switch key := f.Values[0].(type) {
		case id.ID:
			return key.Bucket(), true
		case string:
			return id.BucketOf(key), true
		}
	}
	return 0, false
}

// LatestEach is Latest over every database.
func LatestEach[R any](ctx context.Context, h *Handle, n int) (ids []id.ID, err error) {
	err = h.Each(ctx, func(_ context.Context, tx *gorm.DB) error {
		some, err := Latest[R](tx, n)
		ids = append(ids, some...)
		return err
	})
	slices.SortFunc(ids, func(a, b id.ID) int { return b.Compare(a) })
	return ids[:min(len(ids), n)], err
}
