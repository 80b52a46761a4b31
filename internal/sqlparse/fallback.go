package sqlparse

import (
	"slices"
	"strings"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// maxNames bounds the names the fallback collects; a text with more is
// treated as one that could not be read at all.
const maxNames = 4096

// fallback analyses a text that no grammar accepts, or that none may see, by
// its words. It is a write of everything it names, because even a SELECT can
// call a function that writes; where nothing can be read out of it, of every
// table. Only a text that begins as a query, holds no word that could write and
// calls nothing but built-ins writes nothing.
func fallback(d Dialect, text string, why reason.Reason) *Statement {
	text = strings.TrimSpace(text)
	st := &Statement{Dialect: d, Kind: Unknown, Reason: why, Text: text}
	words := readWords(d, text)
	st.Detail = words.first()
	st.Normal = normalPrefix(d, text)
	st.QueryID = queryID(st.Normal)
	if words.harmless() {
		st.onlyReads(words)
		return st
	}
	names, ok := words.names()
	for _, t := range names {
		st.addWrite(WriteRef{Table: t})
	}
	st.LiteralNames = words.literal
	st.WritesAll = !ok || len(names) == 0 || !words.startsWith(rowWords)
	st.SessionUnknown = !ok || words.several || !words.startsWith(tableWords)
	st.ImplicitCommit = d == MySQL && words.startsWith(ddlWords)
	st.Delayed = d == MySQL && slices.Contains(words.plain, "delayed")
	st.Funcs = words.funcs
	st.OnlyRows = words.changeRows()
	return st
}

// onlyReads settles a text of MySQL that holds no word by which a query could
// be more: the servers have syntax that no parser here knows, and whatever it
// is, a SELECT changes neither the session nor the transaction. A view among its
// names may call a function that writes, as the catalog knows.
func (s *Statement) onlyReads(w *words) {
	if s.Dialect != MySQL || !w.startsWith(selectWords) {
		return
	}
	s.Kind, s.Names = Read, w.tables
}

// Identifiers returns every name in text that could be a relation's, without
// any grammar: each identifier, and each prefix of a dotted name. ok is false
// if the text cannot be cut into tokens, and the list then means nothing.
func Identifiers(d Dialect, text string) (names []Table, ok bool) {
	return readWords(d, text).names()
}

// What a text's first word says. rowWords begin statements that change rows
// of tables they name, at most; tableWords leave the session alone; queryWords
// begin queries, selectWords those that give rows of tables; ddlWords begin what commits a transaction in MySQL; writeWords
// have no place in a query that only reads.
var (
	queryWords  = wordSet("select with values table show explain describe desc")
	selectWords = wordSet("select with values table")
	rowWords    = wordSet("select with values table insert update delete replace merge upsert truncate copy load")
	tableWords  = wordSet("select with values table insert update delete replace merge upsert truncate copy load " +
		"create alter drop rename comment grant revoke analyze vacuum reindex optimize")
	changeWords = wordSet("insert update delete replace")
	ddlWords    = wordSet("create alter drop rename truncate grant revoke")
	writeWords  = wordSet("insert update delete replace merge upsert truncate into call do execute copy load " +
		"create alter drop rename set lock analyze exec import handler")
	// opensList are words that a parenthesis follows without a call.
	opensList = wordSet("in and or not where values on using as by any all some exists from join select having when " +
		"then else case limit offset union except intersect over filter with distinct between like is over within " +
		"group order set interval cast row array lateral only is returning recursive materialized")
	// tableFollows are words after which a table may be named.
	tableFollows = wordSet("select from join into update table view on using with")
	// neverNames are reserved in every dialect: no relation has such a name
	// unless it is quoted.
	neverNames = wordSet("select from where and or not in is null on as join group having order union case when then " +
		"else create table distinct into check primary references foreign constraint unique default using " +
		"insert update delete set values by between like exists limit")
)

func wordSet(words string) map[string]bool {
	set := make(map[string]bool)
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// words is what the fallback reads out of a text.
type words struct {
	dialect Dialect
	plain   []string // unquoted words in lower case, in order, without duplicates
	tables  []Table
	funcs   []Func // called, and not known to be harmless
	assigns bool   // a variable may be assigned to
	several bool   // more than one statement
	literal bool   // contents of literals are among the tables
	broken  bool
}

// readWords reads text once by the dialect's rules, and a second time with the
// contents of executable comments as code, since only the server's version
// tells which of the two it is.
func readWords(d Dialect, text string) *words {
	w := &words{dialect: d}
	dialects := []Dialect{d}
	if d == Generic {
		dialects = []Dialect{Postgres, MySQL, SQLite}
	}
	for _, each := range dialects {
		w.read(each, text)
	}
	if d == MySQL && (strings.Contains(text, "/*!") || strings.Contains(text, "/*M!")) {
		w.read(d, openComments(text))
	}
	return w
}

// openComments turns executable comments into code.
func openComments(text string) string {
	return strings.NewReplacer("/*!", "  ", "/*M!", "  ", "*/", "  ").Replace(text)
}

// read collects the words, names and calls of text.
func (w *words) read(d Dialect, text string) {
	lex := lexer{dialect: d, text: text}
	chain := nameChain{words: w}
	chain.values.off = strings.Contains(text, `\`)
	var before token
	seen := make(map[string]bool)
	for !w.full() {
		t, ok := lex.next()
		if !ok {
			break
		}
		if t.kind == tokenComment {
			continue
		}
		s := text[t.start:t.end]
		w.several = w.several || len(w.plain) > 0 && before.end > 0 && text[before.start] == ';'
		w.assigns = w.assigns || s[0] == '@' && t.kind != tokenString && t.kind != tokenQuoted
		chain.add(d, t, s, before, text)
		if t.kind == tokenWord && !seen[s] {
			seen[s] = true
			w.addPlain(strings.ToLower(s))
		}
		before = t
	}
	chain.end()
	w.broken = w.broken || lex.broken
}

func (w *words) full() bool { return len(w.tables) > maxNames || len(w.plain) > maxNames }

func (w *words) addPlain(word string) {
	if !slices.Contains(w.plain, word) {
		w.plain = append(w.plain, word)
	}
}

func (w *words) first() string {
	if len(w.plain) == 0 || len(w.plain[0]) > maxName {
		return ""
	}
	return w.plain[0]
}

func (w *words) startsWith(set map[string]bool) bool { return set[w.first()] }

func (w *words) names() ([]Table, bool) {
	return w.tables, !w.broken && !w.full()
}

// harmless reports whether the text cannot write, as far as words tell.
func (w *words) harmless() bool {
	if w.broken || w.full() || w.several || len(w.funcs) > 0 || !w.startsWith(queryWords) {
		return false
	}
	return !slices.ContainsFunc(w.plain, func(word string) bool { return writeWords[word] })
}

// changeRows reports whether the text is one statement that changes rows, and does
// nothing else to its connection but by what the catalog knows of its tables: a
// bulk INSERT, most often, which is too long to be parsed.
func (w *words) changeRows() bool {
	_, ok := w.names()
	return ok && (w.dialect == MySQL || w.dialect == SQLite) && w.startsWith(changeWords) &&
		!w.several && !w.assigns && len(w.funcs) == 0
}

// nameChain follows a dotted name through the tokens.
type nameChain struct {
	*words
	parts  []string
	values valuesList
	dotted bool // the last token was a dot within the name
	bare   bool // the name is one unquoted word
}

func (c *nameChain) add(d Dialect, t token, s string, before token, text string) {
	c.values.add(t, s)
	name, isName := c.nameOf(d, t, s, before, text)
	switch {
	case isName && c.dotted:
		c.parts = append(c.parts, name)
		c.dotted, c.bare = false, false
		return
	case s == "." && len(c.parts) > 0:
		c.dotted = true
		return
	case s == "(" && len(c.parts) > 0:
		c.call(d)
	}
	c.end()
	if isName {
		c.parts = append(c.parts[:0], name)
		c.bare = t.kind == tokenWord
	}
}

// nameOf returns the name a token can stand for. Literals count where SQLite,
// and MySQL with ANSI_QUOTES, take them for names: where a table's name goes.
func (c *nameChain) nameOf(d Dialect, t token, s string, before token, text string) (string, bool) {
	switch t.kind {
	case tokenWord:
		return foldName(d, s), true
	case tokenQuoted:
		if s[0]|0x20 == 'u' && strings.Contains(s, `\`) {
			c.broken = true // U&"" with escapes, under an escape character given later
		}
		return unquoteName(d, s), true
	case tokenString:
		if d == Postgres || before.end == 0 || len(s) < 2 || c.values.inRow() {
			return "", false
		}
		switch strings.ToLower(text[before.start:before.end]) {
		case "from", "join", "into", "update", "table", ",", ".", "view", "on":
			c.literal = true
			return foldName(d, s[1:len(s)-1]), true
		}
	}
	return "", false
}

// valuesList follows the words that say whether a name of a table may come. In
// the rows of a VALUES none can: before one there is FROM, TABLE or the like
// again. The depth tells a row from what comes behind the list.
type valuesList struct {
	depth int
	at    int // the depth of VALUES, if that is the last of the words
	last  bool
	off   bool // with a backslash, where a literal ends depends on the session
}

func (v *valuesList) add(t token, s string) {
	switch {
	case s == "(":
		v.depth++
	case s == ")":
		v.depth--
	case t.kind != tokenWord:
	case strings.EqualFold(s, "values"):
		v.last, v.at = true, v.depth
	case tableFollows[strings.ToLower(s)]:
		v.last = false
	}
}

func (v *valuesList) inRow() bool { return v.last && !v.off && v.depth > v.at }

// call notes a function by the name read so far.
func (c *nameChain) call(d Dialect) {
	name := strings.ToLower(c.parts[len(c.parts)-1])
	if len(c.parts) == 1 && (c.bare && opensList[name] || isHarmlessBuiltin(d, name)) {
		return
	}
	f := Func{Name: name}
	if n := len(c.parts); n > 1 {
		f.Schema = c.parts[n-2]
	}
	if !slices.Contains(c.funcs, f) {
		c.funcs = append(c.funcs, f)
	}
}

// end closes the name and adds the relations it can mean: of a.b.c these are
// a, a.b and a.b.c.
func (c *nameChain) end() {
	if len(c.parts) == 0 {
		return
	}
	parts := c.parts
	bareKeyword := c.bare && neverNames[strings.ToLower(parts[0])]
	c.parts, c.dotted, c.bare = c.parts[:0], false, false
	if bareKeyword {
		return
	}
	c.addTable(Table{Name: parts[0]})
	if len(parts) > 1 {
		c.addTable(Table{Schema: parts[0], Name: parts[1]})
	}
	if len(parts) > 2 {
		c.addTable(Table{Catalog: parts[0], Schema: parts[1], Name: parts[2]})
	}
}

func (w *words) addTable(t Table) {
	if t.Name != "" && !slices.Contains(w.tables, t) {
		w.tables = append(w.tables, t)
	}
}

// isHarmlessBuiltin reports whether a function is known to write nothing.
func isHarmlessBuiltin(d Dialect, name string) bool {
	switch d {
	case Postgres:
		return pgBuiltin(name).harmless()
	case MySQL:
		return mysqlBuiltin(name)
	case SQLite:
		return true // nothing an SQLite function does reaches a table
	}
	return false
}
