package sqlparse

import "strings"

// mysqlPiece is what a reader is given: text that differs from the statement's
// where a form MariaDB knows and the readers do not had to be respelled, and
// the parameters' numbers in the statement by their offset in that text.
type mysqlPiece struct {
	text   string
	params map[int]int
}

// piece gives the readers the source as it is.
func (s *mysqlSource) piece() mysqlPiece {
	params := make(map[int]int)
	for _, t := range s.tokens {
		if t.kind == tokenParam {
			params[t.start] = s.paramsUpTo + len(params) + 1
		}
	}
	return mysqlPiece{text: s.text, params: params}
}

// fields makes a SELECT of a list of expressions.
func (p mysqlPiece) fields() mysqlPiece {
	const prefix = "SELECT "
	params := make(map[int]int, len(p.params))
	for offset, number := range p.params {
		params[offset+len(prefix)] = number
	}
	return mysqlPiece{text: prefix + p.text, params: params}
}

// respelled gives the readers the source in words they know, without changing
// what it means for the tables it touches:
//
//   - a list of rows "VALUES (1), (2)" as a query becomes MySQL's "VALUES ROW(1), ROW(2)";
//   - "FOR SYSTEM_TIME ..." with plain operands is dropped: what a table held
//     in the past changes with the table, never without it;
//   - a name that only the readers take for a keyword is quoted: see mysqlNames.
func (s *mysqlSource) respelled() mysqlPiece {
	w := mysqlRewriter{src: s, param: s.paramsUpTo, params: make(map[int]int)}
	for i := 0; i < len(s.tokens); {
		if n := s.systemTime(i); n > 0 {
			w.drop(i, i+n)
			i += n
			continue
		}
		if w.rowsAt(i) {
			w.out.WriteString("ROW")
		}
		w.copy(i)
		i++
	}
	return mysqlPiece{text: w.out.String(), params: w.params}
}

type mysqlRewriter struct {
	src    *mysqlSource
	out    strings.Builder
	param  int
	params map[int]int
	// rows is the depth, plus one, of the VALUES whose rows are being read.
	rows int
}

// copy writes token i and the space between it and the next one.
func (w *mysqlRewriter) copy(i int) {
	t := w.src.tokens[i]
	if t.kind == tokenParam {
		w.param++
		w.params[w.out.Len()] = w.param
	}
	end := t.start
	if w.src.namedAt(i) {
		w.out.WriteString("`" + w.src.text[t.start:t.end] + "`")
		end = t.end
	}
	w.out.WriteString(w.src.text[end:w.src.startOf(i+1)])
}

// namedAt reports whether token i is one of mysqlNames, and neither a function nor the head of a list of windows.
func (s *mysqlSource) namedAt(i int) bool {
	switch {
	case !mysqlNames[s.word(i)]:
		return false
	case s.punct(i+1, '('):
		return i > 0 && mysqlBeforeColumns[s.word(i-1)]
	}
	return s.word(i) != "WINDOW" || s.word(i+2) != "AS" || !s.punct(i+3, '(')
}

// mysqlBeforeColumns are the words before a name that a list of columns may follow, which looks like a function's arguments.
var mysqlBeforeColumns = map[string]bool{"INTO": true, "INSERT": true, "REPLACE": true, "IGNORE": true, "WITH": true, "RECURSIVE": true}

// mysqlNames are words that the first reader keeps for itself, as MySQL 8 does most of them, and that are names of columns, tables and
// aliases in MariaDB: "groups", or "RANK() OVER (...) AS rank". Where one is a keyword after all ("FOR UPDATE OF t", "FETCH FIRST ROW
// ONLY") the text does not parse with it quoted, and nobody understands the statement, as before.
var mysqlNames = map[string]bool{
	"ARRAY": true, "CUBE": true, "CUME_DIST": true, "DATABASE": true, "DENSE_RANK": true, "EXTERNAL": true, "FIRST_VALUE": true,
	"GENERATED": true, "GET": true, "GET_FORMAT": true, "GROUPS": true, "LAG": true, "LAST_VALUE": true, "LATERAL": true, "LEAD": true,
	"NTH_VALUE": true, "NTILE": true, "OF": true, "OPTION": true, "PERCENT_RANK": true, "RANK": true, "ROW": true, "SCHEMA": true,
	"STORED": true, "UNTIL": true, "VIRTUAL": true, "WEIGHT_STRING": true, "WINDOW": true,
}

// drop leaves tokens from up to end out, counting their parameters.
func (w *mysqlRewriter) drop(from, end int) {
	w.param += w.src.params(end) - w.src.params(from)
	w.out.WriteByte(' ')
}

// rowsAt reports whether token i opens a row of a query that is a list of rows.
func (w *mysqlRewriter) rowsAt(i int) bool {
	s := w.src
	depth := s.tokens[i].depth
	if w.rows > 0 && depth < w.rows-1 {
		w.rows = 0
	}
	if !s.punct(i, '(') || i == 0 {
		return false
	}
	if s.word(i-1) == "VALUES" && s.queryStartsAt(i-1) {
		w.rows = depth + 1
		return true
	}
	return w.rows == depth+1 && s.punct(i-1, ',') && s.punct(i-2, ')')
}

// queryStartsAt reports whether a query may begin at token i.
func (s *mysqlSource) queryStartsAt(i int) bool {
	if i == 0 {
		return true
	}
	switch s.word(i - 1) {
	case "UNION", "EXCEPT", "INTERSECT", "ALL", "DISTINCT", "AS":
		return true
	}
	// "f(VALUES(a))" is a function of a column; a list of rows is never an
	// argument, so the parenthesis before it follows no name.
	return s.punct(i-1, '(') && (i < 2 || s.tokens[i-2].kind != tokenWord || mysqlBeforeQuery[s.word(i-2)])
}

// mysqlBeforeQuery are the words a parenthesised query follows.
var mysqlBeforeQuery = map[string]bool{
	"FROM": true, "JOIN": true, "IN": true, "AS": true, "EXISTS": true, "ANY": true, "ALL": true, "SOME": true,
	"UNION": true, "EXCEPT": true, "INTERSECT": true, "DISTINCT": true, "LATERAL": true,
}

// startOf returns where token i starts, or the end of the text.
func (s *mysqlSource) startOf(i int) int {
	if i < len(s.tokens) {
		return s.tokens[i].start
	}
	return len(s.text)
}

// systemTime returns how many tokens from i on are a FOR SYSTEM_TIME clause
// with literal or parameter operands, 0 if none are. Others are left where
// they are, and the statement is one nobody parses.
func (s *mysqlSource) systemTime(i int) int {
	if !s.is(i, "FOR", "SYSTEM_TIME") {
		return 0
	}
	j := i + 2
	switch s.word(j) {
	case "ALL":
		return 3
	case "AS":
		if s.word(j+1) != "OF" {
			return 0
		}
		j = s.pointInTime(j + 2)
	case "BETWEEN":
		j = s.pointsInTime(j+1, "AND")
	case "FROM":
		j = s.pointsInTime(j+1, "TO")
	default:
		return 0
	}
	return max(0, j-i)
}

func (s *mysqlSource) pointsInTime(i int, between string) int {
	j := s.pointInTime(i)
	if j < 0 || s.word(j) != between {
		return -1
	}
	return s.pointInTime(j + 1)
}

// pointInTime returns the token after a literal or parameter at i, or -1.
func (s *mysqlSource) pointInTime(i int) int {
	if w := s.word(i); w == "TIMESTAMP" || w == "TRANSACTION" {
		i++
	}
	if i < len(s.tokens) && (s.tokens[i].kind == tokenString || s.tokens[i].kind == tokenParam) {
		return i + 1
	}
	return -1
}
