package sqlparse

import (
	"strings"

	"github.com/pgplex/pgparser/nodes"
)

// Some functions of PostgreSQL's own run a query that they are given as text. They
// are never cached. But whether such a read writes depends on what its query calls:
// where that stands in the statement it is looked at like a query within it, where
// not it may be a write to everything.

// RunsText reports whether a function of PostgreSQL's own runs a text it is given,
// or whatever views say. It may only read, but what that calls may do anything.
func RunsText(name string) bool {
	switch name {
	case "query_to_xml", "query_to_xml_and_xmlschema", "table_to_xml", "table_to_xml_and_xmlschema", "schema_to_xml", "schema_to_xml_and_xmlschema",
		"database_to_xml", "database_to_xml_and_xmlschema", "ts_stat", "ts_rewrite":
		return true
	}
	return false
}

// runs takes in what a function that RunsText runs.
func (r *pgReader) runs(name string, f *nodes.FuncCall) {
	args := f.Args.Len()
	if name == "ts_rewrite" && args != 2 {
		return // with three it has no text
	}
	before, text, ok := textRun(name, f)
	if !ok || !r.spells(text) || !r.within(before+text) {
		r.st.WritesAll, r.st.SessionUnknown = true, true
	}
}

// textRun returns the query that a call runs, where it can be told: what it is
// given, and what goes before that.
func textRun(name string, f *nodes.FuncCall) (before, text string, ok bool) {
	if f.Args.Len() == 0 {
		return "", "", false
	}
	switch name {
	case "ts_rewrite":
		text, ok = constantText(f.Args.Items[1])
		return "", text, ok
	case "ts_stat", "query_to_xml", "query_to_xml_and_xmlschema":
		text, ok = constantText(f.Args.Items[0])
		return "", text, ok
	case "table_to_xml", "table_to_xml_and_xmlschema":
		table := f.Args.Items[0]
		if cast, isCast := table.(*nodes.TypeCast); isCast {
			if of := names(cast.TypeName.Names); len(of) != 0 && of[len(of)-1] == "regclass" {
				table = cast.Arg
			}
		}
		text, ok = constantText(table)
		return "SELECT * FROM ", text, ok
	}
	return "", "", false // a whole schema
}

// spells reports whether a literal of the statement has content as it stands,
// but for doubled quotes. The symbols of operators and the names of types are
// looked for in the statement's text: escapes would hide them.
func (r *pgReader) spells(content string) bool {
	if r.plain == nil {
		r.plain = plainLiterals(r.text)
	}
	return r.plain[content]
}

// plainLiterals returns what stands in literals of the kinds that have no escapes.
func plainLiterals(text string) map[string]bool {
	plain := make(map[string]bool)
	lex := lexer{dialect: Postgres, text: text}
	for t, ok := lex.next(); ok; t, ok = lex.next() {
		if t.kind != tokenString {
			continue
		}
		switch s := text[t.start:t.end]; s[0] {
		case '\'':
			plain[strings.ReplaceAll(s[1:len(s)-1], "''", "'")] = true
		case '$':
			tag := strings.IndexByte(s[1:], '$') + 2
			plain[s[tag:len(s)-tag]] = true
		}
	}
	return plain
}

// maxWithin bounds how many texts one may stand within: each is parsed again for
// every one around it.
const maxWithin = 4

// within takes in what a query inside of the statement reads and calls. It
// reports false where the text is not one read.
func (r *pgReader) within(text string) bool {
	if r.depth == maxWithin {
		return false
	}
	q := parse(Postgres, text, r.depth+1)
	if q.Kind != Read || q.WritesAll || q.SessionUnknown || len(q.Writes)+len(q.Parts)+len(q.Names) != 0 {
		return false
	}
	for _, ref := range q.ReadRefs {
		r.st.addRead(TableRef{Table: ref.Table})
	}
	for _, f := range q.Funcs {
		r.st.addFunc(f)
	}
	for _, name := range q.SessionVars {
		r.st.setsVar(name, false)
	}
	r.st.Builtins = union(r.st.Builtins, q.Builtins)
	r.st.Attributes = union(r.st.Attributes, q.Attributes)
	r.st.Types = union(r.st.Types, q.Types)
	return true
}
