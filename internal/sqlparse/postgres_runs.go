package sqlparse

import "github.com/pgplex/pgparser/nodes"

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
	text, ok := textRun(name, f)
	if !ok || !r.within(text) {
		r.st.WritesAll, r.st.SessionUnknown = true, true
	}
}

// textRun returns the query that a call runs, where it can be told.
func textRun(name string, f *nodes.FuncCall) (text string, ok bool) {
	if f.Args.Len() == 0 {
		return "", false
	}
	switch name {
	case "ts_rewrite":
		return constantText(f.Args.Items[1])
	case "ts_stat", "query_to_xml", "query_to_xml_and_xmlschema":
		return constantText(f.Args.Items[0])
	case "table_to_xml", "table_to_xml_and_xmlschema":
		table := f.Args.Items[0]
		if cast, isCast := table.(*nodes.TypeCast); isCast {
			if of := names(cast.TypeName.Names); len(of) != 0 && of[len(of)-1] == "regclass" {
				table = cast.Arg
			}
		}
		text, ok = constantText(table)
		return "SELECT * FROM " + text, ok
	}
	return "", false // a whole schema
}

// within takes in what a query inside of the statement reads and calls. It
// reports false where the text is not one read.
func (r *pgReader) within(text string) bool {
	q := Parse(Postgres, text)
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
