package postgres

import (
	"errors"
	"strings"
)

// errControl refuses SQL that begins, divides or ends a transaction.
var errControl = errors.New("a transaction begins and ends with the door, and not with SQL")

// controls reports whether a text begins, divides or ends a transaction. Its first word says so: the server takes one statement at a time
// from us, and nothing inside of a function or a block can end the transaction around it.
func controls(text string) bool {
	word, rest := firstWord(text)
	switch strings.ToUpper(word) {
	case "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE":
		return true
	case "PREPARE": // a transaction, for a commit in two phases, and not a statement
		next, _ := firstWord(rest)
		return strings.EqualFold(next, "TRANSACTION")
	}
	return false
}

// firstWord returns the first word of a text and what follows it. Before it may stand what is none of a statement: white space,
// semicolons, comments, which nest.
func firstWord(text string) (word, rest string) {
	for {
		text = strings.TrimLeft(text, "; \t\r\n\f\v")
		switch {
		case strings.HasPrefix(text, "--"):
			end := strings.IndexAny(text, "\r\n")
			if end < 0 {
				return "", ""
			}
			text = text[end:]
		case strings.HasPrefix(text, "/*"):
			text = behindComment(text)
		default:
			end := strings.IndexFunc(text, func(r rune) bool { return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z') })
			if end < 0 {
				end = len(text)
			}
			return text[:end], text[end:]
		}
	}
}

// behindComment returns what follows the comment at the beginning of text, "" when it does not end.
func behindComment(text string) string {
	depth := 0
	for i := 0; i+1 < len(text); {
		switch text[i : i+2] {
		case "/*":
			depth++
			i += 2
		case "*/":
			depth--
			i += 2
			if depth == 0 {
				return text[i:]
			}
		default:
			i++
		}
	}
	return ""
}
