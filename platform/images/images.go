package images

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"github.com/banyan-go/banyan/platform/blob"
	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/files"
	"github.com/banyan-go/banyan/platform/images/driver"
	"github.com/banyan-go/banyan/platform/images/spec"
	"github.com/banyan-go/banyan/platform/lifecycle"
)

// Drivers are those that are compiled in, by name.
type Drivers map[string]driver.Driver

// Images makes variants. It is safe for concurrent use. Those of a program without a driver refuse everything, and its start where somebody has announced
// images.
type Images struct {
	cfg    Config
	codec  driver.Codec
	files  *files.Files
	places chan struct{}
	in     atomic.Int64 // that have a place, or wait for one
	wanted atomic.Bool
}

// What can be wrong with an image. Compare with errors.Is.
var (
	ErrFormat = fault.New(fault.Invalid, "image_format", "The file is no image that can be read: JPEG, PNG, GIF or WebP.")
	ErrPixels = fault.New(fault.Invalid, "image_too_large", "The image has more pixels, or frames, than it may have.")
	ErrBusy   = fault.New(fault.Unavailable, "images_busy", "There are too many images to work on. Send it again later.")
)

// Types are the media types that can be read, for files.Rule.
func Types() []string { return []string{"image/jpeg", "image/png", "image/gif", "image/webp"} }

var errNoDriver = errors.New("images: a module works with images, and this program is compiled without a driver for them: add " +
	"Images: images.Drivers{\"webp\": webp.Driver{}} to the drivers in drivers.go, from the packages platform/images and platform/images/webp")

// New builds without I/O; without any driver, what refuses everything. Appended to lc is the look at the start whether there is one where it is wanted.
// The error names the setting that is wrong.
func New(cfg Config, drivers Drivers, f *files.Files, lc *lifecycle.Lifecycle) (*Images, error) {
	if len(drivers) == 0 {
		m := &Images{}
		lc.Append(lifecycle.Hook{Name: "images", Start: m.start})
		return m, nil
	}
	d := drivers[cfg.Driver]
	if d == nil {
		return nil, config.NotCompiledIn("images.driver", cfg.Driver, drivers)
	}
	codec, err := d.Open()
	if err != nil {
		return nil, fmt.Errorf("images: %w", err)
	}
	return &Images{cfg: cfg, codec: codec, files: f, places: make(chan struct{}, cfg.parallel())}, nil
}

// Picture is an image with its variants. Modules keep File, Width, Height and Alt, in Columns for instance; the variants follow from the code.
type Picture = blob.Picture

// Show is how a page shows a picture.
type Show = blob.Show

// Announce says that a module is going to work with images. Call it in the constructor: a program without a driver then does not start, instead of
// refusing the first upload.
func (m *Images) Announce() {
	if m != nil {
		m.wanted.Store(true)
	}
}

func (m *Images) start(context.Context) error {
	if m.wanted.Load() {
		return errNoDriver
	}
	return nil
}

// works reports whether there is a driver.
func (m *Images) works() bool { return m != nil && m.codec != nil }

// Make makes the variants of an upload that files.Files keeps, and returns when all are there. Made again they are the same. It takes a second, or
// more where others wait: call it outside of transactions, with a context that lasts long enough. Where it fails some may be there already; deleting
// the upload deletes them. Errors that are values of this package may be returned to clients.
func (m *Images) Make(ctx context.Context, upload files.Name, variants []spec.Variant) (Picture, error) {
	if !m.works() {
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
	if err := fit(header, widths(p)); err != nil {
		return Picture{}, err
	}
	if err := m.enter(ctx); err != nil {
		return Picture{}, err
	}
	defer m.leave()
	ctx, cancel := context.WithTimeout(ctx, m.cfg.Timeout)
	defer cancel()
	made, err := m.codec.Convert(ctx, data, widths(p), m.cfg.Quality)
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

// maxSide is how many pixels a side of a WebP has at most (RFC 9649, section 2.6: 14 bits). One of a JPEG may have more.
const maxSide = 1<<14 - 1

// fit says of an image that is so narrow, or so flat, that a variant would have a longer side than there is, that it is too large.
func fit(h driver.Header, widths []int) error {
	for _, width := range widths {
		if height := h.HeightAt(width); max(width, height) > maxSide {
			return ErrPixels.WithDetail(fmt.Sprintf("The image is too narrow, or too flat: %d pixels wide it would be %d pixels high, and no side may have more than %d.", width, height, maxSide))
		}
	}
	return nil
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
		for ext, content := range map[string][]byte{blob.WebP: made[i].WebP, blob.JPEG: made[i].JPEG} {
			if err := m.files.PutVariant(ctx, p.Named(v, ext), content); err != nil {
				return err
			}
		}
	}
	return nil
}

// widths are those of the variants, each once, the largest first. None is larger than the image.
func widths(p Picture) []int {
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
