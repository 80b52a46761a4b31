package cachedsql

import (
	"database/sql/driver"
	"reflect"
	"slices"
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
	case []string:
		return slices.ContainsFunc(v, sqlparse.HasTimeWord)
	}
	v := reflect.ValueOf(nv.Value)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() == reflect.String {
		return sqlparse.HasTimeWord(v.String())
	}
	if valuer, ok := nv.Value.(driver.Valuer); ok {
		value, ok := valueOf(valuer)
		text, is := value.(string)
		return !ok || is && sqlparse.HasTimeWord(text)
	}
	return false
}
