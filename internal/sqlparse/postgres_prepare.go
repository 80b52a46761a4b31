package sqlparse

import (
	"strconv"
	"strings"

	"github.com/pgplex/pgparser/nodes"
)

// What pgparser does not get right is put into another spelling of the same
// statement before it sees the text.

// joint marks the names made here. No name of a statement holds it: a text
// with this character in it is not analysed.
const joint = "\x1f"

// respell returns text with
//   - parameters as names (see paramOf), because pgparser loses their numbers;
//   - unquoted words beyond ASCII quoted, folded as PostgreSQL folds them in
//     UTF-8 databases, A-Z only, because pgparser folds all of Unicode.
func respell(text string) string {
	var b strings.Builder
	lex := lexer{dialect: Postgres, text: text}
	done := 0
	for {
		t, ok := lex.next()
		if !ok {
			break
		}
		name := ""
		switch word := text[t.start:t.end]; {
		case t.kind == tokenParam:
			name = joint + word[1:]
		case t.kind == tokenWord && !isASCII(word):
			name = foldName(Postgres, word)
		default:
			continue
		}
		b.WriteString(text[done:t.start])
		b.WriteString(` "` + name + `" `)
		done = t.end
	}
	if done == 0 {
		return text
	}
	return b.String() + text[done:]
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// paramOf returns the number of the parameter that respell made a name of.
func paramOf(n nodes.Node) (number int, ok bool) {
	c, isColumn := n.(*nodes.ColumnRef)
	if !isColumn || c.Fields.Len() == 0 {
		return 0, false
	}
	s, isString := c.Fields.Items[0].(*nodes.String)
	if !isString || !strings.HasPrefix(s.Str, joint) {
		return 0, false
	}
	number, err := strconv.Atoi(s.Str[len(joint):])
	return number, err == nil && number > 0 && c.Fields.Len() == 1
}

// joinCatalogNames writes the first two parts of each three-part name as one,
// because pgparser refuses database.schema.table in FROM. Columns so named
// come out without a usable qualifier, which loses predicates and no tables.
func joinCatalogNames(text string) (string, bool) {
	if strings.Contains(text, `&"`) {
		return "", false
	}
	var b strings.Builder
	done := 0
	for _, chain := range nameChains(text) {
		if len(chain) != 3 {
			continue
		}
		b.WriteString(text[done:chain[0].start])
		b.WriteString(`"` + quotable(text, chain[0]) + joint + quotable(text, chain[1]) + `"`)
		done = chain[1].end
	}
	return b.String() + text[done:], done > 0
}

// nameChains returns the dotted names of the text as the tokens of their parts.
func nameChains(text string) [][]token {
	var chains [][]token
	var chain []token
	dotted := false
	lex := lexer{dialect: Postgres, text: text}
	for {
		t, ok := lex.next()
		if !ok {
			break
		}
		switch {
		case t.kind == tokenOp && text[t.start:t.end] == ".":
			dotted = true
			continue
		case t.kind != tokenWord && t.kind != tokenQuoted:
			chain = nil
		case dotted && chain != nil:
			chain = append(chain, t)
			chains[len(chains)-1] = chain
		default:
			chain = []token{t}
			chains = append(chains, chain)
		}
		dotted = false
	}
	return chains
}

// quotable returns a name as it goes between double quotes.
func quotable(text string, t token) string {
	name := foldName(Postgres, text[t.start:t.end])
	if t.kind == tokenQuoted {
		name = unquoteName(Postgres, text[t.start:t.end])
	}
	return strings.ReplaceAll(name, `"`, `""`)
}
