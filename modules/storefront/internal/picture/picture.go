// Package picture keeps the pictures of products.
package picture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
	"unicode/utf8"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/banyan-go/banyan/modules/catalog"
	"github.com/banyan-go/banyan/modules/storefront"
	"github.com/banyan-go/banyan/platform/clock"
	"github.com/banyan-go/banyan/platform/db"
	"github.com/banyan-go/banyan/platform/files"
	"github.com/banyan-go/banyan/platform/id"
	"github.com/banyan-go/banyan/platform/images"
	"github.com/banyan-go/banyan/platform/images/spec"
)

// Variants are the widths of each picture.
func Variants() []spec.Variant { return spec.MustParse("thumb.320+card.640+hero.1280") }

// Rule is what an upload may be.
func Rule() files.Rule {
	return files.Rule{Size: 10 << 20, Types: images.Types(), Values: []string{"alt"}}
}

// shown is how many products a page has.
const shown = 24

// Item is a product with its picture, which may be the zero one.
type Item struct {
	catalog.Product

	Picture images.Picture
	Alt     string
}

// Service is the use cases of pictures. It is safe for concurrent use.
type Service struct {
	db       *db.Handle
	products catalog.Products
	files    *files.Files
	images   *images.Images
	clock    clock.Clock
}

// New returns the use cases over the tables of the module.
func New(h *db.Handle, products catalog.Products, f *files.Files, m *images.Images, c clock.Clock) *Service {
	f.Announce()
	m.Announce()
	return &Service{db: h, products: products, files: f, images: m, clock: c}
}

// row is a picture as the table has it, under the id of its product.
type row struct {
	ID        id.ID
	File      string
	Width     int
	Height    int
	Alt       string
	UpdatedAt time.Time `gorm:"autoUpdateTime:false"`
}

// TableName tells gorm where the rows are.
func (row) TableName() string { return "storefront_pictures" }

func (r row) picture() images.Picture {
	return images.Picture{File: files.Name(r.File), Width: r.Width, Height: r.Height, Variants: Variants()}
}

// Page returns the newest products that are for sale.
func (s *Service) Page(ctx context.Context) ([]Item, error) {
	ids, err := s.products.Latest(ctx, shown)
	if err != nil {
		return nil, fmt.Errorf("page of products: %w", err)
	}
	products, err := s.products.ByIDs(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("page of products: %w", err)
	}
	rows, err := db.ByIDs[row](s.db.Query(ctx, db.Global), ids)
	if err != nil {
		return nil, fmt.Errorf("page of products: %w", err)
	}
	var items []Item
	for _, productID := range ids {
		p, ok := products[productID]
		if !ok || !p.Active {
			continue
		}
		item := Item{Product: p}
		if i := slices.IndexFunc(rows, func(r row) bool { return r.ID == productID }); i >= 0 {
			item.Picture, item.Alt = rows[i].picture(), rows[i].Alt
		}
		items = append(items, item)
	}
	return items, nil
}

// Receive keeps the picture of a product that a request brings, in the place of the one that it had. Nothing is left of one that is refused.
func (s *Service) Receive(ctx context.Context, productID id.ID, contentType string, body io.Reader) (images.Picture, error) {
	known, err := s.products.ByIDs(ctx, []id.ID{productID})
	if err != nil {
		return images.Picture{}, fmt.Errorf("picture of %s: %w", productID, err)
	}
	if _, ok := known[productID]; !ok {
		return images.Picture{}, storefront.ErrNoProduct
	}
	up, err := s.files.Receive(ctx, contentType, body, Rule())
	if err != nil {
		return images.Picture{}, err
	}
	picture, replaced, err := s.take(ctx, productID, up)
	if err != nil && !db.IsUncertain(err) {
		err = errors.Join(err, s.files.Delete(context.WithoutCancel(ctx), up.Files[0].Name))
	}
	if err != nil {
		return images.Picture{}, err
	}
	if replaced != "" {
		err = s.files.Delete(ctx, replaced)
	}
	return picture, err
}

// take makes the variants of an upload and writes the row. Replaced is the file that the product had before.
func (s *Service) take(ctx context.Context, productID id.ID, up files.Upload) (picture images.Picture, replaced files.Name, err error) {
	alt := up.Values["alt"]
	if alt == "" || utf8.RuneCountInString(alt) > 255 {
		return picture, "", storefront.ErrAlt
	}
	if picture, err = s.images.Make(ctx, up.Files[0].Name, Variants()); err != nil {
		return picture, "", err
	}
	err = s.db.Tx(ctx, db.Global, func(ctx context.Context) error {
		var before row
		err := s.db.Query(ctx, db.Global).Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate}).Where("id = ?", productID).Take(&before).Error
		if err != nil && !db.IsNotFound(err) {
			return err
		}
		replaced = files.Name(before.File)
		r := row{ID: productID, File: string(picture.File), Width: picture.Width, Height: picture.Height, Alt: alt, UpdatedAt: s.clock.Now()}
		return save(s.db.Query(ctx, db.Global), r)
	})
	return picture, replaced, err
}

// save writes a row, whether or not there is one.
func save(q *gorm.DB, r row) error {
	return q.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, UpdateAll: true}).Create(&r).Error
}
