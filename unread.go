package cachedsql

import (
	"context"
	"strings"
)

// A text that nobody could read here may have done anything to the connection,
// and where its state cannot be asked for in full, caching ends on it. But many
// such texts are mistakes that the server cannot read either, and has not run.

// unread reports whether that is so. The error alone does not tell: a routine
// that prepares a text of its own passes on what became of that, after all else
// it has done. So the server is asked to prepare the text, which runs nothing.
// It reads one statement then, so there must not be more.
func (c *conn) unread(ctx context.Context, p *plan, x *call, err error) bool {
	is := c.connector.adapter.SyntaxError
	if err == nil || is == nil || x.stmt != nil || !hidesTransaction(p.st) || !is(err) ||
		strings.Contains(strings.TrimRight(x.text, "; \t\r\n"), ";") {
		return false
	}
	s, err := c.prepare(ctx, x.text)
	if err == nil {
		_ = s.Close()
		return false
	}
	return is(err)
}

// leaveUnread ends a statement that has not run.
func (c *conn) leaveUnread(w *write) {
	if w != nil {
		c.cache.finish(w, true)
	}
	c.session.off = c.offBefore
}
