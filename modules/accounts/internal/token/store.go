package token

import (
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/banyan-go/banyan/platform/id"
)

// row is a token as the table has it.
type row struct {
	ID        id.ID
	UserID    id.ID
	Name      string
	Hash      string
	Scopes    string // sorted, with a space between two
	ExpiresAt time.Time
	CreatedAt time.Time
}

// TableName tells gorm where the rows are.
func (row) TableName() string { return "accounts_tokens" }

func (r row) token() Token {
	return Token{ID: r.ID, Name: r.Name, Scopes: strings.Fields(r.Scopes), CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt}
}

// valid is what counts of a token that is sent.
type valid struct {
	UserID id.ID
	Scopes string
	Roles  string // that its user has at this moment, with a space between two
}

// findValid returns what counts of a token that has not expired, by the clock of the database, and whose user is not disabled; nothing when there is none.
func findValid(q *gorm.DB, hash string) ([]valid, error) {
	var found []valid
	err := q.Model(&row{}).Select("accounts_tokens.user_id, accounts_tokens.scopes, accounts_users.roles").
		Joins("JOIN accounts_users ON accounts_users.id = accounts_tokens.user_id AND accounts_users.disabled_at IS NULL").
		Where("accounts_tokens.hash = ? AND accounts_tokens.expires_at > CURRENT_TIMESTAMP", hash).Scan(&found).Error
	return found, err
}
