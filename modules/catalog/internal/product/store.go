package product

import (
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/banyan-go/banyan/modules/catalog"
	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/money"
	"github.com/banyan-go/banyan/platform/page"
)

// row is a product as the table has it.
type row struct {
	ID            id.ID
	Sku           string
	Name          string
	PriceAmount   int64
	PriceCurrency string
	Active        bool
	Released      *clock.Date
	Version       int64
	CreatedAt     time.Time
	UpdatedAt     time.Time `gorm:"autoUpdateTime:false"` // set by the rules
}

// TableName tells gorm where the rows are.
func (row) TableName() string { return "catalog_products" }

func toRow(p catalog.Product) row {
	return row{
		ID:            p.ID,
		Sku:           p.Sku,
		Name:          p.Name,
		PriceAmount:   p.Price.Minor,
		PriceCurrency: string(p.Price.Currency),
		Active:        p.Active,
		Released:      p.Released,
		Version:       p.Version,
		CreatedAt:     p.CreatedAt,
		UpdatedAt:     p.UpdatedAt,
	}
}

func (r row) product() catalog.Product {
	return catalog.Product{
		ID:        r.ID,
		Sku:       r.Sku,
		Name:      r.Name,
		Price:     money.Amount{Minor: r.PriceAmount, Currency: money.Currency(r.PriceCurrency)},
		Active:    r.Active,
		Released:  r.Released,
		Version:   r.Version,
		CreatedAt: r.CreatedAt,
		UpdatedAt: r.UpdatedAt,
	}
}

// Listing is what lists of products may be filtered, sorted and searched by.
func Listing() page.Spec {
	return page.Spec{
		Fields: []page.Field{
			{Name: "active", Type: page.Bool(), Filter: true},
		},
		Search: []string{"name"},
	}
}

// find returns the row of a product, ErrProductNotFound when there is none.
func find(q *gorm.DB, productID id.ID) (row, error) {
	var r row
	err := q.Where("id = ?", productID).Take(&r).Error
	if db.IsNotFound(err) {
		return row{}, catalog.ErrProductNotFound
	}
	return r, err
}

// hold is find for a row that is going to be written: nobody else changes it before the transaction ends.
func hold(q *gorm.DB, productID id.ID) (row, error) {
	return find(q.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}), productID)
}

// insert adds rows.
func insert(q *gorm.DB, rows ...row) error { return taken(q.Create(&rows).Error) }

// update writes every column of a row that is there.
func update(q *gorm.DB, r row) error { return taken(q.Select("*").Updates(&r).Error) }

// remove deletes a row that is there.
func remove(q *gorm.DB, r row) error { return q.Delete(&r).Error }

// taken turns the violation of a unique index into ErrProductTaken, with the fields.
func taken(err error) error {
	if db.IsDuplicate(err, "sku") {
		return catalog.ErrProductTaken.WithFields(fault.Field{Pointer: "/sku", Code: "taken", Detail: "is that of another product"}).Because(err)
	}
	return err
}
