package sqlparse

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// maxNormalPrefix bounds the normal form of a text that is not analysed.
const maxNormalPrefix = 2048

// queryID names a normal form by 16 hex digits.
func queryID(normal string) string {
	sum := sha256.Sum256([]byte(normal))
	return hex.EncodeToString(sum[:8])
}

// normalForm writes tokens in one spelling: literals and parameters as "?",
// lists of values as their distinct members, words folded as the dialect folds
// them, single spaces.
func normalForm(d Dialect, text string, tokens []token) string {
	n := normalizer{dialect: d, out: make([]string, 0, len(tokens))}
	for _, t := range trimSemicolons(text, tokens) {
		if t.kind != tokenComment {
			n.add(t, text[t.start:t.end])
		}
	}
	n.finish()
	return join(n.out)
}

// normalPrefix is the normal form of the beginning of a text that nothing else
// is known of. It keeps the texts of bulk statements of one shape together.
func normalPrefix(d Dialect, text string) string {
	lex := lexer{dialect: d, text: text[:min(len(text), maxNormalPrefix)]}
	var tokens []token
	for {
		t, ok := lex.next()
		if !ok {
			break
		}
		tokens = append(tokens, t)
	}
	return normalForm(d, text, tokens)
}

// normalizer folds tokens into out.
type normalizer struct {
	dialect Dialect
	out     []string
	lists   []list
}

// list is an open parenthesis, bracket or VALUES clause. In a list of values
// a member equal to the one before it is dropped, so that lists of any length
// have one form.
type list struct {
	values bool // IN (...), ARRAY[...] or VALUES ...
	clause bool // VALUES: ends where no comma follows a row
	member int  // where the current member starts in out
	before int  // where the member before it starts; -1 for the first
}

func (n *normalizer) add(t token, s string) {
	if l := n.top(); l != nil && l.clause && n.clauseEnds(l, s) {
		n.closeMember()
		n.pop()
	}
	switch t.kind {
	case tokenString, tokenNumber, tokenParam:
		n.dropSign()
		n.out = append(n.out, "?")
		return
	case tokenWord:
		n.addWord(s)
		return
	case tokenQuoted:
		n.out = append(n.out, s)
		return
	}
	n.addOperator(s)
}

func (n *normalizer) addWord(s string) {
	word := foldKeyword(n.dialect, s, n.last())
	n.out = append(n.out, word)
	if strings.EqualFold(s, "values") {
		n.lists = append(n.lists, list{values: true, clause: true, member: len(n.out), before: -1})
	}
}

func (n *normalizer) addOperator(s string) {
	switch s {
	case "(", "[":
		values := n.opensValues(s)
		n.out = append(n.out, s)
		n.lists = append(n.lists, list{values: values, member: len(n.out), before: -1})
	case ",":
		n.closeMember()
		n.out = append(n.out, s)
		if l := n.top(); l != nil {
			l.member = len(n.out)
		}
	case ")", "]":
		n.closeMember()
		n.pop()
		n.out = append(n.out, s)
	default:
		n.out = append(n.out, s)
	}
}

// opensValues reports whether an opening bracket begins a list of values.
func (n *normalizer) opensValues(s string) bool {
	before := strings.ToLower(n.last())
	return s == "(" && before == "in" || s == "[" && before == "array"
}

// clauseEnds reports whether a token cannot go on the VALUES clause: rows
// start with a parenthesis (or MySQL's ROW), commas separate them.
func (n *normalizer) clauseEnds(l *list, s string) bool {
	atRow := l.member == len(n.out)
	if atRow {
		return s != "(" && !strings.EqualFold(s, "row")
	}
	return s != "," && s != "("
}

// closeMember ends a member of the list on top and drops it if it repeats the
// one before.
func (n *normalizer) closeMember() {
	l := n.top()
	if l == nil || !l.values {
		return
	}
	comma := l.member - 1
	if l.before >= 0 && slices.Equal(n.out[l.before:comma], n.out[l.member:]) {
		n.out = n.out[:comma]
		l.member = l.before
		return
	}
	l.before = l.member
}

// dropSign removes the sign of a literal, which is part of its value: a plus
// or minus that has no left operand.
func (n *normalizer) dropSign() {
	last := n.last()
	if last != "-" && last != "+" {
		return
	}
	if len(n.out) == 1 || isUnaryAfter(n.out[len(n.out)-2]) {
		n.out = n.out[:len(n.out)-1]
	}
}

// isUnaryAfter: after an operator, an opening bracket, a comma or one of a few
// keywords a sign has no left operand.
func isUnaryAfter(s string) bool {
	switch s {
	case ")", "]", "?", ".":
		return false
	case "select", "where", "and", "or", "not", "then", "else", "when", "limit", "offset", "between", "by", "in":
		return true
	}
	return !isWordPart(s[0]) && s[0] != '"' && s[0] != '`'
}

func (n *normalizer) last() string {
	if len(n.out) == 0 {
		return ""
	}
	return n.out[len(n.out)-1]
}

func (n *normalizer) top() *list {
	if len(n.lists) == 0 {
		return nil
	}
	return &n.lists[len(n.lists)-1]
}

func (n *normalizer) pop() {
	if len(n.lists) > 0 {
		n.lists = n.lists[:len(n.lists)-1]
	}
}

// finish closes what the text leaves open.
func (n *normalizer) finish() {
	for len(n.lists) > 0 {
		n.closeMember()
		n.pop()
	}
}

// join puts single spaces between tokens, save around dots, before commas and
// inside brackets.
func join(out []string) string {
	var b strings.Builder
	for i, s := range out {
		if i > 0 && spaced(out[i-1], s) {
			b.WriteByte(' ')
		}
		b.WriteString(s)
	}
	return b.String()
}

func spaced(before, s string) bool {
	switch s {
	case ",", ")", "]", ".", "::", ";":
		return false
	}
	switch before {
	case "(", "[", ".", "::":
		return false
	}
	return true
}

// foldKeyword writes an unquoted word in one case. Where the case of names
// matters, words are folded that no table can be: reserved ones, and a few
// others where no table's name goes.
func foldKeyword(d Dialect, word, before string) string {
	lower := lowerASCII(word)
	switch {
	case d == Postgres, d == SQLite, reserved[lower] && before != ".":
		return lower
	case keywords[lower] && !namesTable(before):
		return lower
	}
	return word
}

// namesTable reports whether a table's name can follow a token.
func namesTable(before string) bool {
	switch before {
	case ".", ",", "(", "from", "join", "into", "update", "table", "tables", "delete", "using", "":
		return true
	}
	return false
}

// keywords are words that MySQL does not reserve but that statements are made
// of.
var keywords = wordSet("any avg count duplicate end escape first ifnull locked max min mode next nowait offset only " +
	"recursive rollup row rows share skip some sum temporary value")

// reserved are words MySQL reserves, and so no table's name.
var reserved = wordSet(`
	add all alter analyze and as asc before between bigint binary blob both by call cascade case change char
	character check collate column condition constraint continue convert create cross current_date current_time
	current_timestamp current_user cursor database databases dec decimal declare default delayed delete desc
	describe distinct distinctrow div double drop dual each else elseif enclosed escaped exists exit explain false
	fetch float for force foreign from fulltext generated grant group having high_priority if ignore in index
	infile inner inout insert int integer interval into is join key keys kill leading leave left like limit lines
	load localtime localtimestamp lock long longblob longtext loop low_priority match mediumint mod natural not
	null numeric on optimize option optionally or order out outer outfile partition precision primary procedure
	purge range read references regexp release rename repeat replace require restrict return revoke right rlike
	schema schemas select separator set show smallint sql sql_calc_found_rows straight_join table terminated then
	tinyint to trailing trigger true union unique unlock unsigned update usage use using utc_date utc_time
	utc_timestamp values varbinary varchar varying when where while with write xor zerofill`)
