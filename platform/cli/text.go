package cli

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// width is that of a terminal which nobody has made wider, and of help everywhere.
const width = 80

// wrap breaks each line of a text at spaces so that it fits into limit columns; 0 is no limit. What comes behind a break begins with indent.
// A word that does not fit stays whole: it may be a path to be copied.
func wrap(text string, limit int, indent string) string {
	if limit <= 0 {
		return text
	}
	var b strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		for utf8.RuneCountInString(line) > limit {
			at := breakAt(line, limit, len(indent))
			if at < 0 {
				break
			}
			b.WriteString(line[:at] + "\n")
			line = indent + strings.TrimLeft(line[at:], " ")
		}
		b.WriteString(line)
	}
	return b.String()
}

// breakAt returns the last space behind from that leaves at most limit columns before it, or the first one there is; -1 when there is none.
func breakAt(line string, limit, from int) int {
	best, column := -1, 0
	for i, r := range line {
		if r == ' ' && i > from && line[i-1] != ' ' && strings.TrimSpace(line[:i]) != "" {
			if column > limit && best >= 0 {
				break
			}
			best = i
		}
		column++
	}
	return best
}

// cut shortens a line to limit columns; 0 or less is no limit.
func cut(line string, limit int) string {
	if limit <= 0 || utf8.RuneCountInString(line) <= limit {
		return line
	}
	return string([]rune(line)[:limit-1]) + "…"
}

// Table writes rows in columns. On a terminal that is too narrow the widest columns give way, and their cells take several lines.
func (c *Console) Table(w io.Writer, rows ...[]string) {
	c.clear()
	widths := fit(rows, columns(w))
	for _, row := range rows {
		cells := make([][]string, len(row))
		lines := 1
		for i, text := range row {
			cells[i] = pieces(text, widths[i])
			lines = max(lines, len(cells[i]))
		}
		for n := range lines {
			var b strings.Builder
			for i, cell := range cells {
				text := ""
				if n < len(cell) {
					text = cell[n]
				}
				b.WriteString(text + strings.Repeat(" ", max(0, widths[i]+gap-utf8.RuneCountInString(text))))
			}
			fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
		}
	}
}

// gap is what stands between two columns of a table.
const gap = 2

// fit returns how wide each column is: as wide as its widest cell, unless the whole would be wider than limit; 0 is no limit.
func fit(rows [][]string, limit int) []int {
	var widths []int
	total := 0
	for _, row := range rows {
		for i, text := range row {
			if i == len(widths) {
				widths = append(widths, 0)
				total += gap
			}
			more := max(0, utf8.RuneCountInString(text)-widths[i])
			widths[i] += more
			total += more
		}
	}
	const narrow = 8
	for total -= gap; limit > 0 && total > limit; total-- {
		widest := 0
		for i, n := range widths {
			if n >= widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= narrow {
			break
		}
		widths[widest]--
	}
	return widths
}

// pieces breaks the text of a cell so that it fits into limit columns: behind what divides words or the parts of a path, or anywhere.
func pieces(text string, limit int) (lines []string) {
	rest := []rune(text)
	for len(rest) > limit {
		at := limit
		for i := limit; i > limit/2; i-- {
			if strings.ContainsRune(" /,.", rest[i-1]) || rest[i] == ' ' {
				at = i
				break
			}
		}
		lines = append(lines, strings.TrimRight(string(rest[:at]), " "))
		rest = []rune(strings.TrimLeft(string(rest[at:]), " "))
	}
	return append(lines, string(rest))
}
