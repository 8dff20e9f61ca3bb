package webp

import (
	"bytes"
	"compress/gzip"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"image"
	"io"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// libwebp 1.4.0 (BSD) behind two functions of github.com/gen2brain/webp 0.5.5 (MIT), as that has compiled it. Its package is not used, since without a build
// tag it makes a binary dynamic.
//
//go:embed libwebp/libwebp.wasm.gz
var libwebp []byte

const (
	pages = 4096 // of 64 KiB: the most memory for one image
	// method is libwebp's effort, 0 to 6: the next one takes three times as long and saves a few per cent.
	method = 2
)

// encoder writes WebP. It is safe for concurrent use: each image has an instance of its own.
type encoder struct{ compiled func() (*program, error) }

type program struct {
	runtime wazero.Runtime
	module  wazero.CompiledModule
}

func newEncoder() *encoder { return &encoder{sync.OnceValues(compile)} }

func compile() (*program, error) {
	r, err := gzip.NewReader(bytes.NewReader(libwebp))
	if err != nil {
		return nil, err
	}
	code, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	p := &program{runtime: wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithMemoryLimitPages(pages).WithCloseOnContextDone(true))}
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, p.runtime); err != nil {
		return nil, err
	}
	p.module, err = p.runtime.CompileModule(ctx, code)
	return p, err
}

var errEncode = errors.New("libwebp has refused the image")

func (e *encoder) encode(ctx context.Context, img *image.NRGBA, quality int) ([]byte, error) {
	p, err := e.compiled()
	if err != nil {
		return nil, fmt.Errorf("compile libwebp: %w", err)
	}
	m, err := p.runtime.InstantiateModule(ctx, p.module, wazero.NewModuleConfig().WithName("")) // without files, arguments and clocks
	if err != nil {
		return nil, fmt.Errorf("start libwebp: %w", err)
	}
	defer m.Close(context.WithoutCancel(ctx)) //nolint:errcheck // its memory goes, whatever it says
	out, err := run(ctx, m, img, quality)
	if ended := ctx.Err(); ended != nil {
		return nil, ended
	}
	return out, err
}

// run hands the pixels to an instance and returns what it has made of them.
func run(ctx context.Context, m api.Module, img *image.NRGBA, quality int) ([]byte, error) {
	malloc, encode := m.ExportedFunction("malloc"), m.ExportedFunction("encode")
	in, err := malloc.Call(ctx, uint64(len(img.Pix)))
	if err != nil {
		return nil, fmt.Errorf("libwebp: %w", err)
	}
	size, err := malloc.Call(ctx, 8)
	if err != nil {
		return nil, fmt.Errorf("libwebp: %w", err)
	}
	if in[0] == 0 || size[0] == 0 || !m.Memory().Write(uint32(in[0]), img.Pix) {
		return nil, errEncode
	}
	const rgba, lossless, exact = 0, 0, 0
	out, err := encode.Call(ctx, in[0], uint64(img.Rect.Dx()), uint64(img.Rect.Dy()), size[0], rgba, uint64(quality), method, lossless, exact)
	if err != nil {
		return nil, fmt.Errorf("libwebp: %w", err)
	}
	n, ok := m.Memory().ReadUint32Le(uint32(size[0]))
	if !ok || n == 0 || out[0] == 0 {
		return nil, errEncode
	}
	made, ok := m.Memory().Read(uint32(out[0]), n)
	if !ok {
		return nil, errEncode
	}
	return bytes.Clone(made), nil
}
