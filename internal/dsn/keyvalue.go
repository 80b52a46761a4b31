package dsn

import "strings"

const space = " \t\n\r\v\f"

// splitKeyValue splits the key=value form of libpq: values may be in single
// quotes, and a backslash takes the next byte literally.
func splitKeyValue(dsn string, known []string) (string, map[string]string, error) {
	found := settings{known: known}
	var rest strings.Builder
	s := dsn
	// Space in front of the first key belongs to no pair.
	rest.WriteString(s[:len(s)-len(strings.TrimLeft(s, space))])
	s = s[rest.Len():]
	for s != "" {
		key, value, length, ok := cutPair(s)
		if !ok {
			return dsn, nil, nil
		}
		if strings.HasPrefix(key, Prefix) {
			found.add(key, value, verbatim)
		} else {
			rest.WriteString(s[:length])
		}
		s = s[length:]
	}
	if found.err != nil {
		return "", nil, found.err
	}
	return rest.String(), found.values, nil
}

// isKeyValue reports whether dsn is pairs from beginning to end.
func isKeyValue(dsn string) bool {
	for s := strings.TrimLeft(dsn, space); s != ""; {
		_, _, length, ok := cutPair(s)
		if !ok {
			return false
		}
		s = s[length:]
	}
	return true
}

// cutPair reads the pair s begins with and returns how long it is, with the
// space that follows.
func cutPair(s string) (key, value string, length int, ok bool) {
	eq := strings.IndexByte(s, '=')
	if eq < 0 {
		return "", "", 0, false
	}
	key = strings.Trim(s[:eq], space)
	if key == "" || strings.ContainsAny(key, space) {
		return "", "", 0, false
	}
	rest := strings.TrimLeft(s[eq+1:], space)
	value, rest, ok = cutValue(rest)
	return key, value, len(s) - len(strings.TrimLeft(rest, space)), ok
}

// cutValue reads the value s begins with, unquoted and unescaped.
func cutValue(s string) (value, rest string, ok bool) {
	ends := space
	if strings.HasPrefix(s, "'") {
		s, ends = s[1:], "'"
	}
	var unescaped strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			unescaped.WriteByte(s[i])
		case s[i] == '\\': // at the very end: dropped
		case strings.IndexByte(ends, s[i]) < 0:
			unescaped.WriteByte(s[i])
		case ends == "'":
			return unescaped.String(), s[i+1:], true
		default:
			return unescaped.String(), s[i:], true
		}
	}
	return unescaped.String(), "", ends == space
}
