package catalog

import (
	"strings"

	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

type tokenKind uint8

const (
	endToken    tokenKind = iota
	wordToken             // lower-cased for keywords; raw keeps the spelling
	quotedToken           // a quoted identifier
	stringToken           // a string; its content is not a token
	otherToken            // one byte of punctuation, or a number
)

type token struct {
	kind tokenKind
	text string
	raw  string
}

// is reports whether the token is the keyword or the punctuation s.
func (t token) is(s string) bool {
	return (t.kind == wordToken || t.kind == otherToken) && t.text == s
}

func (t token) in(words ...string) bool {
	for _, w := range words {
		if t.is(w) {
			return true
		}
	}
	return false
}

func (t token) ident() bool { return t.kind == wordToken || t.kind == quotedToken }

// lexer splits a routine's body into tokens. It is not the parser's: bodies
// are procedural code, where only names and a few words matter.
type lexer struct {
	d   sqlparse.Dialect
	s   string
	i   int
	bad bool // unterminated, or a construct nobody should guess about
}

func tokens(d sqlparse.Dialect, text string) (ts []token, ok bool) {
	l := &lexer{d: d, s: text}
	for {
		t := l.next()
		if l.bad {
			return nil, false
		}
		if t.kind == endToken {
			return ts, true
		}
		ts = append(ts, t)
	}
}

func (l *lexer) next() token {
	l.space()
	if l.bad || l.i >= len(l.s) {
		return token{}
	}
	ch := l.s[l.i]
	switch {
	case ch == '\'':
		return token{kind: stringToken, text: l.quoted('\'', l.escapes())}
	case ch == '"' && l.d == sqlparse.MySQL:
		// A string, or an identifier under ANSI_QUOTES: wherever a name is
		// looked for, it may be one.
		return token{kind: quotedToken, text: l.quoted('"', true)}
	case ch == '"':
		return token{kind: quotedToken, text: l.quoted('"', false)}
	case ch == '`' && l.d != sqlparse.Postgres:
		return token{kind: quotedToken, text: l.quoted('`', false)}
	case ch == '[' && l.d == sqlparse.SQLite:
		return token{kind: quotedToken, text: l.bracketed()}
	case ch == '$' && l.d == sqlparse.Postgres:
		return l.dollar()
	case identByte(ch) && !digit(ch):
		return l.word()
	case digit(ch):
		return l.number()
	}
	l.i++
	return token{kind: otherToken, text: l.s[l.i-1 : l.i]}
}

// escapes reports whether the string that starts here has backslash escapes.
func (l *lexer) escapes() bool {
	if l.d == sqlparse.MySQL {
		return true
	}
	return l.d == sqlparse.Postgres && l.i > 0 && (l.s[l.i-1] == 'e' || l.s[l.i-1] == 'E') &&
		(l.i < 2 || !identByte(l.s[l.i-2]))
}

func (l *lexer) quoted(q byte, escapes bool) string {
	var b strings.Builder
	for l.i++; l.i < len(l.s); l.i++ {
		ch := l.s[l.i]
		switch {
		case ch == '\\' && escapes:
			l.i++
		case ch == q && l.i+1 < len(l.s) && l.s[l.i+1] == q:
			l.i++
			b.WriteByte(q)
		case ch == q:
			l.i++
			return b.String()
		default:
			b.WriteByte(ch)
		}
	}
	l.bad = true
	return ""
}

func (l *lexer) bracketed() string {
	end := strings.IndexByte(l.s[l.i:], ']')
	if end < 0 {
		l.bad = true
		return ""
	}
	s := l.s[l.i+1 : l.i+end]
	l.i += end + 1
	return s
}

// dollar reads a dollar-quoted string, or a parameter.
func (l *lexer) dollar() token {
	end := l.i + 1
	for end < len(l.s) && identByte(l.s[end]) {
		end++
	}
	if end >= len(l.s) || l.s[end] != '$' || digit(l.s[l.i+1]) {
		l.i = end
		return token{kind: otherToken, text: "$"}
	}
	tag := l.s[l.i : end+1]
	rest := l.s[end+1:]
	closing := strings.Index(rest, tag)
	if closing < 0 {
		l.bad = true
		return token{}
	}
	l.i = end + 1 + closing + len(tag)
	return token{kind: stringToken, text: rest[:closing]}
}

func (l *lexer) word() token {
	start := l.i
	for l.i < len(l.s) && (identByte(l.s[l.i]) || l.s[l.i] == '$') {
		l.i++
	}
	raw := l.s[start:l.i]
	return token{kind: wordToken, text: strings.ToLower(raw), raw: raw}
}

func (l *lexer) number() token {
	for l.i < len(l.s) && (identByte(l.s[l.i]) || l.s[l.i] == '.' && !strings.HasPrefix(l.s[l.i:], "..")) {
		l.i++
	}
	return token{kind: otherToken, text: "0"}
}

// space skips white space and comments.
func (l *lexer) space() {
	for l.i < len(l.s) && !l.bad {
		rest := l.s[l.i:]
		switch {
		case strings.IndexByte(" \t\r\n\f\v", rest[0]) >= 0:
			l.i++
		case rest[0] == '#' && l.d == sqlparse.MySQL, strings.HasPrefix(rest, "--") && l.dashes(rest):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			l.i += end
		case strings.HasPrefix(rest, "/*"):
			l.comment()
		default:
			return
		}
	}
}

// dashes: MySQL starts a comment only where white space follows.
func (l *lexer) dashes(rest string) bool {
	return l.d != sqlparse.MySQL || len(rest) == 2 || rest[2] <= ' '
}

func (l *lexer) comment() {
	rest := l.s[l.i:]
	if l.d == sqlparse.MySQL && (strings.HasPrefix(rest, "/*!") || strings.HasPrefix(rest, "/*M!")) {
		l.bad = true // code for some versions of the server
		return
	}
	depth := 1
	for l.i += 2; l.i < len(l.s); l.i++ {
		switch {
		case strings.HasPrefix(l.s[l.i:], "*/"):
			l.i++
			if depth--; depth == 0 {
				l.i++
				return
			}
		case l.d == sqlparse.Postgres && strings.HasPrefix(l.s[l.i:], "/*"):
			l.i++
			depth++
		}
	}
	l.bad = l.d != sqlparse.SQLite // SQLite ends an open comment with the text
}

func digit(ch byte) bool { return ch >= '0' && ch <= '9' }

func identByte(ch byte) bool {
	return ch == '_' || digit(ch) || ch >= 'a' && ch <= 'z' || ch >= 'A' && ch <= 'Z' || ch >= 0x80
}
