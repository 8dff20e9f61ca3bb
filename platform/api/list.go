package api

import (
	"fmt"
	"strings"

	"github.com/banyan-go/banyan/platform/page"
)

// List is the Out of an operation that returns a page of a list. In has to have a field of type page.Query. Make it with NewList.
type List[T any] struct {
	Link string `header:"Link" doc:"The next and the previous page, as RFC 8288 has them."`
	Body ListBody[T]

	query      page.Query
	next, prev *page.Key
}

// ListBody is what a client gets.
type ListBody[T any] struct {
	Data []T      `json:"data" doc:"The items of this page, in order."`
	Page ListPage `json:"page" doc:"Where the list goes on."`
}

// ListPage says where a list goes on.
type ListPage struct {
	Next  *string `json:"next" doc:"Cursor for the parameter after; null on the last page."`
	Prev  *string `json:"prev" doc:"Cursor for the parameter before; null on the first page."`
	Total *int64  `json:"total" doc:"Items on all pages; null unless count=exact was asked for."`
}

// NewList returns the answer to q: the page p.
func NewList[T any](q page.Query, p page.Page[T]) *List[T] {
	return &List[T]{Body: ListBody[T]{Data: p.Items, Page: ListPage{Total: p.Total}}, query: q, next: p.Next, prev: p.Prev}
}

// complete signs the cursors and writes the links.
func (l *List[T]) complete(cursor func([]byte) string, path, query string) {
	var links []string
	link := func(key *page.Key, name, rel string) *string {
		if key == nil {
			return nil
		}
		token := cursor(l.query.Encode(key))
		links = append(links, "<"+linkSafe(path+"?"+withCursor(query, name, token))+`>; rel="`+rel+`"`)
		return &token
	}
	l.Body.Page.Next = link(l.next, "after", "next")
	l.Body.Page.Prev = link(l.prev, "before", "prev")
	l.Link = strings.Join(links, ", ")
}

// linkSafe escapes what ends an address in the header Link, and what a client may send in an address and no address may hold.
func linkSafe(address string) string {
	b := make([]byte, 0, len(address))
	for i := range len(address) {
		if c := address[i]; c <= ' ' || c >= 0x7f || c == '<' || c == '>' || c == '"' {
			b = fmt.Appendf(b, "%%%02X", c)
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}

// withCursor returns the query string with this cursor in place of the one it has.
func withCursor(query, name, token string) string {
	var kept []string
	for pair := range strings.SplitSeq(query, "&") {
		escaped, _, _ := strings.Cut(pair, "=")
		if name, _ := unescape(escaped, true); name != "" && name != "after" && name != "before" {
			kept = append(kept, pair)
		}
	}
	return strings.Join(append(kept, name+"="+token), "&")
}
