// Package dsn takes the settings of the cache out of a data source name
// before the wrapped driver sees it. What is left is byte for byte what the
// user wrote. Where a DSN's parts begin and end is decided by the wrapped
// driver's own grammar, so that a password that looks like a setting stays a
// password; a DSN that the driver cannot parse is left alone for it to refuse.
package dsn

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/cachedsql/cachedsql/internal/suggest"
)

// Prefix starts the name of every setting.
const Prefix = "cache_"

// A Splitter takes the settings out of one driver's DSNs. known are the names
// of all settings there are, with the prefix.
type Splitter func(dsn string, known []string) (rest string, settings map[string]string, err error)

// Postgres splits a DSN of pgx: a connection URL or key=value pairs.
func Postgres(dsn string, known []string) (rest string, settings map[string]string, err error) {
	for _, scheme := range []string{"postgres://", "postgresql://"} {
		if strings.HasPrefix(dsn, scheme) {
			return splitQuery(dsn, queryOfURL(dsn, len(scheme)), decodeURL, decodeURL, known)
		}
	}
	return splitKeyValue(dsn, known)
}

// Blurred says what is wrong with a DSN for pgx in which a part of the password
// may be taken for something else, which errors would show: a host, a keyword.
// It is nil for all that pgx can make sense of, and for some that it cannot.
func Blurred(dsn string) error {
	for _, scheme := range []string{"postgres://", "postgresql://"} {
		if rest, ok := strings.CutPrefix(dsn, scheme); ok {
			return blurredURL(rest)
		}
	}
	if strings.HasPrefix(dsn, registered) || isKeyValue(dsn) {
		return nil
	}
	return errors.New(`cachedsql: DSN: neither a URL nor key=value pairs (is a value with a space or a quote in it not quoted?)`)
}

// registered starts the names that pgx's RegisterConnConfig gives.
const registered = "registeredConnConfig"

func blurredURL(rest string) error {
	if i := strings.IndexAny(rest, "@/"); i < 0 || rest[i] != '@' {
		return nil
	}
	_, host, _ := strings.Cut(rest, "@")
	if i := strings.IndexAny(host, "/?"); i >= 0 {
		host = host[:i]
	}
	if strings.Contains(host, "@") {
		return errors.New(`cachedsql: DSN: there is more than one "@" in front of the host; in a password it is written %40`)
	}
	return nil
}

// MySQL splits a DSN of go-sql-driver/mysql:
// user:password@net(address)/database?name=value&...
func MySQL(dsn string, known []string) (rest string, settings map[string]string, err error) {
	return splitQuery(dsn, queryOfMySQL(dsn), verbatim, url.QueryUnescape, known)
}

// queryOfURL returns where the query of a connection URL begins, behind the
// question mark, or -1. As in libpq, an "@" before the first "/" ends the user
// and password, whatever those contain.
func queryOfURL(dsn string, afterScheme int) int {
	start := afterScheme
	if i := strings.IndexAny(dsn[start:], "@/"); i >= 0 && dsn[start+i] == '@' {
		start += i + 1
	}
	return behindQuestionMark(dsn, start)
}

// queryOfMySQL does the same for the MySQL form, where the last slash of all
// separates the address from the database: values are percent-encoded.
func queryOfMySQL(dsn string) int {
	slash := strings.LastIndexByte(dsn, '/')
	if slash < 0 {
		return -1
	}
	return behindQuestionMark(dsn, slash)
}

func behindQuestionMark(dsn string, from int) int {
	i := strings.IndexByte(dsn[from:], '?')
	if i < 0 {
		return -1
	}
	return from + i + 1
}

func splitQuery(dsn string, query int, decodeKey, decode func(string) (string, error), known []string) (string, map[string]string, error) {
	if query < 0 {
		return dsn, nil, nil
	}
	found := settings{known: known}
	var kept []string
	for pair := range strings.SplitSeq(dsn[query:], "&") {
		key, value, _ := strings.Cut(pair, "=")
		if name, err := decodeKey(key); err == nil && strings.HasPrefix(name, Prefix) {
			found.add(name, value, decode)
			continue
		}
		kept = append(kept, pair)
	}
	switch {
	case found.err != nil:
		return "", nil, found.err
	case found.values == nil:
		return dsn, nil, nil
	case kept == nil:
		return dsn[:query-1], found.values, nil
	}
	return dsn[:query] + strings.Join(kept, "&"), found.values, nil
}

// decodeURL decodes as libpq does: "+" is a plus, spaces around are dropped.
func decodeURL(s string) (string, error) {
	return url.PathUnescape(strings.Trim(s, " "))
}

// verbatim decodes what has no escapes, such as the names in a MySQL DSN.
func verbatim(s string) (string, error) { return s, nil }

// settings collects what was found.
type settings struct {
	known  []string
	values map[string]string
	err    error
}

// add never quotes a value: one of them may hold a password.
func (s *settings) add(name, value string, decode func(string) (string, error)) {
	decoded, err := decode(value)
	_, twice := s.values[name]
	switch {
	case s.err != nil:
	case !isKnown(name, s.known):
		s.err = fmt.Errorf("cachedsql: DSN: unknown setting %.64q%s", name, suggest.DidYouMean(name, s.known))
	case twice:
		s.err = fmt.Errorf("cachedsql: DSN: setting %q appears twice", name)
	case err != nil:
		s.err = fmt.Errorf("cachedsql: DSN: setting %q has a malformed percent-encoding", name)
	default:
		if s.values == nil {
			s.values = map[string]string{}
		}
		s.values[name] = decoded
	}
}

func isKnown(name string, known []string) bool {
	for _, k := range known {
		if k == name {
			return true
		}
	}
	return false
}
