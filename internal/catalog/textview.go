package catalog

import (
	"strings"
	"sync"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// textView is a view of which only the text is known (MySQL, SQLite): its
// names resolve in the view's own schema.
func (c *Catalog) textView(text, schema string) func() *viewBody {
	return sync.OnceValue(func() *viewBody {
		st := sqlparse.Parse(c.dialect, text)
		v := &viewBody{detail: st.Detail, reason: ofView(st), opaque: st.Kind != sqlparse.Read || st.Reason == reason.Unparsed}
		v.endless = st.Endless
		s := Session{Database: schema, Known: true}
		for _, ref := range readRefs(st) {
			rels, _ := c.lookup(ref.Table, s)
			if len(rels) == 0 {
				v.refuse(reason.UnknownRelation, ref.Table.String())
			}
			v.reads = append(v.reads, rels...)
		}
		v.refuse(c.dayCasts(st, v.reads))
		for _, f := range st.Funcs {
			called := c.lookupRoutines(f, s)
			if len(called) == 0 {
				v.refuse(reason.UnknownFunction, f.Name)
			}
			v.calls = append(v.calls, called...)
		}
		return v
	})
}

func (v *viewBody) refuse(why reason.Reason, detail string) {
	if v.reason == reason.None {
		v.reason, v.detail = why, detail
	}
}

// ofView is the reason not to cache what reads a view with this query.
func ofView(st *sqlparse.Statement) reason.Reason {
	switch {
	case st.Reason == reason.NoTable:
		return reason.None // constants, which only DDL changes
	case st.Reason == reason.None && st.Kind != sqlparse.Read:
		return reason.Unparsed
	}
	return st.Reason
}

// timeCasts judges the columns that a query turns into dates or times: text
// may say "now". A name that is not a column of any relation read is an alias
// for something unknown.
func timeCasts(st *sqlparse.Statement, rels []*relation) (reason.Reason, string) {
	for _, col := range st.TimeCasts {
		known := false
		for _, r := range rels {
			for _, have := range r.columns {
				if have.name != col {
					continue
				}
				if known = have.time; !known {
					return reason.TimeFunction, col
				}
			}
		}
		if !known || renamed(st.Text, col) {
			return reason.TimeFunction, col
		}
	}
	return reason.None, ""
}

// renamed reports whether a sub-select of the text may give the name to
// something else by AS.
func renamed(text, col string) bool {
	ts, ok := tokens(sqlparse.Postgres, text)
	selects, named := 0, false
	for i := 1; i < len(ts); i++ {
		if ts[i].is("select") {
			selects++
		}
		named = named || ts[i].ident() && ts[i].text == col && ts[i-1].is("as")
	}
	return !ok || named && selects > 0
}

// after returns the text that follows the first of the words outside quotes
// and parentheses, and the tokens before it.
func after(d sqlparse.Dialect, text string, words ...string) (head []token, rest string, ok bool) {
	l := &lexer{d: d, s: text}
	depth := 0
	for {
		t := l.next()
		switch {
		case l.bad || t.kind == endToken:
			return head, "", false
		case t.is("("):
			depth++
		case t.is(")"):
			depth--
		case depth == 0 && t.in(words...):
			return head, strings.TrimSpace(text[l.i:]), true
		}
		head = append(head, t)
	}
}
