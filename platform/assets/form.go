package assets

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// coding is a content coding in which files are kept.
type coding struct {
	name   string // as Content-Encoding has it
	suffix string // of a file that came compressed
	encode func(io.Writer) (io.WriteCloser, error)
	decode func(io.Reader) (io.Reader, error)
}

// codings are made once for each file and start. The levels are where twice the work gains no more than a few per cent; what takes longer, brotli
// 11 for instance, is for whoever builds the program and puts the result beside the file.
func codings() []coding {
	return []coding{
		{"zstd", ".zst",
			func(w io.Writer) (io.WriteCloser, error) {
				return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedBetterCompression), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(window))
			},
			func(r io.Reader) (io.Reader, error) { return zstd.NewReader(r, zstd.WithDecoderConcurrency(1)) },
		},
		{"br", ".br",
			func(w io.Writer) (io.WriteCloser, error) { return brotli.NewWriterLevel(w, 7), nil },
			func(r io.Reader) (io.Reader, error) { return brotli.NewReader(r), nil },
		},
		{"gzip", ".gz",
			func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzip.BestCompression) },
			func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		},
	}
}

// window is the largest that every browser takes (RFC 8878, section 3.1.1.1.2).
const window = 8 << 20

// compressAll makes the forms of all files, on every CPU.
func compressAll(ctx context.Context, files []*File) error {
	next := make(chan *File)
	wrong := make([]error, min(len(files), runtime.GOMAXPROCS(0)))
	var wg sync.WaitGroup
	for i := range wrong {
		wg.Go(func() {
			for f := range next {
				wrong[i] = errors.Join(wrong[i], f.compress())
			}
		})
	}
	for _, f := range files {
		if ctx.Err() == nil && f.forms == nil && shrinks(f.Type) {
			next <- f
		}
	}
	close(next)
	wg.Wait()
	return errors.Join(errors.Join(wrong...), ctx.Err())
}

// shrinks reports whether files of a type are worth the work. Most others are compressed as they are.
func shrinks(mediaType string) bool {
	mediaType, _, _ = strings.Cut(mediaType, ";")
	switch mediaType {
	case "application/json", "application/manifest+json", "application/xml", "application/wasm", "image/svg+xml", "image/x-icon", "font/ttf", "font/otf":
		return true
	default:
		return strings.HasPrefix(mediaType, "text/")
	}
}

// compress makes the forms of a file, and takes those that came with it.
func (f *File) compress() error {
	forms := map[string][]byte{}
	for _, c := range codings() {
		form, came := f.made[c.name]
		var err error
		if came {
			err = c.check(form, f.Body)
		} else {
			form, err = c.compress(f.Body)
		}
		if err != nil {
			return fmt.Errorf("asset %s%s: %w", f.Name, c.suffix, err)
		}
		if len(form) < len(f.Body) {
			forms[c.name] = form
		}
	}
	f.forms, f.made = forms, nil
	return nil
}

func (c coding) compress(body []byte) ([]byte, error) {
	var b bytes.Buffer
	w, err := c.encode(&b)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return bytes.Clone(b.Bytes()), nil
}

// errStale says that a form is not that of the file beside it.
var errStale = errors.New("is not the file of the same name, compressed: make it again, or remove it")

// check keeps a form from going out that was made of another version of the file.
func (c coding) check(form, body []byte) error {
	r, err := c.decode(bytes.NewReader(form))
	if err != nil {
		return errStale
	}
	plain, err := io.ReadAll(io.LimitReader(r, int64(len(body))+1))
	if err != nil || !bytes.Equal(plain, body) {
		return errStale
	}
	return nil
}
