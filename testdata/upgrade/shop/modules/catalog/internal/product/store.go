package product

import (
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"example.com/shop/modules/catalog"
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
	PriceCurrency money.Currency
	Active        bool
	Released      *clock.Date
	Version       int64
	CreatedAt     time.Time
	UpdatedAt     time.Time `gorm:"autoUpdateTime:false"` // the rules set it
}

// TableName tells gorm where the rows are.
func (row) TableName() string { return "catalog_products" }

func toRow(product catalog.Product) row {
	return row{
		ID:            product.ID,
		Sku:           product.Sku,
		Name:          product.Name,
		PriceAmount:   product.Price.Minor,
		PriceCurrency: product.Price.Currency,
		Active:        product.Active,
		Released:      product.Released,
		Version:       product.Version,
		CreatedAt:     product.CreatedAt,
		UpdatedAt:     product.UpdatedAt,
	}
}

func (r row) product() catalog.Product {
	return catalog.Product{
		ID:        r.ID,
		Sku:       r.Sku,
		Name:      r.Name,
		Price:     money.Amount{Minor: r.PriceAmount, Currency: r.PriceCurrency},
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

// taken turns the violation of a unique index into ErrProductTaken, with its fields.
func taken(err error) error {
	if db.IsDuplicate(err, "sku") {
		return catalog.ErrProductTaken.WithFields(
			fault.Field{Pointer: "/sku", Code: "taken", Detail: "is that of another product"},
		).Because(err)
	}
	return err
}
