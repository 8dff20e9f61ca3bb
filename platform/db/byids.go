package db

import (
	"slices"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/id"
)

// idBatch is how many ids one statement looks for: all those of a page, and far from what an engine binds at most.
const idBatch = 500

// ByIDs reads the rows of R's table with these ids, in no order: with one statement for every 500 of them, and none for no ids. An id that
// stands twice is looked for once. R is a row struct with a column id; tx comes from Handle.Query and may carry conditions of its
// own.
func ByIDs[R any](tx *gorm.DB, ids []id.ID) ([]R, error) {
	return byIDs[R](tx, ids, func(tx *gorm.DB, batch []id.ID) *gorm.DB { return tx.Where("id IN ?", batch) })
}

func byIDs[R any](tx *gorm.DB, ids []id.ID, where func(tx *gorm.DB, batch []id.ID) *gorm.DB) ([]R, error) {
	sorted := slices.Clone(ids)
	slices.SortFunc(sorted, id.ID.Compare)
	tx = tx.Session(&gorm.Session{}) // a handle that several queries can start from
	var rows []R
	for batch := range slices.Chunk(slices.Compact(sorted), idBatch) {
		var more []R
		if err := where(tx, batch).Find(&more).Error; err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// Latest returns the ids of at most n rows of R's table, the newest first. R is a row struct with a column id; tx comes from Handle.Query and
// may carry conditions of its own.
func Latest[R any](tx *gorm.DB, n int) (ids []id.ID, err error) {
	err = tx.Model(new(R)).Order("id DESC").Limit(n).Pluck("id", &ids).Error
	return ids, err
}
