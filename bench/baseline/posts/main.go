// Command posts serves a post by id with its author and a list of 50 with their
// authors from the PostgreSQL database of the reference application, as written
// by hand with fiber, gorm and encoding/json and nothing around them: no log, no
// limits, no checks.
//
// The way to the server is gorm's own driver over pgx, which keeps statements
// prepared, with as many connections as the application has. The authors come
// by one more query, whatever the number of posts.
package main

import (
	"errors"
	"flag"
	"os"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

type User struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Email     string    `json:"-"`
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

func (User) TableName() string { return "accounts_users" }

type Post struct {
	Bucket    int16     `json:"-"`
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	Body      string    `json:"body"`
	AuthorID  string    `json:"author_id"`
	Status    string    `json:"status"`
	Version   int64     `json:"version"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	Author    *User     `json:"author"`
}

func (Post) TableName() string { return "blog_posts" }

type Page struct {
	Next  *string `json:"next"`
	Prev  *string `json:"prev"`
	Total *int64  `json:"total"`
}

type List struct {
	Data []Post `json:"data"`
	Page Page   `json:"page"`
}

const limit = 50

func main() {
	addr := flag.String("addr", "127.0.0.1:9070", "listen")
	dsn := flag.String("dsn", os.Getenv("DATABASE_URL"), "PostgreSQL database with the tables blog_posts and accounts_users")
	connections := flag.Int("connections", 32, "connections to the server")
	flag.Parse()

	time.Local = time.UTC // in which the application answers
	db, err := gorm.Open(postgres.Open(*dsn), &gorm.Config{})
	if err != nil {
		panic(err)
	}
	pool, err := db.DB()
	if err != nil {
		panic(err)
	}
	pool.SetMaxOpenConns(*connections)
	pool.SetMaxIdleConns(*connections)

	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/api/v1/blog/posts/:id", func(c *fiber.Ctx) error {
		var p Post
		err := db.Where("bucket = ? AND id = ?", bucket(c.Params("id")), c.Params("id")).Preload("Author").Take(&p).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return fiber.ErrNotFound
		}
		if err != nil {
			return err
		}
		c.Set(fiber.HeaderETag, `"`+strconv.FormatInt(p.Version, 10)+`"`)
		return c.JSON(&p)
	})
	app.Get("/api/v1/blog/posts", func(c *fiber.Ctx) error {
		var l List
		if err := db.Order("id DESC").Limit(limit + 1).Find(&l.Data).Error; err != nil {
			return err
		}
		if len(l.Data) > limit {
			l.Data = l.Data[:limit]
			l.Page.Next = &l.Data[limit-1].ID
		}
		if err := addAuthors(db, l.Data); err != nil {
			return err
		}
		return c.JSON(&l)
	})
	panic(app.Listen(*addr))
}

func addAuthors(db *gorm.DB, posts []Post) error {
	ids := make([]string, len(posts))
	for i := range posts {
		ids[i] = posts[i].AuthorID
	}
	var users []User
	if err := db.Where("id IN ?", ids).Find(&users).Error; err != nil {
		return err
	}
	byID := make(map[string]*User, len(users))
	for i := range users {
		byID[users[i].ID] = &users[i]
	}
	for i := range posts {
		posts[i].Author = byID[posts[i].AuthorID]
	}
	return nil
}

// bucket reads the bucket that an id carries, in the twelve bits behind its version.
func bucket(id string) int64 {
	n, _ := strconv.ParseInt(id[15:18], 16, 64)
	return n
}
