package sqlparse

import (
	"fmt"
	"strings"
)

// queryName returns the name in a "-- name: GetUser :one" comment before the
// statement, as sqlc and others write it.
func (s *source) queryName() string {
	for _, c := range s.comments {
		if len(s.tokens) > 0 && c.start > s.tokens[0].start {
			break
		}
		body, ok := strings.CutPrefix(commentBody(s.original[c.start:c.end]), "name:")
		if !ok {
			continue
		}
		if words := strings.Fields(body); len(words) > 0 {
			return words[0]
		}
	}
	return ""
}

// hints returns the words of the text's "cachedsql:" comments, and what is
// wrong with the first malformed one, which is then ignored whole.
func (s *source) hints() (hints map[string]string, problem string) {
	for _, c := range s.comments {
		body, ok := strings.CutPrefix(commentBody(s.original[c.start:c.end]), "cachedsql:")
		if !ok {
			continue
		}
		words, err := parseHint(body)
		if err != nil {
			if problem == "" {
				problem = err.Error()
			}
			continue
		}
		if hints == nil {
			hints = make(map[string]string, len(words))
		}
		for key, value := range words {
			hints[key] = value
		}
	}
	return hints, problem
}

// parseHint reads "ttl=30s bypass": words apart by space, each a key or
// key=value.
func parseHint(body string) (map[string]string, error) {
	fields := strings.Fields(body)
	if len(fields) == 0 {
		return nil, fmt.Errorf("empty hint")
	}
	words := make(map[string]string, len(fields))
	for _, field := range fields {
		key, value, assigned := strings.Cut(field, "=")
		if !isHintKey(key) || assigned && value == "" {
			return nil, fmt.Errorf("hint %q is neither a key nor key=value", field)
		}
		if _, twice := words[key]; twice {
			return nil, fmt.Errorf("hint %q is given twice", key)
		}
		words[key] = value
	}
	return words, nil
}

func isHintKey(s string) bool {
	for _, c := range s {
		if (c < 'a' || c > 'z') && c != '_' {
			return false
		}
	}
	return s != ""
}

// commentBody returns what a comment says without its markers.
func commentBody(comment string) string {
	switch {
	case strings.HasPrefix(comment, "/*"):
		comment = strings.TrimSuffix(comment[2:], "*/")
	case strings.HasPrefix(comment, "--"):
		comment = comment[2:]
	default:
		comment = strings.TrimPrefix(comment, "#")
	}
	return strings.TrimSpace(comment)
}
