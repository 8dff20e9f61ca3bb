package comment

import (
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/banyan-go/banyan/modules/blog"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
)

// row is a comment as the table has it.
type row struct {
	Bucket    db.Bucket `gorm:"primaryKey"`
	ID        id.ID     `gorm:"primaryKey"`
	PostID    id.ID
	AuthorID  *id.ID
	Body      string
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time `gorm:"autoUpdateTime:false"` // the rules set it
}

// TableName tells gorm where the rows are.
func (row) TableName() string { return "blog_comments" }

func toRow(comment blog.Comment) row {
	return row{
		Bucket:    db.BucketOf(comment.ID),
		ID:        comment.ID,
		PostID:    comment.PostID,
		AuthorID:  comment.AuthorID,
		Body:      comment.Body,
		Version:   comment.Version,
		CreatedAt: comment.CreatedAt,
		UpdatedAt: comment.UpdatedAt,
	}
}

func (r row) comment() blog.Comment {
	return blog.Comment{
		ID:        r.ID,
		PostID:    r.PostID,
		AuthorID:  r.AuthorID,
		Body:      r.Body,
		Version:   r.Version,
		CreatedAt: r.CreatedAt,
		UpdatedAt: r.UpdatedAt,
	}
}

// Listing is what lists of comments may be filtered, sorted and searched by.
func Listing() page.Spec {
	return page.Spec{
		Fields: []page.Field{
			{Name: "post_id", Type: page.ID(), Filter: true},
			{Name: "author_id", Type: page.ID(), Filter: true, Null: true},
		},
	}
}

// find returns the row of a comment, ErrCommentNotFound when there is none.
func find(q *gorm.DB, commentID id.ID) (row, error) {
	var r row
	err := q.Where("bucket = ? AND id = ?", db.BucketOf(commentID), commentID).Take(&r).Error
	if db.IsNotFound(err) {
		return row{}, blog.ErrCommentNotFound
	}
	return r, err
}

// hold is find for a row that is going to be written: nobody else changes it before the transaction ends.
func hold(q *gorm.DB, commentID id.ID) (row, error) {
	return find(q.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}), commentID)
}

// insert adds rows.
func insert(q *gorm.DB, rows ...row) error { return unknown(q.Create(&rows).Error) }

// update writes every column of a row that is there.
func update(q *gorm.DB, r row) error { return unknown(q.Select("*").Updates(&r).Error) }
