package cachedsql

import (
	"context"
	"slices"
	"strings"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// Some settings change how the server reads a text: where a string ends, what
// a double quote or a bracket means. The same text may then hold a statement
// that its analysis takes for a part of a string. What such a text does is
// unknown, so it counts as a write to everything.

// judged returns the analysis to go by for a text on this connection. How the
// server reads texts is asked when the first text comes for which it matters.
func (c *conn) judged(ctx context.Context, p *plan, text string) *plan {
	if !c.session.misread || !c.readsDiffer(text) {
		return p
	}
	if !c.session.known && !c.tx.inside() && !c.tx.isolationOnce {
		_ = c.know(ctx) // an error leaves it unknown
	}
	if !c.session.misread {
		return p
	}
	return unreadable(p)
}

// readsDiffer reports whether a text holds a character that settings give
// another meaning.
func (c *conn) readsDiffer(text string) bool {
	switch c.dialect() {
	case Postgres:
		return strings.Contains(text, `\`)
	case MySQL:
		return strings.ContainsAny(text, `\"[`)
	}
	return false
}

// unreadable is the plan of a text that may mean anything.
func unreadable(p *plan) *plan {
	return &plan{tally: p.tally, text: p.text, st: &sqlparse.Statement{
		Dialect: p.st.Dialect, Kind: sqlparse.Unknown, WritesAll: true, SessionUnknown: true, Reason: reason.SessionState,
		Text: p.st.Text, Normal: p.st.Normal, QueryID: p.st.QueryID,
	}}
}

// changesReading reports whether a statement may change how the server reads
// the texts after it. A routine cannot: its sql_mode ends with it.
func changesReading(st *sqlparse.Statement) bool {
	if st.SessionUnknown || st.SessionReset || st.Kind == sqlparse.Unknown {
		return st.Dialect != MySQL || !isCall(st)
	}
	return slices.ContainsFunc(st.SessionVars, func(v string) bool {
		return v == "sql_mode" || v == "character_set_client" || v == "standard_conforming_strings"
	})
}

func isCall(st *sqlparse.Statement) bool {
	return st.Reason == reason.Call && len(st.Text) > 4 && strings.EqualFold(st.Text[:4], "call")
}

// misreadsMySQL reports whether these settings of a MySQL session make it read
// texts in another way than their analysis does. In the character sets named
// a backslash can be the second byte of a character.
func misreadsMySQL(sqlMode, charset string) bool {
	for mode := range strings.SplitSeq(sqlMode, ",") {
		switch mode {
		case "NO_BACKSLASH_ESCAPES", "ANSI_QUOTES", "ORACLE", "MSSQL":
			return true
		}
	}
	switch charset {
	case "big5", "cp932", "gb18030", "gbk", "sjis":
		return true
	}
	return false
}
