package post

import (
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/banyan-go/banyan/modules/blog"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/page"
)

// row is a post as the table has it.
type row struct {
	Bucket    db.Bucket `gorm:"primaryKey"`
	ID        id.ID     `gorm:"primaryKey"`
	Title     string
	Body      string
	AuthorID  id.ID
	Status    blog.PostStatus
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time `gorm:"autoUpdateTime:false"` // the rules set it
}

// TableName tells gorm where the rows are.
func (row) TableName() string { return "blog_posts" }

func toRow(post blog.Post) row {
	return row{
		Bucket:    db.BucketOf(post.ID),
		ID:        post.ID,
		Title:     post.Title,
		Body:      post.Body,
		AuthorID:  post.AuthorID,
		Status:    post.Status,
		Version:   post.Version,
		CreatedAt: post.CreatedAt,
		UpdatedAt: post.UpdatedAt,
	}
}

func (r row) post() blog.Post {
	return blog.Post{
		ID:        r.ID,
		Title:     r.Title,
		Body:      r.Body,
		AuthorID:  r.AuthorID,
		Status:    r.Status,
		Version:   r.Version,
		CreatedAt: r.CreatedAt,
		UpdatedAt: r.UpdatedAt,
	}
}

// Listing is what lists of posts may be filtered, sorted and searched by.
func Listing() page.Spec {
	return page.Spec{
		Fields: []page.Field{
			{Name: "author_id", Type: page.ID(), Filter: true},
			{Name: "status", Type: page.Enum("draft", "published"), Filter: true},
		},
		Search: []string{"title"},
	}
}

// find returns the row of a post, ErrPostNotFound when there is none.
func find(q *gorm.DB, postID id.ID) (row, error) {
	var r row
	err := q.Where("bucket = ? AND id = ?", db.BucketOf(postID), postID).Take(&r).Error
	if db.IsNotFound(err) {
		return row{}, blog.ErrPostNotFound
	}
	return r, err
}

// hold is find for a row that is going to be written: nobody else changes it before the transaction ends.
func hold(q *gorm.DB, postID id.ID) (row, error) {
	return find(q.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}), postID)
}

// insert adds rows.
func insert(q *gorm.DB, rows ...row) error { return q.Create(&rows).Error }

// update writes every column of a row that is there.
func update(q *gorm.DB, r row) error { return q.Select("*").Updates(&r).Error }
