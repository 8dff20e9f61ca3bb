package db

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"strings"
)

// migrationFile is what this package reads out of a file; goose reads the rest.
type migrationFile struct {
	up       string // the section Up, without the annotations
	down     bool   // there is a section Down
	lacks    string // the annotation that is missing, without which goose does not run it; "" for none
	checksum string // of the SQL in the section Up: lines of comments, and the space around lines, may change
	// contract says that yesterday's program does not work any more once this is applied: a comment banyan:contract stands in front of the section
	// Down.
	contract      bool
	noTransaction bool
}

// readMigration reads a file.
func readMigration(files fs.FS, name string) (f migrationFile, err error) {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return f, err
	}
	var up strings.Builder
	sum, section, begun, statement := sha256.New(), "", false, false
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n\t ")
		word, annotated := annotation(line)
		switch {
		case word == "up" || word == "down":
			section = word
			begun = begun || word == "up"
			f.down = f.down || word == "down"
		case annotated:
			f.noTransaction = f.noTransaction || word == "no transaction"
			if word == "statementbegin" || word == "statementend" {
				statement = word == "statementbegin"
			}
		case section != "down":
			f.contract = f.contract || marks(line, "banyan:contract")
			if section == "up" {
				up.WriteString(line + "\n")
				sum.Write([]byte(statementText(line)))
			}
		}
	}
	switch {
	case !begun:
		f.lacks = "-- +goose Up"
	case statement:
		f.lacks = "-- +goose StatementEnd"
	}
	f.up, f.checksum = strings.TrimSpace(up.String()), hex.EncodeToString(sum.Sum(nil))
	return f, nil
}

// annotation returns what a line says to goose, in lower case.
func annotation(line string) (what string, ok bool) {
	comment, ok := strings.CutPrefix(line, "--")
	if !ok {
		return "", false
	}
	what, ok = strings.CutPrefix(strings.TrimSpace(comment), "+goose")
	return strings.ToLower(strings.TrimSpace(what)), ok
}

// marks reports whether the comment of a line begins with a word.
func marks(line, word string) bool {
	_, comment, _ := strings.Cut(line, "--")
	fields := strings.Fields(comment)
	return len(fields) > 0 && fields[0] == word
}

// statementText returns what counts of a line of SQL, "" for a comment.
func statementText(line string) string {
	line = strings.TrimSpace(line)
	if line == "" || strings.HasPrefix(line, "--") {
		return ""
	}
	return line + "\n"
}
