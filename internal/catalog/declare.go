package catalog

// Declarations are what the user says about the database in the rule file
// where the catalog cannot tell: the "tables" and "functions" sections.
// Names are lower case, "schema.name" where the dialect has schemas; a bare
// name matches in every schema.
type Declarations struct {
	Tables    map[string]TableDecl
	Functions map[string]FuncDecl

	// Agreed are more columns that writes have to name, by table: what other
	// processes have declared, whose reads rely on it.
	Agreed map[string][]string
}

// TableDecl is what a rule file declares about one table.
type TableDecl struct {
	// Dimensions are columns whose values get tags of their own, beside the
	// primary key and the unique keys. A column whose type does not compare
	// exactly (citext, a case-insensitive collation, numeric, ...) is ignored
	// with a warning: see Catalog.DeclarationWarnings.
	Dimensions []string
	// IgnoreWritesFromTriggers says that nobody minds stale reads of what
	// triggers write to this table (an audit log).
	IgnoreWritesFromTriggers bool
}

// FuncDecl is what a rule file declares about one function or procedure, and
// replaces what the catalog knows of it.
type FuncDecl struct {
	// Volatility is "immutable" (a function of its arguments), "stable" (of its
	// arguments and the tables in Reads) or "volatile"; "" is "volatile".
	Volatility string
	// Reads and Writes are the tables the function reads and writes.
	Reads, Writes []string
}
