package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// messageWidth is the column at which attributes begin, counted from the message, in bytes.
const messageWidth = 32

// textHandler writes records for people: time, level, message, then key=value. A value of several lines, a stack for instance,
// stands below, indented. Nothing that is logged can move the cursor or colour the terminal: what is not printable is quoted.
type textHandler struct {
	w     *Writer
	level slog.Leveler
	color bool
	group string // "http.client.": stands before every key
	attrs []byte // of WithAttrs, as they will stand in the line
	below []byte // those of several lines
}

func (h *textHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

func (h *textHandler) Handle(_ context.Context, r slog.Record) error {
	line := appendTextHead(make([]byte, 0, 512), r.Time, r.Level, h.color)
	before := len(line)
	line = appendPrintable(line, r.Message)
	if r.NumAttrs()+len(h.attrs) > 0 {
		for len(line)-before < messageWidth {
			line = append(line, ' ')
		}
	}
	below := slices.Clip(h.below)
	line = append(line, h.attrs...)
	r.Attrs(func(a slog.Attr) bool {
		line, below = appendTextAttr(line, below, h.group, a)
		return true
	})
	line = append(line, '\n')
	_, err := h.w.WriteNow(append(line, below...))
	return err
}

func (h *textHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	next.attrs, next.below = slices.Clip(h.attrs), slices.Clip(h.below)
	for _, a := range attrs {
		next.attrs, next.below = appendTextAttr(next.attrs, next.below, h.group, a)
	}
	return &next
}

func (h *textHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	next := *h
	next.group += name + "."
	return &next
}

// appendTextHead appends time and level. A record without a time has none in its line.
func appendTextHead(dst []byte, t time.Time, level slog.Level, color bool) []byte {
	if !t.IsZero() {
		dst = append(appendTime(dst, t), ' ')
	}
	if color {
		dst = append(dst, "\x1b["...)
		dst = append(dst, levelColor(level)...)
		dst = append(dst, 'm')
	}
	name := level.String()
	dst = append(dst, name...)
	if color {
		dst = append(dst, "\x1b[0m"...)
	}
	for n := len(name); n < len("ERROR"); n++ {
		dst = append(dst, ' ')
	}
	return append(dst, ' ')
}

func levelColor(level slog.Level) string {
	switch {
	case level >= slog.LevelError:
		return "31" // red
	case level >= slog.LevelWarn:
		return "33" // yellow
	case level >= slog.LevelInfo:
		return "32" // green
	default:
		return "90" // grey
	}
}

func appendTextAttr(line, below []byte, group string, a slog.Attr) (newLine, newBelow []byte) {
	a.Value = a.Value.Resolve()
	if a.Equal(slog.Attr{}) {
		return line, below
	}
	if a.Value.Kind() == slog.KindGroup {
		if a.Key != "" {
			group += a.Key + "."
		}
		for _, member := range a.Value.Group() {
			line, below = appendTextAttr(line, below, group, member)
		}
		return line, below
	}
	key, value := group+a.Key, textValue(a)
	if !strings.Contains(strings.TrimSuffix(value, "\n"), "\n") {
		return appendTextPair(line, key, value), below
	}
	below = append(below, "    "...)
	below = appendPrintable(below, key)
	below = append(below, ":\n"...)
	for part := range strings.Lines(value) {
		below = append(below, "      "...)
		below = appendPrintable(below, strings.ReplaceAll(strings.TrimRight(part, "\r\n"), "\t", "    "))
		below = append(below, '\n')
	}
	return line, below
}

func textValue(a slog.Attr) string {
	if isSecretKey(a.Key) {
		return redacted
	}
	switch a.Value.Kind() {
	case slog.KindTime:
		return string(appendTime(nil, a.Value.Time()))
	case slog.KindAny:
		return fmt.Sprintf("%+v", a.Value.Any())
	default:
		return a.Value.String()
	}
}

func appendTextPair(dst []byte, key, value string) []byte {
	dst = append(dst, ' ')
	dst = appendText(dst, key)
	dst = append(dst, '=')
	return appendText(dst, value)
}

// appendText appends s, quoted unless it is one printable word.
func appendText(dst []byte, s string) []byte {
	plain := s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return r == '"' || r == '=' || r == unicode.ReplacementChar || !unicode.IsGraphic(r) || unicode.IsSpace(r)
	})
	if plain {
		return append(dst, s...)
	}
	return strconv.AppendQuoteToGraphic(dst, s)
}

// appendPrintable appends s, quoted when something in it is not printable.
func appendPrintable(dst []byte, s string) []byte {
	if strings.ContainsFunc(s, func(r rune) bool { return r == unicode.ReplacementChar || !unicode.IsPrint(r) }) {
		return strconv.AppendQuote(dst, s)
	}
	return append(dst, s...)
}
