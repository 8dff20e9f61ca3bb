package mail

import (
	"bytes"
	_ "embed"
	"html/template"
	"regexp"
	"slices"
)

//go:embed page.html
var pageText string

// PagePath is where the page of the mailbox belongs, in mode dev.
const PagePath = "/dev/mailbox"

// piece is a part of a text: a link, where URL is set.
type piece struct{ Text, URL string }

// Page returns the mailbox as an HTML page, the newest mail first. Name is that of the application. Scripts and styles of a mail do nothing there.
func (b *Mailbox) Page(name string) ([]byte, error) {
	type view struct {
		ID, From, To, Subject, Date, HTML string
		Text                              []piece
	}
	page := struct {
		Name  string
		Mails []view
	}{Name: name}
	for _, m := range slices.Backward(b.Mails()) {
		page.Mails = append(page.Mails, view{
			ID: m.ID, From: m.From.String(), To: m.To, Subject: m.Subject, Date: m.Date.Format("2006-01-02 15:04:05 UTC"), Text: pieces(m.Text), HTML: m.HTML,
		})
	}
	t, err := template.New("mailbox").Parse(pageText)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, page); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// pieces finds the links in a text.
func pieces(text string) (all []piece) {
	links := regexp.MustCompile(`https?://[^\s<>"]+`)
	at := 0
	for _, found := range links.FindAllStringIndex(text, -1) {
		all = append(all, piece{Text: text[at:found[0]]}, piece{Text: text[found[0]:found[1]], URL: text[found[0]:found[1]]})
		at = found[1]
	}
	return append(all, piece{Text: text[at:]})
}
