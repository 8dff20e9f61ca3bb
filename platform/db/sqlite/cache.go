package sqlite

import "errors"

// Bounds of what a connection keeps prepared. A statement takes about 10 KiB; a long text is a batch, which seldom comes twice.
const (
	maxStatements = 64
	maxText       = 4 << 10
)

// cache is the prepared statements of a connection by their text; beyond maxStatements the one that was not used for longest goes. The
// zero value is empty. Since a connection runs one statement at a time, none that is in use is ever asked for or dropped.
type cache struct {
	byText map[string]*statement
	clock  uint64
}

func (c *cache) get(text string) *statement {
	s := c.byText[text]
	if s != nil {
		c.clock++
		s.used = c.clock
	}
	return s
}

func (c *cache) put(text string, s *statement) {
	if len(text) > maxText {
		return
	}
	if c.byText == nil {
		c.byText = make(map[string]*statement, maxStatements)
	}
	if len(c.byText) == maxStatements {
		c.drop()
	}
	c.clock++
	s.used, s.kept = c.clock, true
	c.byText[text] = s
}

// drop looks at every statement, which takes less time than to prepare the one that comes.
func (c *cache) drop() {
	oldest := ""
	for text, s := range c.byText {
		if oldest == "" || s.used < c.byText[oldest].used {
			oldest = text
		}
	}
	_ = c.byText[oldest].Close() // it repeats the error of the last step
	delete(c.byText, oldest)
}

func (c *cache) close() error {
	var errs []error
	for _, s := range c.byText {
		errs = append(errs, s.Close())
	}
	c.byText = nil
	return errors.Join(errs...)
}
