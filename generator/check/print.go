package check

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// JSON writes findings as an array, which is empty when there are none.
func JSON(w io.Writer, findings []Finding) error {
	if findings == nil {
		findings = []Finding{}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(findings)
}

// Text writes findings for a person: by area, each with its place, its reason and its fix, and how many there are.
func Text(w io.Writer, findings []Finding) {
	area := Area("")
	for _, f := range findings {
		if f.Area != area {
			if area != "" {
				fmt.Fprintln(w)
			}
			area = f.Area
			fmt.Fprintln(w, area)
		}
		fmt.Fprintf(w, "  %-7s%s:%d  %s\n", f.Severity, f.File, f.Line, f.Rule)
		paragraph(w, "", f.What)
		paragraph(w, "why", f.Reason)
		paragraph(w, "fix", f.Fix)
	}
	if len(findings) > 0 {
		fmt.Fprintln(w)
	}
	problems := Problems(findings)
	summary := count(problems, "problem")
	if notes := len(findings) - problems; notes > 0 {
		summary += ", " + count(notes, "note")
	}
	fmt.Fprintln(w, summary)
}

func count(n int, what string) string {
	switch n {
	case 0:
		return "no " + what + "s"
	case 1:
		return "1 " + what
	default:
		return fmt.Sprintf("%d %ss", n, what)
	}
}

// width is that of a terminal which nobody has made wider.
const width = 80

// paragraph writes a text behind a label, broken at spaces so that it fits into a terminal.
func paragraph(w io.Writer, label, text string) {
	line := fmt.Sprintf("    %-5s", label)
	indent := utf8.RuneCountInString(line)
	used := indent
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		if used > indent && used+1+n > width {
			fmt.Fprintln(w, line)
			line, used = strings.Repeat(" ", indent), indent
		}
		if used > indent {
			line += " "
			used++
		}
		line += word
		used += n
	}
	fmt.Fprintln(w, line)
}
