package user

import (
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
)

// row is a user as the table has it.
type row struct {
	ID        id.ID
	Name      string
	Email     string
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time `gorm:"autoUpdateTime:false"` // the rules set it
}

// TableName tells gorm where the rows are.
func (row) TableName() string { return "accounts_users" }

func toRow(user accounts.User) row {
	return row{
		ID:        user.ID,
		Name:      user.Name,
		Email:     user.Email,
		Version:   user.Version,
		CreatedAt: user.CreatedAt,
		UpdatedAt: user.UpdatedAt,
	}
}

func (r row) user() accounts.User {
	return accounts.User{
		ID:        r.ID,
		Name:      r.Name,
		Email:     r.Email,
		Version:   r.Version,
		CreatedAt: r.CreatedAt,
		UpdatedAt: r.UpdatedAt,
	}
}

// Listing is what lists of users may be filtered, sorted and searched by.
func Listing() page.Spec {
	return page.Spec{
		Fields: []page.Field{
			{Name: "name", Type: page.String(), Sort: true},
		},
		Search: []string{"name"},
	}
}

// find returns the row of a user, ErrUserNotFound when there is none.
func find(q *gorm.DB, userID id.ID) (row, error) {
	var r row
	err := q.Where("id = ?", userID).Take(&r).Error
	if db.IsNotFound(err) {
		return row{}, accounts.ErrUserNotFound
	}
	return r, err
}

// hold is find for a row that is going to be written: nobody else changes it before the transaction ends.
func hold(q *gorm.DB, userID id.ID) (row, error) {
	return find(q.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}), userID)
}

// insert adds rows.
func insert(q *gorm.DB, rows ...row) error { return taken(q.Create(&rows).Error) }

// update writes every column of a row that is there.
func update(q *gorm.DB, r row) error { return taken(q.Select("*").Updates(&r).Error) }

// taken turns the violation of a unique index into ErrUserTaken, with its fields.
func taken(err error) error {
	if db.IsDuplicate(err, "email") {
		return accounts.ErrUserTaken.WithFields(
			fault.Field{Pointer: "/email", Code: "taken", Detail: "is that of another user"},
		).Because(err)
	}
	return err
}
