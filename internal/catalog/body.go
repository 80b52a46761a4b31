package catalog

import (
	"slices"
	"strings"

	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// body is what the text of a function, procedure or trigger may do. It is
// found without a grammar of the procedural languages: every verb that can
// write, with the name that follows it, and every name that is called. That
// takes more for written than is (the branches never taken), never less.
type body struct {
	opaque string // the word that makes it unknown; "" if all is known
	writes []bodyWrite
	calls  []sqlparse.Func

	commits        bool // ends transactions
	sessionChanged bool // SET, set_config, temporary relations
	pathChanged    bool // its names may resolve under another search_path

	rowColumns map[string]bool  // columns of NEW it mentions: a BEFORE trigger may assign them
	rowUnknown bool             // NEW is passed around, or another row returned
	readsTable bool             // it has a FROM or a sub-select
	reads      []sqlparse.Table // names in the place of a table, and others
	unsteady   string           // the word by which it depends on more than its arguments, "" if none does
	names      map[string]bool  // PostgreSQL: every word, quoted or not
	timeWord   bool             // PostgreSQL: a literal holds "now" or the like
}

type bodyWrite struct {
	table  sqlparse.Table
	events event
	maybe  bool // the name may be an alias or a column instead
}

type bodyScanner struct {
	d   sqlparse.Dialect
	ts  []token
	out *body
}

// maxBody bounds the time a hostile body takes.
const maxBody = 1 << 20

func scanBody(d sqlparse.Dialect, text string) *body {
	out := &body{rowColumns: map[string]bool{}, names: map[string]bool{}}
	ts, ok := tokens(d, text[:min(len(text), maxBody+1)])
	if !ok || len(text) > maxBody {
		out.opaque, out.unsteady = "unreadable text", "unreadable text"
		out.rowUnknown = true
		return out
	}
	out.pathChanged = strings.Contains(strings.ToLower(text), "search_path")
	s := &bodyScanner{d: d, ts: ts, out: out}
	for i := range ts {
		s.word(ts[i])
		s.verb(i)
		s.call(i)
		s.row(i)
	}
	out.unsteady, out.reads = s.unsteady(), s.reads()
	return out
}

// word notes what may name a type, or be a time to one.
func (s *bodyScanner) word(t token) {
	switch {
	case s.d != sqlparse.Postgres:
	case t.ident():
		s.out.names[t.text] = true
	case t.kind == stringToken:
		s.out.timeWord = s.out.timeWord || sqlparse.HasTimeWord(t.text)
	}
}

func (s *bodyScanner) at(i int) token {
	if i < 0 || i >= len(s.ts) {
		return token{}
	}
	return s.ts[i]
}

// verb looks at the word at i as the start of something that has effects.
func (s *bodyScanner) verb(i int) {
	t := s.at(i)
	if t.kind != wordToken || s.at(i-1).is(".") || s.at(i+1).is(".") {
		return
	}
	switch t.text {
	case "insert", "replace":
		s.insert(i)
	case "update":
		s.update(i)
	case "delete":
		s.delete(i)
	case "merge":
		if s.at(i + 1).is("into") {
			s.one(i+2, onAny)
		}
	case "truncate":
		s.truncate(i)
	case "copy":
		if s.starts(i) {
			s.one(i+1, onAny)
		}
	case "refresh":
		s.refresh(i)
	case "from", "select", "table":
		s.out.readsTable = true
	case "execute", "prepare":
		s.dynamic(i)
	case "into":
		s.selectInto(i)
	default:
		s.other(i)
	}
}

// starts reports whether a statement can start at i.
func (s *bodyScanner) starts(i int) bool {
	p := s.at(i - 1)
	return p.kind == endToken || p.in(";", ">", ":", "begin", "then", "else", "loop", "do", "repeat", "atomic")
}

// handles reports whether the word at i may start what a handler does: DECLARE
// EXIT HANDLER FOR SQLEXCEPTION ROLLBACK.
func (s *bodyScanner) handles(i int) bool {
	if !s.at(i).in("create", "drop", "alter", "call", "commit", "rollback", "start", "set") {
		return false
	}
	for i--; !s.at(i).in(";", "begin") && s.at(i).kind != endToken; i-- {
		if s.at(i).is("handler") {
			return true
		}
	}
	return false
}

func (s *bodyScanner) insert(i int) {
	events := onInsert
	if s.at(i).is("replace") || s.at(i-1).is("or") || s.upserts(i) {
		events = onAny
	}
	j := i + 1
	for s.at(j).in("or", "ignore", "low_priority", "high_priority", "delayed", "rollback", "abort", "fail", "replace") {
		if s.at(j).is("replace") {
			events = onAny
		}
		j++
	}
	switch {
	case s.at(j).is("into"):
		s.one(j+1, events)
	case s.d == sqlparse.MySQL && s.at(j).ident() && (j > i+1 || s.starts(i)):
		s.one(j, events)
	}
}

// upserts reports whether the statement at i may change a row that is there.
func (s *bodyScanner) upserts(i int) bool {
	for ; !s.at(i).is(";") && s.at(i).kind != endToken; i++ {
		if s.at(i).in("conflict", "duplicate", "replace") {
			return true
		}
	}
	return false
}

func (s *bodyScanner) update(i int) {
	if s.at(i-1).in("for", "key", "on") || s.at(i+1).is("set") {
		return // FOR UPDATE, ON CONFLICT DO UPDATE SET, ON DUPLICATE KEY UPDATE
	}
	if s.d == sqlparse.MySQL {
		s.several(i+1, onUpdate, "set")
		return
	}
	j := i + 1
	if s.at(j).is("or") {
		j += 2
	}
	s.one(j, onUpdate)
}

func (s *bodyScanner) delete(i int) {
	if s.at(i - 1).is("on") {
		return
	}
	if s.d == sqlparse.MySQL {
		s.several(i+1, onDelete, "where", "order", "limit", "returning")
		return
	}
	if s.at(i + 1).is("from") {
		s.one(i+2, onDelete)
	}
}

func (s *bodyScanner) truncate(i int) {
	j := i + 1
	if s.at(j).is("(") {
		return // MySQL's numeric function
	}
	if s.at(j).is("table") {
		j++
	}
	for {
		j = s.one(j, onTruncate|onDelete)
		if s.at(j).is("*") {
			j++
		}
		if !s.at(j).is(",") {
			return
		}
		j++
	}
}

func (s *bodyScanner) refresh(i int) {
	if !s.at(i+1).is("materialized") || !s.at(i+2).is("view") {
		return
	}
	j := i + 3
	if s.at(j).is("concurrently") {
		j++
	}
	s.one(j, onAny)
}

// dynamic: a text that is executed may be anything, and hold a SET behind an
// UPDATE, or a call of set_config. Only PostgreSQL runs it in a function.
func (s *bodyScanner) dynamic(i int) {
	if s.d == sqlparse.SQLite {
		return
	}
	s.out.opaque = s.at(i).text
	s.out.sessionChanged = s.out.sessionChanged || s.d == sqlparse.Postgres
}

// selectInto: outside PL/pgSQL, SELECT ... INTO makes a table (PostgreSQL) or
// a file (MySQL). A new temporary one shadows.
func (s *bodyScanner) selectInto(i int) {
	if s.at(i+1).in("temp", "temporary") {
		s.out.sessionChanged = true
	}
}

// other handles the words that only mean something where a statement starts.
func (s *bodyScanner) other(i int) {
	t, next := s.at(i), s.at(i+1)
	starts := s.starts(i) || s.d == sqlparse.MySQL && s.handles(i)
	if !starts || !next.ident() && next.kind != stringToken && !next.is("@") {
		if starts && t.in("commit", "rollback") {
			s.out.commits = true
		}
		return
	}
	switch t.text {
	case "create", "drop", "alter":
		if next.in("temp", "temporary", "local") {
			s.out.sessionChanged = true
			return
		}
		s.out.opaque = t.text
	case "grant", "revoke", "rename", "import", "reassign", "load", "discard":
		s.out.opaque = t.text
	case "do":
		if next.kind == stringToken || next.is("language") {
			s.out.opaque = t.text
		}
	case "call":
		n, _ := s.chain(i + 1)
		s.out.calls = append(s.out.calls, sqlparse.Func{Schema: n.Schema, Name: n.Name})
	case "commit", "rollback", "start":
		s.out.commits = true
	case "set", "reset":
		s.set(i + 1)
	}
}

// set: in MySQL the same word assigns to local variables, whose names are
// only told from the server's by knowing the latter.
func (s *bodyScanner) set(i int) {
	if s.d != sqlparse.MySQL {
		s.out.sessionChanged = true
		return
	}
	depth := 0
	for first := true; !s.at(i).is(";") && s.at(i).kind != endToken; i++ {
		switch t := s.at(i); {
		case t.is("("):
			depth++
		case t.is(")"):
			depth--
		case first || depth == 0 && s.at(i-1).is(","):
			s.out.sessionChanged = s.out.sessionChanged || s.setting(i)
		}
		first = false
	}
}

// setting reports whether what is assigned to at i is the server's. NEW.name is
// a row's.
func (s *bodyScanner) setting(i int) bool {
	if s.at(i).is("@") {
		return s.at(i + 1).is("@")
	}
	return s.at(i).ident() && slices.Contains(mysqlSetWords, strings.ToLower(s.at(i).text)) && !s.at(i+1).is(".")
}

// mysqlSetWords are words after SET that change how the session answers.
var mysqlSetWords = append([]string{
	"session", "local", "global", "persist", "persist_only", "names", "character", "charset", "role", "transaction", "timestamp", "foreign_key_checks",
}, MySQLSettings...)

// MySQLSettings are the system variables of MySQL and MariaDB that can change
// what a cacheable statement returns.
var MySQLSettings = []string{
	"autocommit", "block_encryption_mode", "character_set_client", "character_set_collations", "character_set_connection",
	"character_set_results", "collation_connection", "collation_database", "cte_max_recursion_depth",
	"default_collation_for_utf8mb4", "default_week_format", "div_precision_increment",
	"explicit_defaults_for_timestamp", "group_concat_max_len", "lc_time_names", "lower_case_table_names",
	"max_recursive_iterations", "max_sort_length", "old", "old_mode", "show_old_temporals", "sql_auto_is_null",
	"sql_mode", "sql_select_limit", "system_time_zone", "system_versioning_asof", "time_zone",
	"transaction_isolation", "tx_isolation", "windowing_use_high_precision", "max_allowed_packet",
	"optimizer_switch", "new", "character_set_system", "regexp_time_limit", "default_regex_flags",
}

// one records the relation named at i as written and returns the place after
// its name.
func (s *bodyScanner) one(i int, events event) int {
	if s.at(i).is("only") {
		i++
	}
	paren := s.at(i).is("(")
	if paren {
		i++
	}
	n, next := s.chain(i)
	if n.Name == "" {
		s.out.opaque = "a name that is not one"
		return next
	}
	s.out.writes = append(s.out.writes, bodyWrite{table: n, events: events})
	return next
}

// several records every name up to one of the words as possibly written:
// MySQL's multi-table UPDATE and DELETE mix targets, joins and aliases.
func (s *bodyScanner) several(i int, events event, until ...string) {
	for i < len(s.ts) && !s.at(i).is(";") && !s.at(i).in(until...) {
		if !s.at(i).ident() {
			i++
			continue
		}
		n, next := s.chain(i)
		s.out.writes = append(s.out.writes, bodyWrite{table: n, events: events, maybe: true})
		i = next
	}
}

// chain reads "a", "a.b" or "a.b.c" at i.
func (s *bodyScanner) chain(i int) (sqlparse.Table, int) {
	var parts []string
	for s.at(i).ident() {
		parts = append(parts, s.identifier(s.at(i)))
		i++
		if !s.at(i).is(".") {
			break
		}
		i++
	}
	var n sqlparse.Table
	switch len(parts) {
	case 0:
		return n, i + 1
	case 1:
		n.Name = parts[0]
	case 2:
		n.Schema, n.Name = parts[0], parts[1]
	default:
		n.Catalog, n.Schema, n.Name = parts[0], parts[1], parts[2]
	}
	return n, i
}

func (s *bodyScanner) identifier(t token) string {
	if t.kind == quotedToken || s.d == sqlparse.Postgres {
		return t.text
	}
	return t.raw
}

// call records "name(" at i, whatever it turns out to be.
func (s *bodyScanner) call(i int) {
	if !s.at(i).ident() || s.at(i-1).is(".") {
		return
	}
	n, next := s.chain(i)
	if !s.at(next).is("(") {
		return
	}
	switch {
	case n.Name == "set_config":
		s.out.sessionChanged = true
	case s.d == sqlparse.Postgres && sqlparse.RunsText(n.Name):
		s.out.opaque = n.Name
	}
	s.out.calls = append(s.out.calls, sqlparse.Func{Schema: n.Schema, Name: n.Name})
}

// row notes what a trigger may do to the row it is called for.
func (s *bodyScanner) row(i int) {
	t := s.at(i)
	switch {
	case t.is("return") && !s.at(i+1).in("new", "old", "null"):
		s.out.rowUnknown = true
	case !t.is("new") || s.at(i-1).is("."):
	case s.at(i + 1).is("."):
		s.out.rowColumns[s.identifier(s.at(i+2))] = true
		if !s.at(i + 2).ident() {
			s.out.rowUnknown = true
		}
	case !s.at(i-1).is("return") || !s.at(i+1).is(";") && s.at(i+1).kind != endToken:
		s.out.rowUnknown = true
	}
}
