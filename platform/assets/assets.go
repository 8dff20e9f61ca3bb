package assets

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/platform/lifecycle"
)

// Prefix is where the addresses of all assets begin.
const Prefix = "/assets/"

// Assets are the files of all modules. Add is for those who put the application together, before it starts; everything else is safe for
// concurrent use after that.
type Assets struct {
	cfg    Config
	byName map[string]*File
	byPath map[string]*File
}

// File is one asset. It is not to be changed.
type File struct {
	// Name is what templates call it: the module, a slash, the path in the module's own tree.
	Name string
	// Path is that of its address: "/assets/catalog/app-5f1d8f3c0f6a2b91.css".
	Path string
	// Type is its media type.
	Type string
	// Body is the file, in no coding.
	Body []byte

	tag   string            // quoted
	forms map[string][]byte // by content coding; those that are smaller than Body
	made  map[string][]byte // forms that came with the file
}

// New returns Assets without files. Appended to lc is the making of the compressed forms.
func New(cfg Config, lc *lifecycle.Lifecycle) *Assets {
	a := &Assets{cfg: cfg, byName: map[string]*File{}, byPath: map[string]*File{}}
	lc.Append(lifecycle.Hook{Name: "assets", Start: a.compress})
	return a
}

// Add adds the files of a module, at any depth. What begins with a dot is left out. A style sheet's references to other files of the tree,
// url(logo.svg) and @import "base.css", become references to their hashed names; the error names one that leads nowhere, or a file whose name
// cannot stand in an address as it is.
//
// A file app.css.br, app.css.zst or app.css.gz beside app.css is its compressed form, made by whoever has the time for it; Start compares.
func (a *Assets) Add(module string, files fs.FS) error {
	t := tree{module: module, files: map[string]*File{}}
	if err := t.read(files); err != nil {
		return fmt.Errorf("assets of the module %s: %w", module, err)
	}
	var wrong []error
	for _, name := range slices.Sorted(maps.Keys(t.files)) {
		wrong = append(wrong, t.settle(name, nil))
		if a.byName[t.files[name].Name] != nil {
			wrong = append(wrong, fmt.Errorf("two parts give the file %s", name))
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return fmt.Errorf("assets of the module %s: %w", module, err)
	}
	for _, f := range t.files {
		a.byName[f.Name], a.byPath[f.Path] = f, f
	}
	return nil
}

// URL returns the address of an asset by its name, "catalog/app.css", at the CDN where there is one. An unknown name is an error. It is made to be
// a function of templates: template.FuncMap{"asset": assets.URL}.
func (a *Assets) URL(name string) (string, error) {
	f := a.byName[name]
	if f == nil {
		return "", fmt.Errorf("there is no asset %q: the name is the module, a slash and the path of the file; the module's part gives the files (module.Asseter)", name)
	}
	return a.cfg.BaseURL + f.Path, nil
}

// Policy is the Content-Security-Policy of a page that loads assets, and nothing else but pictures of this server and data: URLs: no script or
// style stands in the page itself, no other site shows it in a frame, and its forms lead to this server.
func (a *Assets) Policy() string {
	from := "'self'"
	if cdn := a.cfg.origin(); cdn != "" {
		from += " " + cdn
	}
	return "default-src 'none'; script-src " + from + "; style-src " + from + "; font-src " + from + "; img-src " + from + " data:; connect-src 'self'; " +
		"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}

// Find returns the asset of a path, nil when there is none, or none any more.
func (a *Assets) Find(path []byte) *File { return a.byPath[string(path)] }

// Len returns the number of assets.
func (a *Assets) Len() int { return len(a.byPath) }

// Form returns the file in a content coding, "br" for instance, nil where it is not smaller so.
func (f *File) Form(coding string) []byte { return f.forms[coding] }

// Tag returns the entity tag, quoted, of the file in a content coding that there is of it, "" for none.
func (f *File) Tag(coding string) string {
	if f.forms[coding] == nil {
		return f.tag
	}
	return strings.TrimSuffix(f.tag, `"`) + "-" + coding + `"`
}

// Compressible reports whether there are forms of the file in content codings.
func (f *File) Compressible() bool { return len(f.forms) > 0 }

// compress makes the compressed forms of all files.
func (a *Assets) compress(ctx context.Context) error {
	return compressAll(ctx, slices.Collect(maps.Values(a.byPath)))
}

// tree is the files of a module while they get their names.
type tree struct {
	module string
	files  map[string]*File // by path in the tree
}

// errSegment says what a part of a path may be.
var errSegment = errors.New("a name of letters, digits and . _ - that begins with a letter or a digit goes through every cache as it is: rename the file")

func (t *tree) read(files fs.FS) error {
	segment := regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	if err := fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		switch base := path.Base(name); {
		case strings.HasPrefix(base, ".") && e.IsDir():
			return fs.SkipDir
		case strings.HasPrefix(base, "."):
			return nil
		case !segment.MatchString(base):
			return fmt.Errorf("%q: %w", name, errSegment)
		case e.IsDir():
			return nil
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		t.files[name] = &File{Name: t.module + "/" + name, Type: mediaType(name), Body: body}
		return nil
	}); err != nil {
		return err
	}
	t.takeForms()
	return nil
}

// takeForms gives the compressed forms that came with the files to the files.
func (t *tree) takeForms() {
	for _, c := range codings() {
		for name, form := range t.files {
			f := t.files[strings.TrimSuffix(name, c.suffix)]
			if f == nil || f == form {
				continue
			}
			if f.made == nil {
				f.made = map[string][]byte{}
			}
			f.made[c.name] = form.Body
			delete(t.files, name)
		}
	}
}

// settle gives a file its path, those that it refers to before it: their hashes are a part of it. Above are the files that have led here.
func (t *tree) settle(name string, above []string) error {
	f := t.files[name]
	if f.Path != "" {
		return nil
	}
	if slices.Contains(above, name) {
		return fmt.Errorf("%s refers to itself, through %s: the name of neither can hold its hash", name, strings.Join(append(above, name), ", "))
	}
	if path.Ext(name) == ".css" {
		if err := t.rewrite(f, name, append(slices.Clone(above), name)); err != nil {
			return err
		}
	}
	sum := sha256.Sum256(f.Body)
	hash, ext := hex.EncodeToString(sum[:hashSize]), path.Ext(name)
	f.tag = `"` + hash + `"`
	f.Path = Prefix + t.module + "/" + strings.TrimSuffix(name, ext) + "-" + hash + ext
	return nil
}

// hashSize is how many bytes of the hash stand in a name: files of one name that differ are few.
const hashSize = 8

// mediaType returns the type of a file by its name. It does not ask the system, whose list is another one on each machine.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".json", ".map":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".xml":
		return "application/xml"
	case ".wasm":
		return "application/wasm"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".jpg", ".jpeg":
		return "image/jpeg"
	case ".gif":
		return "image/gif"
	case ".webp":
		return "image/webp"
	case ".avif":
		return "image/avif"
	case ".ico":
		return "image/x-icon"
	case ".woff2":
		return "font/woff2"
	case ".woff":
		return "font/woff"
	case ".ttf":
		return "font/ttf"
	case ".otf":
		return "font/otf"
	case ".mp4":
		return "video/mp4"
	case ".webm":
		return "video/webm"
	case ".pdf":
		return "application/pdf"
	default:
		return "application/octet-stream"
	}
}
