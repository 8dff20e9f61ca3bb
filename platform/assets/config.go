package assets

import (
	"net/url"
	"strings"

	"github.com/banyan-go/banyan/platform/config"
)

// Config is the section `assets`.
type Config struct {
	BaseURL string `config:"base_url" doc:"Where browsers get assets, https://cdn.example.com: a CDN that fetches from this server what it does not have; empty is this server."`
}

// Default returns settings without a CDN.
func Default() Config { return Config{} }

// Validate reports an address that no page can use.
func (c Config) Validate(r *config.Report) {
	if c.BaseURL == "" {
		return
	}
	u, err := url.Parse(c.BaseURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(c.BaseURL, "/") {
		r.Add("base_url", c.BaseURL, "https://cdn.example.com, with a path where there is one and without a slash at its end")
	}
}

// origin returns the part of the base URL that a Content-Security-Policy names, "" for this server.
func (c Config) origin() string {
	u, err := url.Parse(c.BaseURL)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
