// Package driver is what reads and writes images for package images. Applications do not use it: they list the drivers that are compiled in, and
// link nothing that decodes images unless they do.
package driver

import (
	"context"
	"errors"
)

// ErrFormat means that a file is no image that can be read: of another format, damaged, or animated where that cannot be read.
var ErrFormat = errors.New("no image that can be read")

// Driver makes codecs. It holds no state and is safe for concurrent use.
type Driver interface {
	// Open returns a codec, without I/O, and without work that a program would notice that never meets an image.
	Open() (Codec, error)
}

// Codec turns images into smaller ones. It is safe for concurrent use. No metadata of a file gets into another one.
type Codec interface {
	// Inspect reads the header of an image and decodes nothing: its time and memory do not depend on what the header says.
	Inspect(data []byte) (Header, error)
	// Convert decodes an image, turns it upright and returns it in each of the widths, which are given from the largest to the smallest and are
	// none larger than its own, and in the height that Header.HeightAt says. It returns when ctx ends, if not at once, and never panics.
	Convert(ctx context.Context, data []byte, widths []int, quality int) ([]Encoded, error)
}

// Header is what an image says of itself.
type Header struct {
	Format        string // "jpeg", "png", "gif" or "webp"
	Width, Height int    // pixels, once it stands upright
	Deep          bool   // more than 8 bits for a colour: twice the memory
	Frames        int    // those that are looked at, 1 unless it is an animation
}

// HeightAt returns how high the image is in another width: to the nearest pixel, and at least one.
func (h Header) HeightAt(width int) int {
	return max(1, (h.Height*width+h.Width/2)/max(1, h.Width))
}

// Encoded is an image of one width, in a format that is small and in one that everything reads.
type Encoded struct {
	Width, Height int
	WebP, JPEG    []byte
}
