package cachedsql

import (
	"errors"
	"fmt"
	"math"
	"path"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/goccy/go-yaml/ast"

	"github.com/cachedsql/cachedsql/internal/suggest"
)

// minTTL is the shortest TTL other than 0: Redis counts in milliseconds.
const minTTL = time.Millisecond

// maxEntryBytes is Redis's limit on the size of one value.
const maxEntryBytes = 512 << 20

// parseTTL reads a duration as time.ParseDuration does, and days besides:
// "1d", "1d12h". A number needs a unit, except 0.
func parseTTL(s string) (time.Duration, error) {
	rest, total := s, time.Duration(0)
	if days, after, ok := strings.Cut(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, fmt.Errorf("%q is not a duration such as 30s, 5m, 1h30m or 7d", s)
		}
		rest, total = after, time.Duration(n)*24*time.Hour
	}
	if rest != "" {
		d, err := time.ParseDuration(rest)
		switch {
		case isNumber(rest):
			return 0, fmt.Errorf("%q has no unit, write 30s, 5m, 1h30m or 7d", s)
		case err != nil:
			return 0, fmt.Errorf("%q is not a duration such as 30s, 5m, 1h30m or 7d", s)
		case total > 0 && d < 0:
			return 0, fmt.Errorf("%q is not a duration such as 30s, 5m, 1h30m or 7d", s)
		case d > math.MaxInt64-total:
			return 0, fmt.Errorf("%q is too long", s)
		}
		total += d
	}
	switch {
	case total < 0:
		return 0, fmt.Errorf("%q is negative", s)
	case total > 0 && total < minTTL:
		return 0, fmt.Errorf("%q is shorter than %v", s, minTTL)
	}
	return total, nil
}

func isNumber(s string) bool {
	n, err := strconv.ParseFloat(s, 64)
	return err == nil && n != 0
}

var sizeUnits = map[string]int64{
	"": 1, "b": 1,
	"kb": 1e3, "mb": 1e6, "gb": 1e9,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30,
}

// parseSize reads a number of bytes with an optional unit: 65536, 64KB (1000
// bytes each), 1.5MiB (1024 x 1024 bytes each).
func parseSize(s string) (int64, error) {
	number := strings.TrimRightFunc(s, unicode.IsLetter)
	unit, ok := sizeUnits[strings.ToLower(s[len(number):])]
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if !ok || err != nil || math.IsNaN(n) {
		return 0, fmt.Errorf("%q is not a size such as 65536, 64KB or 1MiB", s)
	}
	if bytes := n * float64(unit); bytes >= 1 && bytes <= maxEntryBytes {
		return int64(bytes), nil
	}
	return 0, fmt.Errorf("%q is not between 1 byte and 512MiB", s)
}

// parseShare reads a share as "10%" or 0.1.
func parseShare(s string) (float64, error) {
	number, percent := strings.CutSuffix(s, "%")
	n, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a share such as 10%% or 0.1", s)
	}
	if percent {
		n /= 100
	}
	if !(n >= 0 && n <= 1) { // NaN too
		return 0, fmt.Errorf("%q is not between 0%% and 100%%", s)
	}
	return n, nil
}

// foldTableName brings a table's or function's name to the form rules compare
// with: lower case, parts joined by a dot. Double quotes or backticks around a part
// only keep its dots and spaces from being taken for separators and mistakes.
func foldTableName(s string) (string, error) {
	var name strings.Builder
	for rest := s; ; {
		part, after, err := cutNamePart(rest)
		if err != nil || part == "" {
			return "", fmt.Errorf("%q is not a name such as orders or public.orders", s)
		}
		name.WriteString(strings.ToLower(part))
		if after == "" {
			return name.String(), nil
		}
		if after[0] != '.' {
			return "", fmt.Errorf("%q is not a name such as orders or public.orders", s)
		}
		name.WriteByte('.')
		rest = after[1:]
	}
}

var errName = errors.New("malformed name")

func cutNamePart(s string) (part, rest string, err error) {
	if s == "" {
		return "", "", errName
	}
	if quote := s[:1]; quote == `"` || quote == "`" {
		inside, after, ok := strings.Cut(s[1:], quote)
		if !ok {
			return "", "", errName
		}
		return inside, after, nil
	}
	end := strings.IndexByte(s, '.')
	if end < 0 {
		end = len(s)
	}
	if strings.ContainsAny(s[:end], " \t\n\"`'*?()[],;") {
		return "", "", errName
	}
	return s[:end], s[end:], nil
}

// The readers below take a value's text from the file and report what is
// wrong with it; they then return the zero value.

// parsed reads one scalar with parse.
func parsed[T any](p *ruleParser, n ast.Node, parse func(string) (T, error)) (v T, ok bool) {
	text, ok := p.text(n)
	if !ok {
		return v, false
	}
	v, err := parse(text)
	if err != nil {
		p.failf(n, "%s %v", p.key, err)
	}
	return v, err == nil
}

func (p *ruleParser) duration(n ast.Node) *time.Duration {
	if d, ok := parsed(p, n, parseTTL); ok {
		return &d
	}
	return nil
}

func (p *ruleParser) size(n ast.Node) int64 { v, _ := parsed(p, n, parseSize); return v }

func (p *ruleParser) share(n ast.Node) float64 { v, _ := parsed(p, n, parseShare); return v }

func (p *ruleParser) count(n ast.Node) int64 {
	v, _ := parsed(p, n, func(s string) (int64, error) {
		v, err := strconv.ParseInt(s, 10, 64)
		if err != nil || v < 1 {
			return 0, fmt.Errorf("%q is not a number of at least 1", s)
		}
		return v, nil
	})
	return v
}

func (p *ruleParser) boolean(n ast.Node) bool {
	v, _ := parsed(p, n, func(s string) (bool, error) {
		if s != "true" && s != "false" {
			return false, fmt.Errorf("%q is neither true nor false", s)
		}
		return s == "true", nil
	})
	return v
}

func (p *ruleParser) oneOf(n ast.Node, words ...string) string {
	v, _ := parsed(p, n, func(s string) (string, error) {
		for _, word := range words {
			if s == word {
				return word, nil
			}
		}
		return "", fmt.Errorf("%q is not one of %s%s", s, strings.Join(words, ", "), suggest.DidYouMean(s, words))
	})
	return v
}

func (p *ruleParser) ruleName(n ast.Node) string {
	v, _ := parsed(p, n, func(s string) (string, error) {
		if s == "" || len(s) > maxNameBytes || strings.ContainsFunc(s, unicode.IsControl) {
			return "", fmt.Errorf("%.80q is not 1 to %d bytes of text on one line", s, maxNameBytes)
		}
		return s, nil
	})
	return v
}

// list reads a list of scalars, or a single one in its place.
func (p *ruleParser) list(n ast.Node, parse func(string) (string, error)) []string {
	items := []ast.Node{n}
	if _, isList := n.(*ast.SequenceNode); isList {
		if items = p.sequence(n); len(items) == 0 {
			p.failf(n, "%s is an empty list, leave it out to match everything", p.key)
		}
	}
	var list []string
	for _, item := range items {
		if v, ok := parsed(p, item, parse); ok {
			list = append(list, v)
		}
	}
	return list
}

func (p *ruleParser) texts(n ast.Node) []string {
	return p.list(n, func(s string) (string, error) {
		if s == "" {
			return "", errors.New("contains an empty name")
		}
		return s, nil
	})
}

func (p *ruleParser) tableNames(n ast.Node) []string { return p.list(n, foldTableName) }

func (p *ruleParser) columnNames(n ast.Node) []string {
	return p.list(n, func(s string) (string, error) {
		name, err := foldTableName(s)
		if err != nil || strings.ContainsRune(name, '.') {
			return "", fmt.Errorf("%q is not a column's name", s)
		}
		return name, nil
	})
}

var queryIDForm = regexp.MustCompile(`^[0-9a-f]{16}$`)

func (p *ruleParser) queryIDs(n ast.Node) []string {
	return p.list(n, func(s string) (string, error) {
		id := strings.ToLower(s)
		if !queryIDForm.MatchString(id) {
			return "", fmt.Errorf("%q is not a query ID, which has 16 hex digits", s)
		}
		return id, nil
	})
}

func (p *ruleParser) globs(n ast.Node) []string {
	return p.list(n, func(s string) (string, error) {
		if _, err := path.Match(s, ""); err != nil || s == "" {
			return "", fmt.Errorf(`%q is not a pattern such as GetUser, "List*" or "*By[A-Z]*"`, s)
		}
		return s, nil
	})
}

func (p *ruleParser) regex(n ast.Node) *regexp.Regexp {
	re, _ := parsed(p, n, compileRegex)
	return re
}

// compileRegex compiles a rule's regex, which ignores case. It is compiled as
// written first so that an error quotes what the user wrote.
func compileRegex(s string) (*regexp.Regexp, error) {
	if len(s) > maxRegexBytes {
		return nil, fmt.Errorf("has more than %d bytes", maxRegexBytes)
	}
	_, err := regexp.Compile(s)
	if err == nil {
		return regexp.Compile("(?i)" + s)
	}
	if cause := new(syntax.Error); errors.As(err, &cause) {
		return nil, fmt.Errorf("%q: %s: %q", s, cause.Code, cause.Expr)
	}
	return nil, err
}
