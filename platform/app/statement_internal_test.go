package app

import (
	"reflect"
	"testing"
)

// A text is cut where its engine would end a statement, and nowhere else.
func TestCutStatement(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		only string // the dialect, where the other one reads something else
		want []string
	}{
		{"SELECT 1", "", []string{"SELECT 1"}},
		{"SELECT 1;SELECT 2;", "", []string{"SELECT 1", "SELECT 2"}},
		{" ;; SELECT 1 ;\n", "", []string{" ", "", " SELECT 1 ", "\n"}},
		{`SELECT ';', 'it''s;', "a;""b"; x`, "", []string{`SELECT ';', 'it''s;', "a;""b"`, " x"}},
		{"SELECT 1 -- a; b\n; x", "", []string{"SELECT 1 -- a; b\n", " x"}},
		{"SELECT /* ; */ 1; x", "", []string{"SELECT /* ; */ 1", " x"}},
		{"/* /* */ ; */; x", "postgres", []string{"/* /* */ ; */", " x"}},
		{"/* /* */ ; x", "sqlite", []string{"/* /* */ ", " x"}},
		{"SELECT `a;b`, [c;d]; x", "sqlite", []string{"SELECT `a;b`, [c;d]", " x"}},
		{"SELECT a[1]; x", "postgres", []string{"SELECT a[1]", " x"}},
		{`SELECT E'\';', 'a\'; x`, "postgres", []string{`SELECT E'\';', 'a\'`, " x"}},
		{"DO $$ BEGIN; $a$ END $$; x", "postgres", []string{"DO $$ BEGIN; $a$ END $$", " x"}},
		{"DO $a$ ; $$ ; $a$; x", "postgres", []string{"DO $a$ ; $$ ; $a$", " x"}},
		{"SELECT $1; SELECT a$b$c; x", "postgres", []string{"SELECT $1", " SELECT a$b$c", " x"}},
		{"CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET b = CASE WHEN 1 THEN 2 END; DELETE FROM c; END; x", "sqlite",
			[]string{"CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET b = CASE WHEN 1 THEN 2 END; DELETE FROM c; END", " x"}},
		{"CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f(); x", "postgres", []string{"CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f()", " x"}},
		{"SELECT 'not; closed", "", []string{"SELECT 'not; closed"}},
		{"SELECT 'ä;ö', ü; x", "", []string{"SELECT 'ä;ö', ü", " x"}},
	} {
		for _, dialect := range []string{"sqlite", "postgres"} {
			if c.only != "" && c.only != dialect {
				continue
			}
			var got []string
			for text, ended := c.text, true; text != "" && ended; {
				var s sqlStatement
				s, text, ended = cutStatement(dialect, text)
				got = append(got, s.text)
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s: %q is cut into %q, want %q", dialect, c.text, got, c.want)
			}
		}
	}
	s, _, _ := cutStatement("sqlite", `-- DELETE
	UPDATE a SET "x" = 'returning' returning id`)
	if s.words[0] != "update" || !s.has("returning") || s.has("delete") || s.blank() {
		t.Errorf("words %q", s.words)
	}
}
