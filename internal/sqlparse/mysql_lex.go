package sqlparse

import "strings"

// mysqlToken is a token of a statement, depth parentheses deep.
type mysqlToken struct {
	token
	depth int
}

// lexMySQL splits a statement, which has no comments any more, into tokens.
func lexMySQL(text string) ([]mysqlToken, error) {
	tokens := make([]mysqlToken, 0, len(text)/4+1)
	lex := lexer{dialect: MySQL, text: text}
	depth := 0
	for {
		t, ok := lex.next()
		if !ok {
			break
		}
		if t.kind == tokenOp && text[t.start] == ')' {
			depth--
		}
		tokens = append(tokens, mysqlToken{token: t, depth: depth})
		if t.kind == tokenOp && text[t.start] == '(' {
			depth++
		}
	}
	if lex.broken {
		return nil, errNotLexable
	}
	return tokens, nil
}

// mysqlSource is a stretch of a statement, lexed, with the number of its first
// parameter less one.
type mysqlSource struct {
	text       string
	tokens     []mysqlToken
	paramsUpTo int
}

func newMySQLSource(text string, paramsUpTo int) (*mysqlSource, error) {
	tokens, err := lexMySQL(text)
	if err != nil {
		return nil, err
	}
	if n := len(tokens); n > 0 && tokens[n-1].depth == 0 && text[tokens[n-1].start] == ';' {
		text, tokens = text[:tokens[n-1].start], tokens[:n-1]
	}
	return &mysqlSource{text: text, tokens: tokens, paramsUpTo: paramsUpTo}, nil
}

// word returns the i-th token in upper case if it is a bare word, else "".
func (s *mysqlSource) word(i int) string {
	if i >= len(s.tokens) || s.tokens[i].kind != tokenWord {
		return ""
	}
	return strings.ToUpper(s.text[s.tokens[i].start:s.tokens[i].end])
}

// is reports whether the tokens from i on are these words, in any case.
func (s *mysqlSource) is(i int, words ...string) bool {
	for k, w := range words {
		if s.word(i+k) != w {
			return false
		}
	}
	return true
}

// punct reports whether the i-th token is the byte c.
func (s *mysqlSource) punct(i int, c byte) bool {
	return i >= 0 && i < len(s.tokens) && s.tokens[i].kind == tokenOp && s.text[s.tokens[i].start:s.tokens[i].end] == string(c)
}

// find returns the first token from i on that is the word, at depth zero, or -1.
func (s *mysqlSource) find(i int, word string) int {
	for ; i < len(s.tokens); i++ {
		if s.tokens[i].depth == 0 && s.word(i) == word {
			return i
		}
	}
	return -1
}

// from returns the source that begins at token i.
func (s *mysqlSource) from(i int) *mysqlSource {
	if i >= len(s.tokens) {
		return &mysqlSource{}
	}
	start := s.tokens[i].start
	part := &mysqlSource{text: s.text[start:], paramsUpTo: s.paramsUpTo + s.params(i)}
	for _, t := range s.tokens[i:] {
		t.start, t.end = t.start-start, t.end-start
		part.tokens = append(part.tokens, t)
	}
	return part
}

// until returns the source that ends before token i.
func (s *mysqlSource) until(i int) *mysqlSource {
	return &mysqlSource{text: s.text[:s.tokens[i].start], tokens: s.tokens[:i], paramsUpTo: s.paramsUpTo}
}

// params counts the parameters before token i.
func (s *mysqlSource) params(i int) int {
	n := 0
	for _, t := range s.tokens[:i] {
		if t.kind == tokenParam {
			n++
		}
	}
	return n
}

// name reads the table name at token i: name or schema.name. next is the token
// after it; ok is false if there is none.
func (s *mysqlSource) name(i int) (t Table, next int, ok bool) {
	first, ok := s.identifier(i)
	if !ok {
		return t, i, false
	}
	if !s.punct(i+1, '.') {
		return Table{Name: first}, i + 1, true
	}
	second, ok := s.identifier(i + 2)
	return Table{Schema: first, Name: second}, i + 3, ok
}

func (s *mysqlSource) identifier(i int) (string, bool) {
	if i >= len(s.tokens) {
		return "", false
	}
	t := s.tokens[i]
	switch text := s.text[t.start:t.end]; t.kind {
	case tokenWord:
		return text, true
	case tokenQuoted:
		return unquoteName(MySQL, text), true
	}
	return "", false
}

// userVars returns the user variables in the text, lower case, with the "@".
func (s *mysqlSource) userVars() []string {
	var names []string
	for i := 0; i+1 < len(s.tokens); i++ {
		if !s.punct(i, '@') || s.punct(i-1, '@') || s.tokens[i].end != s.tokens[i+1].start {
			continue
		}
		switch t := s.tokens[i+1]; t.kind {
		case tokenWord, tokenNumber:
			names = append(names, "@"+strings.ToLower(s.text[t.start:t.end]))
		case tokenQuoted, tokenString:
			names = append(names, "@"+strings.ToLower(s.text[t.start+1:t.end-1]))
		}
	}
	return names
}
