package api

import (
	"bytes"
	"context"
	"crypto/sha256"

	"github.com/valyala/fasthttp"

	"github.com/banyan-go/banyan/platform/page"
)

// A cursor is a place in one list for one caller: in the token, before what package page has written, stands a hash of both. So the cursor
// of another list, of another parent's list or of another caller is worth no more than a forged one.

// scopeSize is what is kept of the hash.
const scopeSize = 8

// cursorScope names the list and the caller of a request.
func cursorScope(ctx context.Context, fctx *fasthttp.RequestCtx) [scopeSize]byte {
	sum := sha256.Sum256([]byte(string(fctx.URI().PathOriginal()) + "\x00" + CallerFrom(ctx).Subject))
	return [scopeSize]byte(sum[:])
}

func (a *API) signCursor(scope [scopeSize]byte, place []byte) string {
	return a.cursors.SignText(append(scope[:], place...))
}

func (a *API) openCursor(scope [scopeSize]byte, token string) ([]byte, error) {
	b, err := a.cursors.OpenText(token)
	if err != nil {
		return nil, page.ErrCursor
	}
	place, ok := bytes.CutPrefix(b, scope[:])
	if !ok {
		return nil, page.ErrCursor
	}
	return place, nil
}
