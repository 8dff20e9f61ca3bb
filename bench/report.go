package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// report is everything that one run has measured, and nothing else.
type report struct {
	Machine machine  `json:"machine"`
	Figures []figure `json:"figures"`
}

// figure is one table.
type figure struct {
	Name     string    `json:"name"`
	Title    string    `json:"title"`
	Rows     []row     `json:"rows,omitempty"`
	Verdicts []verdict `json:"verdicts,omitempty"`
	Notes    []string  `json:"notes,omitempty"`
	// Skipped says why nothing was measured, Failure what went wrong.
	Skipped string `json:"skipped,omitempty"`
	Failure string `json:"failure,omitempty"`
}

// row is what was measured of one program. The rows of a figure have the same values.
type row struct {
	Name   string  `json:"name"`
	Values []value `json:"values"`
}

// value is one quantity: the median of its samples and their spread.
type value struct {
	Name    string  `json:"name"`
	Unit    string  `json:"unit,omitempty"`
	Median  float64 `json:"median"`
	Low     float64 `json:"low"`
	High    float64 `json:"high"`
	Samples int     `json:"samples"`
}

// verdict holds a value against its target.
type verdict struct {
	What  string  `json:"what"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit,omitempty"`
	// Limit is the least value if AtLeast, the greatest value otherwise.
	Limit   float64 `json:"limit"`
	AtLeast bool    `json:"at_least"`
	Met     bool    `json:"met"`
}

func atLeast(what string, v, limit float64) verdict {
	return verdict{What: what, Value: v, Limit: limit, AtLeast: true, Met: v >= limit}
}

func atMost(what string, v float64, unit string, limit float64) verdict {
	return verdict{What: what, Value: v, Unit: unit, Limit: limit, Met: v <= limit}
}

// failed reports whether something that was asked for could not be measured.
func (r *report) failed() bool {
	for _, f := range r.Figures {
		if f.Failure != "" {
			return true
		}
	}
	return false
}

// missed reports whether a target was missed.
func (r *report) missed() bool {
	for _, f := range r.Figures {
		for _, v := range f.Verdicts {
			if !v.Met {
				return true
			}
		}
	}
	return false
}

// text writes the report in Markdown.
func (r *report) text() string {
	var b strings.Builder
	b.WriteString(r.Machine.text())
	for _, f := range r.Figures {
		b.WriteString("\n")
		b.WriteString(f.text())
	}
	return b.String()
}

func (f figure) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n", f.Title)
	switch {
	case f.Failure != "":
		fmt.Fprintf(&b, "Failed: %s\n", f.Failure)
	case f.Skipped != "":
		fmt.Fprintf(&b, "Not measured: %s\n", f.Skipped)
	}
	if len(f.Rows) > 0 {
		f.table(&b)
	}
	if len(f.Verdicts) > 0 {
		b.WriteString("\n")
	}
	for _, v := range f.Verdicts {
		fmt.Fprintf(&b, "- %s\n", v.text())
	}
	for _, note := range f.Notes {
		fmt.Fprintf(&b, "\n%s\n", note)
	}
	return b.String()
}

func (f figure) table(b *strings.Builder) {
	b.WriteString("|")
	for _, v := range f.Rows[0].Values {
		b.WriteString(" | " + strings.TrimSpace(v.Name+" "+v.Unit))
	}
	b.WriteString(" |\n|---" + strings.Repeat("|---", len(f.Rows[0].Values)) + "|\n")
	for _, r := range f.Rows {
		b.WriteString("| " + r.Name)
		for _, v := range r.Values {
			b.WriteString(" | " + v.text())
		}
		b.WriteString(" |\n")
	}
}

func (v value) text() string {
	if v.Low == v.High {
		return number(v.Median)
	}
	return fmt.Sprintf("%s (%s to %s)", number(v.Median), number(v.Low), number(v.High))
}

func (v verdict) text() string {
	word, bound := "MISSED", "at most"
	if v.Met {
		word = "met"
	}
	if v.AtLeast {
		bound = "at least"
	}
	return fmt.Sprintf("%s: %s is %s, target %s %s", word, v.What, strings.TrimSpace(number(v.Value)+" "+v.Unit), bound, strings.TrimSpace(number(v.Limit)+" "+v.Unit))
}

// number writes a figure with as many digits as it is worth.
func number(v float64) string {
	switch a := math.Abs(v); {
	case v == math.Trunc(v) && a < 1e15:
		return grouped(strconv.FormatInt(int64(v), 10))
	case a >= 1000:
		return grouped(strconv.FormatFloat(v, 'f', 0, 64))
	case a >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strings.TrimRight(strings.TrimRight(strconv.FormatFloat(v, 'f', 3, 64), "0"), ".")
	}
}

// grouped puts a comma before every third digit.
func grouped(digits string) string {
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}
