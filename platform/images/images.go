package images

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/files"
	"github.com/banyan-go/banyan/platform/images/driver"
	"github.com/banyan-go/banyan/platform/images/spec"
)

// Drivers are those that are compiled in, by name.
type Drivers map[string]driver.Driver

// Images makes variants. It is safe for concurrent use. A nil one, of a program without a driver, refuses everything.
type Images struct {
	cfg    Config
	codec  driver.Codec
	files  *files.Files
	places chan struct{}
	in     atomic.Int64 // that have a place, or wait for one
}

// What can be wrong with an image. Compare with errors.Is.
var (
	ErrFormat = fault.New(fault.Invalid, "image_format", "The file is no image that can be read: JPEG, PNG, GIF or WebP.")
	ErrPixels = fault.New(fault.Invalid, "image_too_large", "The image has more pixels, or frames, than it may have.")
	ErrBusy   = fault.New(fault.Unavailable, "images_busy", "There are too many images to work on. Send it again later.")
)

// Types are the media types that can be read, for files.Rule.
func Types() []string { return []string{"image/jpeg", "image/png", "image/gif", "image/webp"} }

var errNoDriver = errors.New("images: this program is compiled without a driver for images: list one in drivers.go")

// New builds without I/O. The error names the setting that is wrong.
func New(cfg Config, drivers Drivers, f *files.Files) (*Images, error) {
	d := drivers[cfg.Driver]
	if d == nil {
		return nil, fmt.Errorf("images.driver: there is no driver %q in this program", cfg.Driver)
	}
	codec, err := d.Open()
	if err != nil {
		return nil, fmt.Errorf("images: %w", err)
	}
	return &Images{cfg: cfg, codec: codec, files: f, places: make(chan struct{}, cfg.parallel())}, nil
}

// Picture is an image with its variants. Modules keep File, Width and Height; the variants follow from the code.
type Picture struct {
	File          files.Name // the upload
	Width, Height int        // pixels, upright
	Variants      []spec.Variant
}

// Make makes the variants of an upload that files.Files keeps, and returns when all are there. Made again they are the same. It takes a second, or
// more where others wait: call it outside of transactions, with a context that lasts long enough. Where it fails some may be there already; deleting
// the upload deletes them. Errors that are values of this package may be returned to clients.
func (m *Images) Make(ctx context.Context, upload files.Name, variants []spec.Variant) (Picture, error) {
	if m == nil {
		return Picture{}, errNoDriver
	}
	data, err := m.read(ctx, upload)
	if err != nil {
		return Picture{}, err
	}
	header, err := m.judge(data)
	if err != nil {
		return Picture{}, err
	}
	p := Picture{File: upload, Width: header.Width, Height: header.Height, Variants: variants}
	if err := m.enter(ctx); err != nil {
		return Picture{}, err
	}
	defer m.leave()
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Timeout)
	defer cancel()
	made, err := m.codec.Convert(ctx, data, p.widths(), m.cfg.Quality)
	if err != nil {
		return Picture{}, translate(err)
	}
	return p, m.keep(ctx, p, made)
}

// read returns an upload, of a size that files has bounded.
func (m *Images) read(ctx context.Context, name files.Name) ([]byte, error) {
	c, err := m.files.Open(ctx, name)
	if err != nil {
		return nil, err
	}
	defer c.Close() //nolint:errcheck // nothing was written
	data := make([]byte, c.Size())
	_, err = io.ReadFull(c, data)
	return data, err
}

// judge looks at what an image says of itself.
func (m *Images) judge(data []byte) (driver.Header, error) {
	h, err := m.codec.Inspect(data)
	if err != nil {
		return h, translate(err)
	}
	pixels := int64(h.Width) * int64(h.Height)
	if h.Deep {
		pixels *= 2
	}
	if pixels > int64(m.cfg.MaxPixels) || h.Frames > m.cfg.MaxFrames {
		return h, ErrPixels
	}
	return h, nil
}

// translate makes answers of the errors of a codec.
func translate(err error) error {
	switch {
	case errors.Is(err, driver.ErrFormat):
		return ErrFormat.Because(err)
	case errors.Is(err, context.DeadlineExceeded):
		return ErrBusy.Because(err)
	default:
		return err
	}
}

// enter takes a place, and waits for one where the queue has room.
func (m *Images) enter(ctx context.Context) error {
	if m.in.Add(1) > int64(cap(m.places)+m.cfg.Queue) {
		m.in.Add(-1)
		return ErrBusy
	}
	select {
	case m.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		m.in.Add(-1)
		return translate(ctx.Err())
	}
}

func (m *Images) leave() {
	<-m.places
	m.in.Add(-1)
}

// keep writes what was made.
func (m *Images) keep(ctx context.Context, p Picture, made []driver.Encoded) error {
	for _, v := range p.Variants {
		i := slices.IndexFunc(made, func(e driver.Encoded) bool { return e.Width == min(v.Width, p.Width) })
		if i < 0 {
			return fmt.Errorf("make %s of %s: the codec has left it out", v, p.File)
		}
		for ext, content := range map[string][]byte{extWebP: made[i].WebP, extJPEG: made[i].JPEG} {
			if err := m.files.PutVariant(ctx, p.name(v, ext), content); err != nil {
				return err
			}
		}
	}
	return nil
}

// The endings of what is made.
const (
	extWebP = "webp"
	extJPEG = "jpg"
)

// name is that of the file of a variant.
func (p Picture) name(v spec.Variant, ext string) files.Name {
	return p.File.PublicVariant(v.String(), ext)
}

// widths are those of the variants, each once, the largest first. None is larger than the image.
func (p Picture) widths() []int {
	var all []int
	for _, v := range p.Variants {
		all = append(all, min(v.Width, p.Width))
	}
	slices.Sort(all)
	all = slices.Compact(all)
	slices.Reverse(all)
	return all
}

// MakeTime is how long an upload with one image should be given beyond the time in which it arrives.
func (m *Images) MakeTime() time.Duration { return m.cfg.Timeout }
