package catalog

import (
	"slices"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// days judges where a query of MySQL asks for the date of a time of day, which
// is that of the current day.
type days struct {
	c     *Catalog
	st    *sqlparse.Statement
	rels  []*relation
	known map[string]sqlparse.DayType // by name of a column, lower case
}

// dayCasts judges the columns of which a query asks for a date, and those that
// it compares or merges with dates.
func (c *Catalog) dayCasts(st *sqlparse.Statement, rels []*relation) (reason.Reason, string) {
	if len(st.DayCasts)+len(st.DayMixes) == 0 {
		return reason.None, ""
	}
	d := &days{c: c, st: st, rels: rels, known: map[string]sqlparse.DayType{}}
	for _, col := range st.DayCasts {
		if d.column(col).Time {
			return reason.TimeFunction, c.fold(col)
		}
	}
	for _, mix := range st.DayMixes {
		if d.mixes(mix) {
			return reason.TimeFunction, "time of day with a date"
		}
	}
	return reason.None, ""
}

// mixes reports whether one of the expressions may be a time of day, and
// another one a date.
func (d *days) mixes(mix sqlparse.DayMix) bool {
	types := make([]sqlparse.DayType, len(mix))
	times, dates := 0, 0
	for i, t := range mix {
		for _, col := range t.Columns {
			is := d.column(col)
			t.Time, t.Date = t.Time || is.Time, t.Date || is.Date || t.Else && !is.Time
		}
		types[i] = t
		if t.Time {
			times++
		}
		if t.Date {
			dates++
		}
	}
	one := slices.ContainsFunc(types, func(t sqlparse.DayType) bool { return t.Time && t.Date })
	return times > 0 && dates > 0 && (!one || times+dates > 2)
}

// column says what the columns of a name may be, in any of the relations.
func (d *days) column(name string) sqlparse.DayType {
	name = d.c.fold(name)
	if t, ok := d.known[name]; ok {
		return t
	}
	var t sqlparse.DayType
	for _, r := range d.rels {
		for _, col := range r.columns {
			if name == sqlparse.DayAny || d.c.fold(col.name) == name {
				t.Time, t.Date = t.Time || col.ofDay, t.Date || col.dated
			}
		}
	}
	d.known[name] = t // what follows may ask for the name "*"
	if slices.ContainsFunc(d.st.Aliases, func(a string) bool { return a == name }) {
		t.Time, t.Date = t.Time || d.st.TimesOfDay || d.column(sqlparse.DayAny).Time, true
	}
	d.known[name] = t
	return t
}
