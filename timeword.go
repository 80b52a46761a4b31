package cachedsql

import (
	"database/sql/driver"
	"reflect"
	"time"

	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// readsTimeWords reports whether the database takes "now" and the like for the
// time wherever a text becomes a date: what such an argument means changes.
func (c *conn) readsTimeWords() bool { return c.dialect() == Postgres || c.dialect() == Generic }

// timeWord reports whether an argument is, or holds, a text with such a word.
func timeWord(nv driver.NamedValue) bool {
	switch v := nv.Value.(type) {
	case nil, int64, float64, bool, time.Time, int, int32:
		return false
	case string:
		return sqlparse.HasTimeWord(v)
	case []byte:
		return sqlparse.HasTimeWord(string(v))
	}
	if valuer, ok := nv.Value.(driver.Valuer); ok {
		value, ok := valueOf(valuer)
		if !ok || holdsTimeWord(reflect.ValueOf(value), 1) {
			return true
		}
	}
	return holdsTimeWord(reflect.ValueOf(nv.Value), maxArgDepth)
}

// maxArgDepth is how deep an argument is looked into: arrays, JSON and named
// arguments are no deeper as a rule.
const maxArgDepth = 8

var timeType = reflect.TypeFor[time.Time]()

// holdsTimeWord looks at every text in v. What is deeper than depth may hold
// anything.
func holdsTimeWord(v reflect.Value, depth int) bool {
	switch v.Kind() {
	case reflect.String:
		return sqlparse.HasTimeWord(v.String())
	case reflect.Pointer, reflect.Interface:
		return !v.IsNil() && (depth == 0 || holdsTimeWord(v.Elem(), depth-1))
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return sqlparse.HasTimeWord(textOfBytes(v))
		}
		for i := range v.Len() {
			if depth == 0 || holdsTimeWord(v.Index(i), depth-1) {
				return true
			}
		}
	case reflect.Map:
		for each := v.MapRange(); each.Next(); {
			if depth == 0 || holdsTimeWord(each.Key(), depth-1) || holdsTimeWord(each.Value(), depth-1) {
				return true
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type() != timeType && (depth == 0 || holdsTimeWord(v.Field(i), depth-1)) {
				return true
			}
		}
	}
	return false
}

// textOfBytes also reads what a package keeps to itself.
func textOfBytes(v reflect.Value) string {
	b := make([]byte, v.Len())
	for i := range b {
		b[i] = byte(v.Index(i).Uint())
	}
	return string(b)
}
