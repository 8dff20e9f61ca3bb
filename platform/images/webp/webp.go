// Package webp reads JPEG, PNG, GIF and WebP, and writes WebP and JPEG.
//
// WebP is written by libwebp, compiled to WebAssembly: it runs in a memory of its own, is ended when its time is over, and a binary with it stays
// static and is built without C and without build tags. It is compiled to machine code when the first image comes, which takes about a second.
package webp

import (
	"context"
	"errors"
	"fmt"
	"image"

	"github.com/banyan-go/banyan/platform/images/driver"
)

// Driver is the codec for WebP.
type Driver struct{}

var _ driver.Driver = Driver{}

// Open is part of driver.Driver.
func (Driver) Open() (driver.Codec, error) { return &codec{encoder: newEncoder()}, nil }

type codec struct{ encoder *encoder }

// Inspect is part of driver.Codec.
func (*codec) Inspect(data []byte) (driver.Header, error) { return inspect(data) }

// Convert is part of driver.Codec.
func (c *codec) Convert(ctx context.Context, data []byte, widths []int, quality int) (all []driver.Encoded, err error) {
	defer func() {
		if p := recover(); p != nil { // of a library: a file that it cannot read
			all, err = nil, fmt.Errorf("%w: %v", driver.ErrFormat, p)
		}
	}()
	h, err := inspect(data)
	if err != nil {
		return nil, err
	}
	img, err := decode(ctx, data)
	if err != nil {
		return nil, err
	}
	upright := orientation(data)
	// Each is made of the one before: the largest alone costs as much as the image is large.
	var small *image.RGBA
	for i, width := range widths {
		w, height := width, h.HeightAt(width)
		if i == 0 {
			small = turned(img, upright, w, height)
			img = nil
		} else {
			small = resized(small, w, height)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		e, err := c.encode(ctx, small, quality)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

// turned returns an image upright in a size that it has then.
func turned(img image.Image, o orient, width, height int) *image.RGBA {
	if o.swaps() {
		return o.turn(resized(img, height, width))
	}
	return o.turn(resized(img, width, height))
}

func (c *codec) encode(ctx context.Context, img *image.RGBA, quality int) (driver.Encoded, error) {
	e := driver.Encoded{Width: img.Rect.Dx(), Height: img.Rect.Dy()}
	var wrong [2]error
	e.WebP, wrong[0] = c.encoder.encode(ctx, straight(img), quality)
	e.JPEG, wrong[1] = encodeJPEG(img, quality)
	return e, errors.Join(wrong[:]...)
}
