package sqlparse

import (
	"strings"
	"testing"
)

func tokensOf(t *testing.T, d Dialect, text string) (string, bool) {
	t.Helper()
	lex := lexer{dialect: d, text: text}
	var out []string
	for {
		tok, ok := lex.next()
		if !ok {
			return strings.Join(out, "|"), !lex.broken
		}
		out = append(out, text[tok.start:tok.end])
	}
}

func TestLexerFollowsEachDialect(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		d    Dialect
		text string
		want string // "broken" if it cannot be lexed
	}{
		{"backslash is a character in a standard string", Postgres, `'\' || q`, `'\'||||q`},
		{"backslash escapes in E string", Postgres, `E'\'' || q`, `E'\''||||q`},
		{"E string goes on over a line end", Postgres, "E'a'\n'\\'' x", "E'a'\n'\\''|x"},
		{"E string goes on over a comment", Postgres, "E'a' -- c\n'\\'' x", "E'a' -- c\n'\\''|x"},
		{"dollar quote", Postgres, `$a$ ' $b$ $a$ x`, `$a$ ' $b$ $a$|x`},
		{"dollar within a name", Postgres, `a$b$ x`, `a$b$|x`},
		{"nested comment", Postgres, `/* a /* b */ c */ x`, `/* a /* b */ c */|x`},
		{"unnested comment", MySQL, `/* a /* b */ c`, `/* a /* b */|c`},
		{"operators stop before a comment", Postgres, `a+--x`, `a|+|--x`},
		{"operators drop trailing signs", Postgres, `a=-1`, `a|=|-|1`},
		{"special operators keep signs", Postgres, `a @- 1`, `a|@-|1`},
		{"question mark is an operator", Postgres, `a ?| b`, `a|?||b`},
		{"unicode name", Postgres, `U&"d\0061t" x`, `U&"d\0061t"|x`},
		{"parameter", Postgres, `a=$12::int`, `a|=|$12|::|int`},
		{"unterminated string", Postgres, `select 'x`, "broken"},
		{"unterminated name", Postgres, `select "x`, "broken"},
		{"unterminated comment", Postgres, `select /* x`, "broken"},
		{"unterminated nested comment", Postgres, `select /* /* */ x`, "broken"},
		{"unterminated dollar quote", Postgres, `select $a$ x $b$`, "broken"},
		{"two dashes are an expression", MySQL, `5--3`, `5|-|-|3`},
		{"dashes and a space are a comment", MySQL, "5-- 3\n+1", "5|-- 3|+|1"},
		{"hash comment", MySQL, "a # b\nc", "a|# b|c"},
		{"hash is an operator", Postgres, "a # b", "a|#|b"},
		{"backslash escapes", MySQL, `'\'' x "\"" y`, `'\''|x|"\""|y`},
		{"backtick", MySQL, "`a``b`.c=`d`", "`a``b`|.|c|=|`d`"},
		{"name that starts with a digit", MySQL, "1a.2b", "1a|.|2b"},
		{"numbers", MySQL, "1.5 .5 1e5 0xff 1e+5", "1.5|.5|1e5|0xff|1e+5"},
		{"parameter after an operator", MySQL, "a=?", "a|=|?"},
		{"brackets", SQLite, `[a b].[c"d]`, `[a b]|.|[c"d]`},
		{"named parameters", SQLite, `a=:x+@y-$z`, `a|=|:x|+|@y|-|$z`},
		{"unterminated bracket", SQLite, `[a`, "broken"},
	} {
		t.Run(tc.d.String()+"/"+tc.name, func(t *testing.T) {
			t.Parallel()
			got, ok := tokensOf(t, tc.d, tc.text)
			if !ok {
				got = "broken"
			}
			if got != tc.want {
				t.Errorf("tokens of %q = %s, want %s", tc.text, got, tc.want)
			}
		})
	}
}
