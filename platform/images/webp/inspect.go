package webp

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	xwebp "golang.org/x/image/webp"

	"github.com/banyan-go/banyan/platform/images/driver"
)

// format is one that is read.
type format struct {
	name   string
	magic  string // ? stands for any byte
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

// formats are all of them. They are not registered with package image: what else the program links decides nothing here.
func formats() []format {
	return []format{
		{"jpeg", "\xff\xd8\xff", jpeg.DecodeConfig, jpeg.Decode},
		{"png", "\x89PNG\r\n\x1a\n", png.DecodeConfig, png.Decode},
		{"gif", "GIF8?a", gif.DecodeConfig, gif.Decode}, // its first frame
		{"webp", "RIFF????WEBP", xwebp.DecodeConfig, xwebp.Decode},
	}
}

func formatOf(data []byte) (format, bool) {
	for _, f := range formats() {
		if len(data) < len(f.magic) {
			continue
		}
		same := true
		for i := range len(f.magic) {
			same = same && (f.magic[i] == '?' || f.magic[i] == data[i])
		}
		if same {
			return f, true
		}
	}
	return format{}, false
}

// inspect reads the header. A decoder that panics has met a file that is none.
func inspect(data []byte) (h driver.Header, err error) {
	defer func() {
		if p := recover(); p != nil {
			h, err = driver.Header{}, fmt.Errorf("%w: %v", driver.ErrFormat, p)
		}
	}()
	f, ok := formatOf(data)
	if !ok {
		return driver.Header{}, driver.ErrFormat
	}
	c, err := f.config(bytes.NewReader(data))
	if err != nil {
		return driver.Header{}, fmt.Errorf("%w: %w", driver.ErrFormat, err)
	}
	if c.Width < 1 || c.Height < 1 {
		return driver.Header{}, driver.ErrFormat
	}
	h = driver.Header{Format: f.name, Width: c.Width, Height: c.Height, Frames: 1}
	if orientation(data).swaps() {
		h.Width, h.Height = c.Height, c.Width
	}
	switch c.ColorModel {
	case color.RGBA64Model, color.NRGBA64Model, color.Gray16Model:
		h.Deep = true
	}
	if f.name == "gif" {
		h.Frames = gifFrames(data)
	}
	return h, nil
}

// decode decodes an image. The decoders know no context; the one who feeds them does.
func decode(ctx context.Context, data []byte) (image.Image, error) {
	f, ok := formatOf(data)
	if !ok {
		return nil, driver.ErrFormat
	}
	img, err := f.decode(&patient{ctx, bytes.NewReader(data)})
	if ended := ctx.Err(); ended != nil {
		return nil, ended
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", driver.ErrFormat, err)
	}
	return img, nil
}

// patient reads until a context ends, a little at a time: a decoder may work long on few bytes.
type patient struct {
	ctx context.Context //nolint:containedctx // of one decoding
	r   io.Reader
}

func (p *patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.r.Read(b[:min(len(b), 1024)])
}

// gifFrames counts the frames of a GIF, without decoding one.
func gifFrames(data []byte) (frames int) {
	const header = 13
	if len(data) < header {
		return 0
	}
	at := header
	if flags := data[10]; flags&0x80 != 0 {
		at += 3 << (flags&7 + 1)
	}
	for at < len(data) {
		switch data[at] {
		case 0x2c: // an image: its descriptor, its colours, the size of its codes, its blocks
			frames++
			if at+10 > len(data) {
				return frames
			}
			flags := data[at+9]
			at += 10
			if flags&0x80 != 0 {
				at += 3 << (flags&7 + 1)
			}
			at = skipBlocks(data, at+1)
		case 0x21: // an extension: its label, its blocks
			at = skipBlocks(data, at+2)
		default: // the end, or damage
			return frames
		}
	}
	return frames
}

// skipBlocks returns what is behind blocks that begin with their length, up to one of none.
func skipBlocks(data []byte, at int) int {
	for at < len(data) && data[at] != 0 {
		at += 1 + int(data[at])
	}
	return at + 1
}
