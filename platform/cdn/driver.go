package cdn

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Driver knows how the caches of one vendor are told. It is safe for concurrent use.
type Driver interface {
	// Header is the name of the header in which an answer tells its tags, and what stands between two of them. Without a name the vendor knows
	// no tags: its caches are told addresses.
	Header() (name, separator string)
	// Purge has one cache drop what p names, and returns nil once that has said so. What it does not have is no error. It may be called again
	// with the same.
	Purge(ctx context.Context, c Cache, p Purge) error
}

// Drivers are drivers by the name of their vendor.
type Drivers map[string]Driver

// Cache is one cache in front.
type Cache struct {
	Address string // http://10.0.0.5:6081
	Token   string // for X-Purge-Token; empty for none
	Client  *http.Client
}

// Purge is what a cache is to drop: answers with one of these tags, or at one of these addresses.
type Purge struct {
	Tags []string
	// Addresses are paths with their query.
	Addresses []string
}

// Varnish returns the driver for Varnish, by the header xkey of its module of that name, or by bans: its VCL decides.
func Varnish() Driver { return varnish{} }

// Nginx returns the driver for nginx with the module ngx_cache_purge.
func Nginx() Driver { return nginx{} }

// builtIn are the drivers that every application has.
func builtIn() Drivers { return Drivers{"varnish": Varnish(), "nginx": Nginx()} }

// methodPurge is what both vendors call it.
const methodPurge = "PURGE"

type varnish struct{}

func (varnish) Header() (name, separator string) { return "xkey", " " }

func (varnish) Purge(ctx context.Context, c Cache, p Purge) error {
	for tags := range slices.Chunk(p.Tags, 100) { // a line of Varnish has 8 KiB
		if err := c.send(ctx, "/", http.Header{"Xkey-Purge": {strings.Join(tags, " ")}}, http.StatusOK); err != nil {
			return err
		}
	}
	return nil
}

type nginx struct{}

func (nginx) Header() (name, separator string) { return "", "" }

// Purge asks once for each coding: nginx keeps an answer for each, and drops the one that the request would get. An address that nginx does not take as
// one is done: it has never kept an answer there, and the others must not wait for it.
func (nginx) Purge(ctx context.Context, c Cache, p Purge) error {
	for _, address := range p.Addresses {
		if _, err := url.ParseRequestURI(address); err != nil || address[0] != '/' {
			continue
		}
		for _, coding := range []string{"", "gzip", "br", "zstd"} {
			if err := c.send(ctx, address, http.Header{"Accept-Encoding": {coding}}, http.StatusOK,
				http.StatusNotFound, http.StatusPreconditionFailed, http.StatusBadRequest, http.StatusRequestURITooLong); err != nil {
				return err
			}
		}
	}
	return nil
}

// send sends a PURGE to the cache, whose answer has to have one of these statuses.
func (c Cache) send(ctx context.Context, path string, header http.Header, good ...int) error {
	req, err := http.NewRequestWithContext(ctx, methodPurge, c.Address+path, nil)
	if err != nil {
		return err
	}
	req.Header = header
	if c.Token != "" {
		req.Header.Set("X-Purge-Token", c.Token)
	}
	resp, err := c.Client.Do(req)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)) // so that the connection can be used again
	if err := resp.Body.Close(); err != nil {
		return err
	}
	if !slices.Contains(good, resp.StatusCode) {
		return fmt.Errorf("the cache answers %s", resp.Status)
	}
	return nil
}
