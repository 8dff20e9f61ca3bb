package user

import (
	"strings"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/banyan-go/banyan/modules/accounts"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
	"github.com/banyan-go/banyan/platform/password"
)

// row is a user as the table has it.
type row struct {
	ID         id.ID
	Name       string
	Email      string
	Password   password.Hash // empty: nobody signs in by one
	Roles      string        // sorted, with a space between two
	DisabledAt *time.Time
	Version    int64
	CreatedAt  time.Time
	UpdatedAt  time.Time `gorm:"autoUpdateTime:false"` // the rules set it
}

// TableName tells gorm where the rows are.
func (row) TableName() string { return "accounts_users" }

func toRow(a Account, disabledAt *time.Time) row {
	return row{
		ID: a.ID, Name: a.Name, Email: a.Email, Password: a.password, Roles: strings.Join(a.Roles, " "), DisabledAt: disabledAt,
		Version: a.Version, CreatedAt: a.CreatedAt, UpdatedAt: a.UpdatedAt,
	}
}

func (r row) user() accounts.User {
	return accounts.User{ID: r.ID, Name: r.Name, Email: r.Email, Version: r.Version, CreatedAt: r.CreatedAt, UpdatedAt: r.UpdatedAt}
}

func (r row) account() Account {
	return Account{User: r.user(), Roles: strings.Fields(r.Roles), Disabled: r.DisabledAt != nil, password: r.Password}
}

// Listing is what lists of users may be filtered, sorted and searched by.
func Listing() page.Spec {
	return page.Spec{
		Fields: []page.Field{
			{Name: "name", Type: page.String(), Sort: true},
			{Name: "email", Type: page.String(), Filter: true, Sort: true},
		},
		Search: []string{"name", "email"},
	}
}

// find returns the row of a user, ErrUserNotFound when there is none.
func find(q *gorm.DB, userID id.ID) (row, error) { return one(q.Where("id = ?", userID)) }

// hold is find for a row that is going to be written: nobody else changes it before the transaction ends.
func hold(q *gorm.DB, userID id.ID) (row, error) {
	return find(q.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}), userID)
}

// findEmail returns the row of the user with an address, ErrUserNotFound when there is none.
func findEmail(q *gorm.DB, email string) (row, error) {
	return one(q.Where("email = ?", normalize(email)))
}

func one(q *gorm.DB) (row, error) {
	var r row
	err := q.Take(&r).Error
	if db.IsNotFound(err) {
		return row{}, accounts.ErrUserNotFound
	}
	return r, err
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

// registration is somebody who wants to be a user, until a link proves that the address is theirs. Each has a password of its own, which is asked for
// with the link: a stranger who registers somebody else's address gets no way in when its owner registers, too, and follows the wrong one of two links.
type registration struct {
	ID        id.ID
	Hash      string
	Name      string
	Email     string
	Password  password.Hash
	ExpiresAt time.Time
	CreatedAt time.Time
}

// TableName tells gorm where the rows are.
func (registration) TableName() string { return "accounts_registrations" }

// reset is somebody who may choose a new password by a link.
type reset struct {
	ID        id.ID
	UserID    id.ID
	Hash      string
	ExpiresAt time.Time
	CreatedAt time.Time
}

// TableName tells gorm where the rows are.
func (reset) TableName() string { return "accounts_resets" }

// valid is the condition for a link that was not used and is not too old, by the clock of the database.
const valid = "hash = ? AND expires_at > CURRENT_TIMESTAMP"

// take removes the row of a link and returns it; ErrLink when there is none. Of two that take the same one gets it.
func take[R registration | reset](q *gorm.DB, link string) (R, error) {
	var rows []R
	if err := q.Clauses(clause.Returning{}).Where(valid, hash(link)).Delete(&rows).Error; err != nil {
		return *new(R), err
	}
	if len(rows) == 0 {
		return *new(R), accounts.ErrLink
	}
	return rows[0], nil
}

// pending returns the registration of a link, ErrLink when it cannot be used.
func pending(q *gorm.DB, link string) (registration, error) {
	var r registration
	err := q.Where(valid, hash(link)).Take(&r).Error
	if db.IsNotFound(err) {
		return registration{}, accounts.ErrLink
	}
	return r, err
}

// resets returns whose password a link resets, ErrLink when it cannot be used.
func resets(q *gorm.DB, link string) (id.ID, error) {
	var r reset
	err := q.Where(valid, hash(link)).Take(&r).Error
	if db.IsNotFound(err) {
		return id.ID{}, accounts.ErrLink
	}
	return r.UserID, err
}

// dropResets removes the links by which the password of a user could be changed, however many mails they stand in.
func dropResets(q *gorm.DB, userID id.ID) error {
	return q.Where("user_id = ?", userID).Delete(&reset{}).Error
}

// sweep removes what nobody can use any more.
func sweep[R registration | reset](q *gorm.DB) error {
	return q.Where("expires_at <= CURRENT_TIMESTAMP").Delete(new(R)).Error
}
