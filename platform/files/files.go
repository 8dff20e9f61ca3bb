package files

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/files/driver"
	"github.com/banyan-go/banyan/platform/lifecycle"
)

// Drivers are those that are compiled in, by name.
type Drivers map[string]driver.Driver

// Files keeps files. It is safe for concurrent use. A nil one, of a program without a driver, refuses everything.
type Files struct {
	store  driver.Store
	log    *slog.Logger
	quota  int64
	front  *front // nil for none
	wanted atomic.Bool
	usage  *usage
}

// Rule is what an upload may be. The zero value allows one private file of any type with at most 10 MiB.
type Rule struct {
	// Public files are for everybody who has their name.
	Public bool
	// Size is that of one file, in bytes; 0 is 10 MiB.
	Size int64
	// Count is how many files one request may bring; 0 is 1.
	Count int
	// Types are the media types that are taken, as the first bytes tell them; none is all.
	Types []string
	// Fields are the fields of a form that hold files; none is "file". A form with a field that is neither among them nor among Values is refused.
	Fields []string
	// Values are the other fields of a form.
	Values []string
}

const defaultSize = 10 << 20

// Stored is a file that was kept.
type Stored struct {
	Name Name
	Type string // as its first bytes tell it
	Size int64
}

// What can be wrong with an upload or a name. Compare with errors.Is.
var (
	ErrNotFound = fault.New(fault.NotFound, "file_not_found", "There is no such file.")
	ErrTooLarge = fault.New(fault.Invalid, "file_too_large", "The file is larger than it may be.")
	ErrType     = fault.New(fault.Invalid, "file_type", "The file is of a type that is not taken here.")
	ErrEmpty    = fault.New(fault.Invalid, "file_empty", "There is nothing in the file.")
	ErrFull     = fault.New(fault.Unavailable, "files_full", "There is no room for another file.")
)

var errNoDriver = errors.New("files: this program is compiled without a driver for files: list one in drivers.go")

// New builds without I/O. Appended to lc is the start of the store, where somebody has announced files. The error names the setting that is wrong.
// Dir is the folder that files.dir means by auto.
func New(cfg Config, dir string, drivers Drivers, log *slog.Logger, lc *lifecycle.Lifecycle) (*Files, error) {
	d := drivers[cfg.Driver]
	if d == nil {
		return nil, config.NotCompiledIn("files.driver", cfg.Driver, drivers)
	}
	store, err := d.Open(driver.Options{Dir: cfg.Dir.Or(dir)})
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	f := &Files{store: store, log: log, quota: int64(cfg.Quota), usage: &usage{}}
	lc.Append(lifecycle.Hook{Name: "files", Start: f.start, Stop: f.stop})
	return f, nil
}

// Announce says that a module is going to keep files. Call it in the constructor: an application that keeps none needs no folder.
func (f *Files) Announce() {
	if f != nil {
		f.wanted.Store(true)
	}
}

// Check returns what is missing in the settings of an application that keeps files, as config.Problems. It does no I/O.
func (f *Files) Check() error {
	if f == nil || !f.wanted.Load() {
		return nil
	}
	if c, ok := f.store.(driver.Checker); ok {
		return c.Check()
	}
	return nil
}

// start counts what is there, and has that counted again from time to time.
func (f *Files) start(ctx context.Context) error {
	if !f.wanted.Load() {
		return nil
	}
	if err := f.store.Start(ctx); err != nil {
		return fmt.Errorf("files: %w", err)
	}
	if err := f.count(ctx); err != nil {
		return err
	}
	f.countAlways(ctx)
	return nil
}

func (f *Files) stop(ctx context.Context) error {
	if f.usage.stop == nil { // it has not started
		return nil
	}
	f.usage.stop()
	return f.store.Stop(ctx)
}

// Used returns the bytes of all files that this process knows of: what others have kept or deleted in the same place it sees within some minutes.
func (f *Files) Used() int64 { return f.usage.used() }

// Put keeps what r holds under a new name. When it fails nothing is left of it. Errors that are values of this package, and those of r, may be
// returned to clients.
func (f *Files) Put(ctx context.Context, r io.Reader, rule Rule) (Stored, error) {
	if f == nil {
		return Stored{}, errNoDriver
	}
	head, err := readHead(r)
	if err != nil {
		return Stored{}, err
	}
	k := sniff(head)
	switch {
	case len(head) == 0:
		return Stored{}, ErrEmpty
	case len(rule.Types) > 0 && !slices.Contains(rule.Types, k.mediaType):
		return Stored{}, ErrType.WithDetail(ErrType.Detail + " Taken are " + strings.Join(rule.Types, ", ") + ".")
	}
	name := newName(rule.Public, k.ext)
	size, err := f.write(ctx, name, io.MultiReader(bytes.NewReader(head), r), cmp.Or(rule.Size, defaultSize))
	return Stored{Name: name, Type: k.mediaType, Size: size}, err
}

// PutVariant keeps what was made of a file. What was there under its name is replaced.
func (f *Files) PutVariant(ctx context.Context, variant Name, content []byte) error {
	if f == nil {
		return errNoDriver
	}
	if name, ok := ParseName(string(variant)); !ok || name[len(name.Stem())] != '-' {
		return fmt.Errorf("files: %q is no name of a variant", variant)
	}
	return f.alone(ctx, variant, func() error {
		before := f.size(ctx, variant)
		if _, err := f.write(ctx, variant, bytes.NewReader(content), int64(len(content))); err != nil {
			return err
		}
		f.usage.free(before)
		return nil
	})
}

func (f *Files) size(ctx context.Context, name Name) int64 {
	c, err := f.Open(ctx, name)
	if err != nil {
		return 0
	}
	defer c.Close() //nolint:errcheck // nothing was written
	return c.Size()
}

// readHead reads what tells the sort of a file.
func readHead(r io.Reader) ([]byte, error) {
	head := make([]byte, sniffed)
	n, err := io.ReadFull(r, head)
	if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return head[:n], err
}

// write keeps at most limit bytes under a name, all or nothing.
func (f *Files) write(ctx context.Context, name Name, r io.Reader, limit int64) (size int64, err error) {
	draft, err := f.store.Create(ctx, string(name))
	if err != nil {
		return 0, full(fmt.Errorf("keep file: %w", err))
	}
	w := &counted{files: f, w: draft, ctx: ctx}
	defer func() {
		if err != nil {
			f.usage.draft(-w.n)
			err = errors.Join(err, draft.Abort())
		}
	}()
	n, err := io.Copy(w, io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return 0, err
	case n > limit:
		return 0, ErrTooLarge
	}
	if err := draft.Commit(); err != nil {
		return 0, full(fmt.Errorf("keep file: %w", err))
	}
	f.usage.keep(n)
	return n, nil
}

// full makes the error of a store that has no room one that clients may see.
func full(err error) error {
	if errors.Is(err, driver.ErrFull) {
		return ErrFull.Because(err)
	}
	return err
}

// counted writes to a draft as long as there is room and time.
type counted struct {
	files *Files
	w     io.Writer
	ctx   context.Context //nolint:containedctx // of one copy
	n     int64
}

func (c *counted) Write(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	c.n += int64(len(p))
	if !c.files.room(c.ctx, int64(len(p))) {
		return 0, ErrFull
	}
	n, err := c.w.Write(p)
	return n, full(err)
}

// Open returns a file to be read and closed, ErrNotFound for none.
func (f *Files) Open(ctx context.Context, name Name) (driver.Content, error) {
	if f == nil {
		return nil, errNoDriver
	}
	if _, ok := ParseName(string(name)); !ok {
		return nil, ErrNotFound
	}
	c, err := f.store.Open(ctx, string(name))
	if errors.Is(err, driver.ErrNotFound) {
		return nil, ErrNotFound
	}
	return c, err
}

// Delete removes a file and what was made of it, from the caches in front also. That there is none is no error.
func (f *Files) Delete(ctx context.Context, name Name) error {
	if f == nil {
		return errNoDriver
	}
	if _, ok := ParseName(string(name)); !ok {
		return nil
	}
	sizes := map[string]int64{}
	if err := f.alone(ctx, name, func() error { return f.remove(ctx, name, sizes) }); err != nil {
		return fmt.Errorf("delete file: %w", err)
	}
	f.drop(ctx, name, sizes)
	return nil
}

// remove deletes what has the digits of the name, and notes what that was, with its size.
func (f *Files) remove(ctx context.Context, name Name, sizes map[string]int64) error {
	for _, begin := range []string{public, private} {
		stem := begin + name.Stem()[len(begin):]
		if err := f.store.List(ctx, stem, func(name string, size int64) error { sizes[name] = size; return nil }); err != nil {
			return err
		}
	}
	for n, size := range sizes {
		if err := f.store.Delete(ctx, n); err != nil {
			return err
		}
		f.usage.free(size)
	}
	return nil
}
