package sqlparse

import (
	"strings"
	"unicode/utf8"
)

// maxName is the length in bytes PostgreSQL cuts names to.
const maxName = 63

// foldName returns the name an unquoted word stands for. PostgreSQL folds
// ASCII only (in UTF-8 databases); SQLite compares names without case; MySQL
// keeps table names as written, and whether case matters is the server's
// setting.
func foldName(d Dialect, word string) string {
	switch d {
	case Postgres:
		return truncateName(lowerASCII(word))
	case SQLite:
		return lowerASCII(word)
	}
	return word
}

// unquoteName returns the name a quoted identifier stands for.
func unquoteName(d Dialect, quoted string) string {
	switch {
	case len(quoted) < 2:
		return quoted
	case quoted[0] == '[':
		return lowerASCII(quoted[1 : len(quoted)-1])
	}
	quote := quoted[len(quoted)-1:]
	open := strings.Index(quoted, quote)
	name := strings.ReplaceAll(quoted[open+1:len(quoted)-1], quote+quote, quote)
	switch d {
	case Postgres:
		return truncateName(name)
	case SQLite:
		return lowerASCII(name)
	}
	return name
}

// truncateName cuts a name as PostgreSQL does, between characters.
func truncateName(name string) string {
	if len(name) <= maxName {
		return name
	}
	end := maxName
	for end > 0 && !utf8.RuneStart(name[end]) {
		end--
	}
	return name[:end]
}

// lowerASCII lowers A-Z and nothing else.
func lowerASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if 'A' <= s[i] && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if 'A' <= b[i] && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
