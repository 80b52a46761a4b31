package sqlparse

import (
	"strings"

	"github.com/sqlc-dev/marino/ast"
	"github.com/sqlc-dev/marino/mysql"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// MySQL completes a time of day by the current date where a date is asked of
// it: DATE(t), CAST(t AS DATETIME), UNIX_TIMESTAMP(t). What type a column has
// the catalog knows, so those of which a date is asked are noted (DayCasts).

// dayFunctions ask for the date of each of their arguments, except for those
// that day looks at more closely.
var dayFunctions = wordSet(`
	convert_tz date date_add date_format date_sub adddate subdate datediff day dayname dayofmonth dayofweek dayofyear
	extract last_day month monthname quarter timestamp timestampadd timestampdiff to_days to_seconds unix_timestamp week
	weekday weekofyear year yearweek`)

// day notes the columns whose dates a call asks for.
func (w *mysqlWalker) day(name string, args []ast.ExprNode) {
	if !dayFunctions[name] {
		return
	}
	switch name {
	case "timestamp":
		args = args[:min(len(args), 1)] // the second one is added to it
	case "timestampdiff":
		if len(args) == 3 {
			w.difference(args[1], args[2])
		}
		return
	case "date_format":
		if len(args) == 2 && formatsTime(args[1]) {
			return
		}
	}
	if len(args) > 1 && slicesUnit(args) {
		return
	}
	for _, arg := range args {
		w.dayOf(arg)
	}
}

func (w *mysqlWalker) dayOf(arg ast.ExprNode) {
	t := w.dayType(arg)
	if t.Time {
		w.reader.st.refuseCache(reason.TimeFunction, "date of a time")
	}
	w.reader.st.DayCasts = append(w.reader.st.DayCasts, t.Columns...)
}

// difference: that of two times of day is the same on any day.
func (w *mysqlWalker) difference(a, b ast.ExprNode) {
	t, u := w.dayType(a), w.dayType(b)
	if isColumn(a) && isColumn(b) || t.Time && !t.Date && u.Time && !u.Date {
		t.Else, u.Else = true, true
		w.mixed(DayMix{t, u})
		return
	}
	w.dayOf(a)
	w.dayOf(b)
}

func (w *mysqlWalker) dayCast(n *ast.FuncCastExpr) {
	switch n.Tp.GetType() {
	case mysql.TypeDate, mysql.TypeDatetime, mysql.TypeTimestamp, mysql.TypeNewDate:
		w.dayOf(n.Expr)
	}
}

func isColumn(n ast.ExprNode) bool {
	_, ok := n.(*ast.ColumnNameExpr)
	return ok
}

// slicesUnit reports whether one of the arguments is a unit below a day, which
// a time of day has itself.
func slicesUnit(args []ast.ExprNode) bool {
	for _, arg := range args {
		unit, ok := arg.(*ast.TimeUnitExpr)
		if !ok {
			continue
		}
		switch unit.Unit {
		case ast.TimeUnitMicrosecond, ast.TimeUnitSecond, ast.TimeUnitMinute, ast.TimeUnitHour, ast.TimeUnitSecondMicrosecond,
			ast.TimeUnitMinuteMicrosecond, ast.TimeUnitMinuteSecond, ast.TimeUnitHourMicrosecond, ast.TimeUnitHourSecond, ast.TimeUnitHourMinute:
			return true
		}
	}
	return false
}

// formatsTime reports whether a format is a literal that names parts of the
// time of day alone.
func formatsTime(n ast.ExprNode) bool {
	v, ok := n.(ast.ValueExpr)
	if !ok {
		return false
	}
	format := v.GetString()
	for i := strings.IndexByte(format, '%'); i >= 0 && i+1 < len(format); {
		if !strings.ContainsRune("fHhIiklprSsT%", rune(format[i+1])) {
			return false
		}
		next := strings.IndexByte(format[i+2:], '%')
		if next < 0 {
			break
		}
		i += 2 + next
	}
	return format != ""
}
