package telemetry

import (
	"bytes"
	"encoding/hex"
	"log/slog"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

// The longest texts in an access line, in bytes before escaping. What is longer is cut, between two characters.
const (
	maxMethod    = 32
	maxRoute     = 256
	maxPath      = 1024
	maxUserAgent = 256
)

// Access writes one line for each request that was served. Its methods are safe for concurrent use.
//
// In JSON a line has these members, in this order; those in brackets only when there is a value:
//
//	time         when the answer was complete: UTC, milliseconds
//	level, msg   "INFO", from status 500 on "ERROR"; always "request"
//	[request_id, trace_id, span_id, parent_span_id]
//	method       cut at 32 bytes
//	[route]      the template that matched, cut at 256 bytes
//	path         without query string and fragment, cut at 1024 bytes
//	status       the status code
//	duration_ms  milliseconds, three decimals
//	[bytes_in, bytes_out]
//	[remote_addr, user_agent]   the latter cut at 256 bytes
type Access struct {
	w     *Writer
	level slog.Leveler
	text  bool
	color bool
	lines sync.Pool // of *[]byte
}

// Entry is one served request. Log reads it and keeps nothing of it, so byte slices may be reused afterwards.
type Entry struct {
	Time      time.Time     // when the request arrived
	Duration  time.Duration // from then to the end of the answer
	Request   *Request      // nil for none
	Method    string
	Route     string     // the template, "/api/v1/products/:id"; empty when none matched
	Path      []byte     // what stands behind ? or # is not logged: it may hold secrets
	Remote    netip.Addr // the client; the zero value for unknown
	UserAgent []byte
	Status    int
	In, Out   int64 // bytes of the bodies; below 0 for unknown
}

// Log writes the line of e, if the level lets it pass. It does not wait for the output unless the Writer is full; a line of level
// error is sent at once, together with the lines before it. In steady state it does not allocate.
func (a *Access) Log(e *Entry) {
	level := slog.LevelInfo
	if e.Status >= 500 {
		level = slog.LevelError
	}
	if level < a.level.Level() {
		return
	}
	line, _ := a.lines.Get().(*[]byte)
	if line == nil {
		line = new(make([]byte, 0, 1024))
	}
	if a.text {
		*line = appendEntryText((*line)[:0], e, level, a.color)
		_, _ = a.w.WriteNow(*line)
	} else if *line = appendEntryJSON((*line)[:0], e, level); level < slog.LevelError {
		_, _ = a.w.Write(*line)
	} else {
		a.w.writeSoon(*line)
	}
	a.lines.Put(line)
}

func appendEntryJSON(dst []byte, e *Entry, level slog.Level) []byte {
	dst = append(dst, `{"time":"`...)
	dst = appendTime(dst, e.Time.Add(e.Duration))
	if level < slog.LevelError {
		dst = append(dst, `","level":"INFO","msg":"request"`...)
	} else {
		dst = append(dst, `","level":"ERROR","msg":"request"`...)
	}
	if r := e.Request; r != nil {
		dst = appendRequestJSON(dst, r)
	}
	dst = append(dst, `,"method":`...)
	dst = appendJSON(dst, cut(e.Method, maxMethod))
	if e.Route != "" {
		dst = append(dst, `,"route":`...)
		dst = appendJSON(dst, cut(e.Route, maxRoute))
	}
	dst = append(dst, `,"path":`...)
	dst = appendJSON(dst, plainPath(e.Path))
	dst = append(dst, `,"status":`...)
	dst = strconv.AppendInt(dst, int64(e.Status), 10)
	dst = append(dst, `,"duration_ms":`...)
	dst = appendMillis(dst, e.Duration)
	if e.In >= 0 {
		dst = append(dst, `,"bytes_in":`...)
		dst = strconv.AppendInt(dst, e.In, 10)
	}
	if e.Out >= 0 {
		dst = append(dst, `,"bytes_out":`...)
		dst = strconv.AppendInt(dst, e.Out, 10)
	}
	if e.Remote.IsValid() {
		dst = append(dst, `,"remote_addr":"`...)
		// A zone is text of any kind and says nothing about the client.
		dst = e.Remote.WithZone("").AppendTo(dst)
		dst = append(dst, '"')
	}
	if len(e.UserAgent) > 0 {
		dst = append(dst, `,"user_agent":`...)
		dst = appendJSON(dst, cut(e.UserAgent, maxUserAgent))
	}
	return append(dst, '}', '\n')
}

func appendRequestJSON(dst []byte, r *Request) []byte {
	if r.ID != "" {
		dst = append(dst, `,"request_id":`...)
		dst = appendJSON(dst, r.ID)
	}
	if !r.Trace.Valid() {
		return dst
	}
	dst = append(dst, `,"trace_id":"`...)
	dst = hex.AppendEncode(dst, r.Trace.TraceID[:])
	dst = append(dst, `","span_id":"`...)
	dst = hex.AppendEncode(dst, r.Trace.Span[:])
	if r.Trace.Parent != [8]byte{} {
		dst = append(dst, `","parent_span_id":"`...)
		dst = hex.AppendEncode(dst, r.Trace.Parent[:])
	}
	return append(dst, '"')
}

// plainPath returns the part of path that may be logged.
func plainPath(path []byte) []byte {
	path = cut(path, maxPath)
	for _, c := range [...]byte{'?', '#'} {
		if i := bytes.IndexByte(path, c); i >= 0 {
			path = path[:i]
		}
	}
	return path
}

// appendEntryText is for people: what matters first, the ids last.
func appendEntryText(dst []byte, e *Entry, level slog.Level, color bool) []byte {
	dst = appendTextHead(dst, e.Time.Add(e.Duration), level, color)
	dst = appendText(dst, cut(e.Method, maxMethod))
	dst = append(dst, ' ')
	dst = appendText(dst, string(plainPath(e.Path)))
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, int64(e.Status), 10)
	dst = append(dst, ' ')
	dst = appendMillis(dst, e.Duration)
	dst = append(dst, "ms"...)
	if e.Out >= 0 {
		dst = append(dst, ' ')
		dst = strconv.AppendInt(dst, e.Out, 10)
		dst = append(dst, 'B')
	}
	if e.Route != "" {
		dst = appendTextPair(dst, "route", cut(e.Route, maxRoute))
	}
	if e.Remote.IsValid() {
		dst = appendTextPair(dst, "remote_addr", e.Remote.WithZone("").String())
	}
	if len(e.UserAgent) > 0 {
		dst = appendTextPair(dst, "user_agent", string(cut(e.UserAgent, maxUserAgent)))
	}
	if e.Request != nil {
		for _, a := range e.Request.attrs() {
			dst = appendTextPair(dst, a.Key, a.Value.String())
		}
	}
	return append(dst, '\n')
}
