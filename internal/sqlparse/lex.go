package sqlparse

import "strings"

// tokenKind is what a piece of text is to the lexer. Keywords are words: which
// of them are reserved is the parsers' business.
type tokenKind uint8

const (
	tokenWord    tokenKind = iota // unquoted identifier or keyword
	tokenQuoted                   // quoted identifier
	tokenString                   // string, bit string or blob literal
	tokenNumber                   // numeric literal
	tokenParam                    // $1, ?, ?1, :name
	tokenOp                       // operator or punctuation
	tokenComment                  // with its markers
)

// token is a piece of the text: text[start:end].
type token struct {
	kind       tokenKind
	start, end int
}

// lexer cuts a text into tokens by the lexical rules of one dialect, in time
// linear in the text. It assumes the servers' default modes: PostgreSQL's
// standard_conforming_strings on, MySQL without ANSI_QUOTES and
// NO_BACKSLASH_ESCAPES.
type lexer struct {
	dialect Dialect
	text    string
	pos     int
	// broken is set when a literal, quoted name or comment has no end: what
	// the text means cannot be told, also where a parser would accept it.
	broken bool
}

// next returns the next token, comments included. ok is false at the end of
// the text and where it breaks.
func (l *lexer) next() (t token, ok bool) {
	l.skipSpace()
	if l.pos >= len(l.text) {
		return token{}, false
	}
	t.start = l.pos
	t.kind = l.scan()
	t.end = l.pos
	return t, !l.broken
}

func (l *lexer) skipSpace() {
	for l.pos < len(l.text) && isSpace(l.text[l.pos]) {
		l.pos++
	}
}

// scan consumes one token at the current position.
func (l *lexer) scan() tokenKind {
	c := l.text[l.pos]
	switch {
	case l.atLineComment():
		l.skipLine()
		return tokenComment
	case c == '/' && l.peek(1) == '*':
		l.skipBlockComment()
		return tokenComment
	}
	if kind, ok := l.scanPrefixedString(); ok {
		return kind
	}
	switch {
	case c == '\'':
		l.skipQuoted('\'', 1, l.dialect == MySQL)
		return tokenString
	case c == '"':
		return l.scanDoubleQuoted()
	case c == '`' && l.dialect != Postgres:
		l.skipQuoted('`', 1, false)
		return tokenQuoted
	case c == '[' && l.dialect == SQLite:
		l.skipBracketed()
		return tokenQuoted
	case isDigit(c), c == '.' && isDigit(l.peek(1)) && !l.afterName():
		return l.scanNumber()
	case isWordStart(c):
		l.skipWord()
		return tokenWord
	}
	if l.scanParam() {
		return tokenParam
	}
	if c == '$' && l.dialect == Postgres && l.skipDollarQuoted() {
		return tokenString
	}
	l.scanOperator()
	return tokenOp
}

// peek returns the byte n places ahead, 0 past the end.
func (l *lexer) peek(n int) byte {
	if l.pos+n < len(l.text) {
		return l.text[l.pos+n]
	}
	return 0
}

// atLineComment: MySQL wants white space after the dashes, so that 5--3 is an
// expression there.
func (l *lexer) atLineComment() bool {
	switch l.text[l.pos] {
	case '#':
		return l.dialect == MySQL
	case '-':
		if l.peek(1) != '-' {
			return false
		}
		return l.dialect != MySQL || l.pos+2 >= len(l.text) || l.text[l.pos+2] <= ' '
	}
	return false
}

// skipLine leaves the line's end in place: PostgreSQL joins string literals
// across it.
func (l *lexer) skipLine() {
	for l.pos < len(l.text) && !l.atLineEnd() {
		l.pos++
	}
}

// atLineEnd: only PostgreSQL ends a comment at a carriage return.
func (l *lexer) atLineEnd() bool {
	c := l.text[l.pos]
	return c == '\n' || c == '\r' && l.dialect == Postgres
}

// skipBlockComment: comments nest in PostgreSQL and nowhere else.
func (l *lexer) skipBlockComment() {
	l.pos += 2
	depth := 1
	for ; l.pos < len(l.text); l.pos++ {
		switch {
		case l.text[l.pos] == '*' && l.peek(1) == '/':
			l.pos++
			if depth--; depth == 0 {
				l.pos++
				return
			}
		case l.dialect == Postgres && l.text[l.pos] == '/' && l.peek(1) == '*':
			l.pos++
			depth++
		}
	}
	l.broken = true
}

// scanPrefixedString reads E”, B”, X”, N” and U&”, whose prefix touches
// the quote. _utf8'x' of MySQL is a word followed by a string, which is good
// enough.
func (l *lexer) scanPrefixedString() (tokenKind, bool) {
	c := l.text[l.pos] | 0x20
	if l.peek(1) == '\'' {
		switch {
		case c == 'e' && l.dialect == Postgres:
			l.skipEscapeString()
			return tokenString, true
		case c == 'b' && l.dialect != SQLite, c == 'x', c == 'n' && l.dialect != SQLite:
			l.skipQuoted('\'', 2, l.dialect == MySQL)
			return tokenString, true
		}
	}
	if l.dialect == Postgres && c == 'u' && l.peek(1) == '&' {
		switch l.peek(2) {
		case '\'':
			l.skipQuoted('\'', 3, false)
			return tokenString, true
		case '"':
			l.skipQuoted('"', 3, false)
			return tokenQuoted, true
		}
	}
	return 0, false
}

// skipEscapeString reads E'...' with its continuations: a quote that follows
// after a line's end goes on with the same literal, backslash escapes included.
func (l *lexer) skipEscapeString() {
	l.skipQuoted('\'', 2, true)
	for !l.broken {
		next := l.pos
		newline := false
		for next < len(l.text) && isSpace(l.text[next]) {
			newline = newline || l.text[next] == '\n' || l.text[next] == '\r'
			next++
		}
		if strings.HasPrefix(l.text[next:], "--") {
			end := strings.IndexAny(l.text[next:], "\r\n")
			if end < 0 {
				return
			}
			l.pos = next + end
			continue
		}
		if !newline || next >= len(l.text) || l.text[next] != '\'' {
			return
		}
		l.pos = next
		l.skipQuoted('\'', 1, true)
	}
}

// skipQuoted consumes a literal or name that ends at an undoubled quote; the
// opening one is opening bytes long with its prefix.
func (l *lexer) skipQuoted(quote byte, opening int, backslash bool) {
	for l.pos += opening; l.pos < len(l.text); l.pos++ {
		switch c := l.text[l.pos]; {
		case c == '\\' && backslash:
			l.pos++
		case c == quote && l.peek(1) == quote:
			l.pos++
		case c == quote:
			l.pos++
			return
		}
	}
	l.pos = len(l.text)
	l.broken = true
}

// scanDoubleQuoted: a name, except that MySQL takes it for a string unless
// ANSI_QUOTES is set.
func (l *lexer) scanDoubleQuoted() tokenKind {
	if l.dialect == MySQL {
		l.skipQuoted('"', 1, true)
		return tokenString
	}
	l.skipQuoted('"', 1, false)
	return tokenQuoted
}

func (l *lexer) skipBracketed() {
	end := strings.IndexByte(l.text[l.pos:], ']')
	if end < 0 {
		l.pos = len(l.text)
		l.broken = true
		return
	}
	l.pos += end + 1
}

// skipDollarQuoted consumes $tag$...$tag$ and reports whether there was one.
func (l *lexer) skipDollarQuoted() bool {
	end := l.pos + 1
	for end < len(l.text) && (isWordStart(l.text[end]) || end > l.pos+1 && isDigit(l.text[end])) {
		end++
	}
	if end >= len(l.text) || l.text[end] != '$' {
		return false
	}
	tag := l.text[l.pos : end+1]
	body := strings.Index(l.text[end+1:], tag)
	if body < 0 {
		l.pos = len(l.text)
		l.broken = true
		return true
	}
	l.pos = end + 1 + body + len(tag)
	return true
}

// scanNumber reads digits with whatever is glued to them. MySQL's names may
// start with a digit, so something that is no number is a word there.
func (l *lexer) scanNumber() tokenKind {
	start := l.pos
	l.skipDigits()
	if l.peek(0) == '.' && l.peek(1) != '.' {
		l.pos++
		l.skipDigits()
	}
	if c := l.peek(0) | 0x20; c == 'e' && l.exponentFollows() {
		l.pos += 2
		l.skipDigits()
		return tokenNumber
	}
	if !isWordPart(l.peek(0)) {
		return tokenNumber
	}
	l.skipWord()
	if l.dialect == MySQL && !isRadix(l.text[start:l.pos]) && !strings.Contains(l.text[start:l.pos], ".") {
		return tokenWord
	}
	return tokenNumber
}

// afterName: MySQL's db.5t is a name that starts with a digit, not a fraction.
func (l *lexer) afterName() bool {
	if l.dialect != MySQL || l.pos == 0 {
		return false
	}
	before := l.text[l.pos-1]
	return isWordPart(before) || before == '`'
}

// isRadix reports 0x.., 0b.., 0o...
func isRadix(s string) bool {
	return len(s) > 2 && s[0] == '0' && strings.IndexByte("xXbBoO", s[1]) >= 0
}

func (l *lexer) exponentFollows() bool {
	c := l.peek(1)
	return isDigit(c) || (c == '+' || c == '-') && isDigit(l.peek(2))
}

func (l *lexer) skipDigits() {
	for isDigit(l.peek(0)) || l.peek(0) == '_' && isDigit(l.peek(1)) {
		l.pos++
	}
}

func (l *lexer) skipWord() {
	for l.pos < len(l.text) && isWordPart(l.text[l.pos]) {
		l.pos++
	}
}

// scanParam reads a parameter: $1 in PostgreSQL, ? elsewhere, and SQLite's
// ?1, :name, @name and $name.
func (l *lexer) scanParam() bool {
	c := l.text[l.pos]
	switch {
	case c == '$' && isDigit(l.peek(1)):
		l.pos++
		l.skipDigits()
		return true
	case c == '?' && l.dialect != Postgres:
		l.pos++
		l.skipDigits()
		return true
	case l.dialect == SQLite && (c == ':' || c == '@' || c == '$') && isWordPart(l.peek(1)):
		l.pos++
		l.skipWord()
		return true
	}
	return false
}

// scanOperator reads one operator or punctuation character. PostgreSQL's
// operators are runs of characters that a sign does not end, except with one
// of ~!@#%^&|`? among them; elsewhere a sign never joins what precedes it.
func (l *lexer) scanOperator() {
	start := l.pos
	l.pos++
	if !l.isOperator(l.text[start]) {
		return
	}
	for l.pos < len(l.text) && l.isOperator(l.text[l.pos]) && !l.atComment() {
		if l.dialect != Postgres && isSign(l.text[l.pos]) {
			return
		}
		l.pos++
	}
	if l.dialect == Postgres {
		for l.pos-start > 1 && isSign(l.text[l.pos-1]) && !strings.ContainsAny(l.text[start:l.pos], "~!@#%^&|`?") {
			l.pos--
		}
	}
}

func (l *lexer) atComment() bool {
	return l.atLineComment() || l.text[l.pos] == '/' && l.peek(1) == '*'
}

func (l *lexer) isOperator(c byte) bool {
	if l.dialect == Postgres {
		return strings.IndexByte("+-*/<>=~!@#%^&|`?:", c) >= 0
	}
	return strings.IndexByte("+-*/<>=~!%^&|", c) >= 0
}

func isSign(c byte) bool { return c == '+' || c == '-' }

func isSpace(c byte) bool {
	return c == ' ' || c >= '\t' && c <= '\r'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWordStart(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80
}

func isWordPart(c byte) bool { return isWordStart(c) || isDigit(c) || c == '$' }
