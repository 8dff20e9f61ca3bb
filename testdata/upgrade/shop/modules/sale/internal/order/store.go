package order

import (
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"example.com/shop/modules/sale"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/money"
	"github.com/banyan-go/banyan/platform/page"
)

// row is an order as the table has it.
type row struct {
	ID            id.ID
	Number        string
	Status        sale.OrderStatus
	Placed        *time.Time
	TotalAmount   int64
	TotalCurrency money.Currency
	Version       int64
	CreatedAt     time.Time
	UpdatedAt     time.Time `gorm:"autoUpdateTime:false"` // the rules set it
}

// TableName tells gorm where the rows are.
func (row) TableName() string { return "sale_orders" }

func toRow(order sale.Order) row {
	return row{
		ID:            order.ID,
		Number:        order.Number,
		Status:        order.Status,
		Placed:        order.Placed,
		TotalAmount:   order.Total.Minor,
		TotalCurrency: order.Total.Currency,
		Version:       order.Version,
		CreatedAt:     order.CreatedAt,
		UpdatedAt:     order.UpdatedAt,
	}
}

func (r row) order() sale.Order {
	return sale.Order{
		ID:        r.ID,
		Number:    r.Number,
		Status:    r.Status,
		Placed:    r.Placed,
		Total:     money.Amount{Minor: r.TotalAmount, Currency: r.TotalCurrency},
		Version:   r.Version,
		CreatedAt: r.CreatedAt,
		UpdatedAt: r.UpdatedAt,
	}
}

// Listing is what lists of orders may be filtered, sorted and searched by.
func Listing() page.Spec {
	return page.Spec{
		Fields: []page.Field{
			{Name: "status", Type: page.Enum("draft", "placed"), Filter: true},
			{Name: "placed", Type: page.Time(), Sort: true, Null: true},
		},
	}
}

// find returns the row of an order, ErrOrderNotFound when there is none.
func find(q *gorm.DB, orderID id.ID) (row, error) {
	var r row
	err := q.Where("id = ?", orderID).Take(&r).Error
	if db.IsNotFound(err) {
		return row{}, sale.ErrOrderNotFound
	}
	return r, err
}

// hold is find for a row that is going to be written: nobody else changes it before the transaction ends.
func hold(q *gorm.DB, orderID id.ID) (row, error) {
	return find(q.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}), orderID)
}

// insert adds rows.
func insert(q *gorm.DB, rows ...row) error { return taken(q.Create(&rows).Error) }

// update writes every column of a row that is there.
func update(q *gorm.DB, r row) error { return taken(q.Select("*").Updates(&r).Error) }

// taken turns the violation of a unique index into ErrOrderTaken, with its fields.
func taken(err error) error {
	if db.IsDuplicate(err, "number") {
		return sale.ErrOrderTaken.WithFields(
			fault.Field{Pointer: "/number", Code: "taken", Detail: "is that of another order"},
		).Because(err)
	}
	return err
}
