package sqlparse

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// What is analysed at all. The parsers behind this package recurse, and some
// take quadratic time on deep nesting; a text over a limit takes the fallback,
// which is linear.
const (
	maxText    = 64 << 10 // bytes
	maxNesting = 200      // parentheses and brackets
)

var (
	errNotOne     = errors.New("not exactly one statement")
	errControl    = errors.New("control character in the text")
	errNotLexable = errors.New("unterminated literal, name or comment")
)

// Parse analyses text. It never returns nil, and the result is the caller's
// to share: nothing changes it afterwards.
func Parse(d Dialect, text string) *Statement { return parse(d, text, 0) }

// parse analyses a text that stands within depth others: see maxWithin.
func parse(d Dialect, text string, depth int) *Statement {
	if d == Generic {
		return parseGeneric(text)
	}
	if r := refuse(text); r != reason.None {
		return fallback(d, text, r)
	}
	src, err := scan(d, text)
	if err != nil {
		st := fallback(d, text, src.refusal)
		st.executableRead(text)
		return st
	}
	src.depth = depth
	st := src.parse()
	if src.setsVariable() {
		st.refuseCache(reason.SystemVariable, "set_var")
	}
	st.Text, st.QueryName = src.text(), src.queryName()
	st.Hints, st.HintError = src.hints()
	st.Normal = normalForm(d, src.original, src.tokens)
	st.QueryID = queryID(st.Normal)
	return st
}

// refuse names what keeps a text from every parser, before it is even cut
// into tokens.
func refuse(text string) reason.Reason {
	switch {
	case len(text) > maxText:
		return reason.StatementTooLarge
	case strings.IndexByte(text, 0) >= 0, !utf8.ValidString(text):
		return reason.Unparsed
	}
	return reason.None
}

// source is a text cut into tokens, with its comments apart.
type source struct {
	dialect  Dialect
	original string
	tokens   []token // without comments
	comments []token
	refusal  reason.Reason // why it must take the fallback
	depth    int           // how many texts it stands within
}

// scan cuts text into tokens. On an error the source's refusal says which
// reason the statement gets.
func scan(d Dialect, text string) (*source, error) {
	src := &source{dialect: d, original: text, tokens: make([]token, 0, len(text)/4+1)}
	lex := lexer{dialect: d, text: text}
	depth := 0
	for {
		t, ok := lex.next()
		if !ok {
			break
		}
		if t.kind == tokenComment {
			if err := src.addComment(t); err != nil {
				return src, err
			}
			continue
		}
		if t.kind == tokenOp {
			depth += nesting(text[t.start])
		}
		if depth > maxNesting {
			src.refusal = reason.StatementTooLarge
			return src, fmt.Errorf("nested deeper than %d", maxNesting)
		}
		src.tokens = append(src.tokens, t)
	}
	if lex.broken {
		src.refusal = reason.Unparsed
		return src, errNotLexable
	}
	return src, nil
}

// nesting is what an operator token that starts with c adds to the depth.
func nesting(c byte) int {
	switch c {
	case '(', '[':
		return 1
	case ')', ']':
		return -1
	}
	return 0
}

// addComment keeps a comment aside. MySQL executes what is in /*! */.
func (s *source) addComment(t token) error {
	if s.dialect == MySQL && isExecutable(s.original[t.start:t.end]) {
		s.refusal = reason.ExecutableComment
		return errors.New("executable comment")
	}
	s.comments = append(s.comments, t)
	return nil
}

// setsVariable reports MySQL's hint that changes a setting for one statement.
// Hints are comments and no part of Text, so it cannot be told apart by that.
func (s *source) setsVariable() bool {
	if s.dialect != MySQL {
		return false
	}
	return slices.ContainsFunc(s.comments, func(t token) bool {
		hint, ok := strings.CutPrefix(s.original[t.start:t.end], "/*+")
		return ok && strings.Contains(strings.ToLower(hint), "set_var")
	})
}

func isExecutable(comment string) bool {
	return strings.HasPrefix(comment, "/*!") || strings.HasPrefix(comment, "/*M!")
}

// parse analyses the statements of the source, one by one.
func (s *source) parse() *Statement {
	parts := s.split()
	switch len(parts) {
	case 0:
		return &Statement{Dialect: s.dialect, Kind: Other, Reason: reason.Empty}
	case 1:
		return s.parsePart(parts[0])
	}
	st := &Statement{Dialect: s.dialect}
	for _, part := range parts {
		p := s.parsePart(part)
		p.Text = stripped(s.original, part, s.comments)
		p.Normal = normalForm(s.dialect, s.original, part)
		p.QueryID = queryID(p.Normal)
		st.Parts = append(st.Parts, p)
	}
	st.unite()
	return st
}

// parsePart analyses one statement by the dialect's reader, and by its words
// alone where that does not accept it.
func (s *source) parsePart(part []token) *Statement {
	st := &Statement{Dialect: s.dialect}
	text := stripped(s.original, part, s.comments)
	if err := read(s.dialect, text, st, s.depth); err != nil {
		return fallback(s.dialect, text, reason.Unparsed)
	}
	return st
}

// read runs a dialect's reader. The parsers are other people's code: whatever
// they do with a text, a panic included, ends here.
func read(d Dialect, text string, st *Statement, depth int) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("parser panic: %v", r)
		}
	}()
	switch d {
	case Postgres:
		return readPostgres(text, st, depth)
	case MySQL:
		return readMySQL(text, st)
	default:
		return readSQLite(text, st)
	}
}

// split cuts the tokens at top-level semicolons and drops empty statements. A
// definition whose body holds statements of its own stays whole: its reader
// decides whether it is one statement.
func (s *source) split() [][]token {
	var parts [][]token
	depth, start := 0, 0
	body := false
	for i, t := range s.tokens {
		if t.kind == tokenWord && depth == 0 && !body {
			body = s.opensBody(s.tokens[start:i], t)
		}
		if t.kind != tokenOp {
			continue
		}
		c := s.original[t.start]
		depth += nesting(c)
		if c != ';' || depth > 0 || body {
			continue
		}
		if i > start {
			parts = append(parts, s.tokens[start:i])
		}
		start = i + 1
	}
	if rest := trimSemicolons(s.original, s.tokens[start:]); len(rest) > 0 {
		parts = append(parts, rest)
	}
	return parts
}

// opensBody reports whether word opens the compound body of a CREATE
// statement: BEGIN after CREATE ... TRIGGER, FUNCTION, PROCEDURE or EVENT.
func (s *source) opensBody(before []token, word token) bool {
	if len(before) == 0 || !strings.EqualFold(s.original[word.start:word.end], "begin") {
		return false
	}
	if !strings.EqualFold(s.original[before[0].start:before[0].end], "create") {
		return false
	}
	for _, t := range before {
		switch strings.ToLower(s.original[t.start:t.end]) {
		case "trigger", "function", "procedure", "event", "package":
			return true
		}
	}
	return false
}

func trimSemicolons(text string, tokens []token) []token {
	for len(tokens) > 0 && text[tokens[len(tokens)-1].start] == ';' {
		tokens = tokens[:len(tokens)-1]
	}
	return tokens
}

// text returns the whole source without comments, outer space and trailing
// semicolons.
func (s *source) text() string {
	return stripped(s.original, trimSemicolons(s.original, s.tokens), s.comments)
}

// stripped returns the source of tokens with a space in the place of each
// comment. A line comment keeps its line end, which separates tokens already,
// and which PostgreSQL wants between the halves of a literal.
func stripped(text string, tokens, comments []token) string {
	if len(tokens) == 0 {
		return ""
	}
	start, end := tokens[0].start, tokens[len(tokens)-1].end
	var b strings.Builder
	for _, c := range comments {
		if c.start < start {
			continue
		}
		if c.start >= end {
			break
		}
		b.WriteString(text[start:c.start])
		b.WriteByte(' ')
		start = c.end
	}
	if b.Len() == 0 {
		return text[start:end]
	}
	b.WriteString(text[start:end])
	return b.String()
}

// unite fills st, a text of several statements, from its parts.
func (s *Statement) unite() {
	s.Reason = reason.MultiStatement
	s.Kind = Read
	for _, p := range s.Parts {
		if weight(p.Kind) > weight(s.Kind) {
			s.Kind = p.Kind
		}
		s.absorb(p)
	}
}

// absorb adds the effects of another statement to this one's.
func (s *Statement) absorb(p *Statement) {
	for _, ref := range p.ReadRefs {
		s.addRead(ref)
	}
	for _, ref := range p.WriteRefs {
		s.addWrite(ref)
	}
	s.ReadsAll = s.ReadsAll || p.ReadsAll
	s.WritesAll = s.WritesAll || p.WritesAll
	s.LiteralNames = s.LiteralNames || p.LiteralNames
	s.ImplicitCommit = s.ImplicitCommit || p.ImplicitCommit
	s.Delayed = s.Delayed || p.Delayed
	s.Maintains = s.Maintains || p.Maintains
	s.SessionUnknown = s.SessionUnknown || p.SessionUnknown
	s.SessionReset = s.SessionReset || p.SessionReset
	s.ChangesDatabase = s.ChangesDatabase || p.ChangesDatabase
	for _, name := range p.SessionVars {
		s.setsVar(name, p.SessionLocal)
	}
	s.TempTables = append(s.TempTables, p.TempTables...)
	for _, f := range p.Funcs {
		s.addFunc(f)
	}
	s.Names = union(s.Names, p.Names)
	s.Builtins = union(s.Builtins, p.Builtins)
	s.Attributes = union(s.Attributes, p.Attributes)
	s.Types = union(s.Types, p.Types)
}

// union returns a with what only b has.
func union[T comparable](a, b []T) []T {
	for _, v := range b {
		if !slices.Contains(a, v) {
			a = append(a, v)
		}
	}
	return a
}

// weight orders kinds by consequence. What nobody understands comes last.
func weight(k Kind) int {
	for i, known := range [...]Kind{Read, Other, Session, Tx, Write, DDL} {
		if k == known {
			return i
		}
	}
	return len(kindWords)
}
