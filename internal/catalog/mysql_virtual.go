package catalog

import (
	"cmp"
	"strings"
	"sync"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// A virtual column is computed by each read. MariaDB lets it tell the time, the
// user, or a number by chance; and a time of day that becomes a date, as it may on
// MySQL too, is one of the current day. What reads such a table shows none of it.

// virtual adds a virtual column of r, of the given type, to what its reads
// depend on.
func (l *mysqlLoader) virtual(r *relation, dataType, expr string) {
	if r.virtual == nil {
		r.virtual = func() (reason.Reason, string) { return reason.None, "" }
	}
	switch strings.ToLower(dataType) {
	case "date", "datetime", "timestamp":
		expr = "CAST(" + expr + " AS DATETIME)" // as storing it would
	}
	earlier := r.virtual
	r.virtual = sync.OnceValues(func() (reason.Reason, string) {
		if why, detail := earlier(); why != reason.None {
			return why, detail
		}
		return l.c.virtualReason(r, expr)
	})
}

// virtualReason judges an expression over the columns of r. One that no grammar
// accepts is judged by its words.
func (c *Catalog) virtualReason(r *relation, expr string) (reason.Reason, string) {
	spellings := []string{expr, strings.NewReplacer(`\\`, `\`, `\'`, `'`).Replace(expr)} // MySQL escapes what is escaped once more
	for _, text := range spellings {
		st := sqlparse.Parse(sqlparse.MySQL, "SELECT "+text+" FROM a_table")
		switch {
		case st.Kind != sqlparse.Read || st.Reason == reason.Unparsed:
			continue
		case st.Reason != reason.None:
			return st.Reason, cmp.Or(st.Detail, r.tag)
		case len(st.Funcs) != 0:
			return reason.UnknownFunction, st.Funcs[0].Name
		}
		return c.dayCasts(st, []*relation{r})
	}
	word := ""
	for _, text := range spellings {
		if word = scanBody(sqlparse.MySQL, text).unsteady; word == "" {
			return reason.None, ""
		}
	}
	return reason.UnknownFunction, word
}
