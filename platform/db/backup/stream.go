package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
)

// counter passes on what is written to it, and takes its length and its SHA-256.
type counter struct {
	w     io.Writer
	hash  hash.Hash
	bytes int64
}

func newCounter(w io.Writer) *counter { return &counter{w: w, hash: sha256.New()} }

// Write is part of io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.hash.Write(p[:n])
	c.bytes += int64(n)
	return n, err
}

func (c *counter) sum() string { return hex.EncodeToString(c.hash.Sum(nil)) }

// checked reads data and compares it with its manifest.
type checked struct {
	ctx context.Context
	r   io.Reader
	*counter
	want Manifest
}

// Read is part of io.Reader.
func (c *checked) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	n, err := c.r.Read(p)
	if _, err := c.Write(p[:n]); err != nil {
		return n, err
	}
	switch {
	case errors.Is(err, io.EOF) && (c.bytes != c.want.Bytes || c.sum() != c.want.Sum):
		return n, ErrDamaged
	case err != nil && !errors.Is(err, io.EOF):
		return n, ErrDamaged
	}
	return n, err
}
