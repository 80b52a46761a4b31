package sqlparse

import (
	"slices"
	"strings"

	"github.com/pgplex/pgparser/nodes"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// PostgreSQL reads 'now', 'today', 'tomorrow' and 'yesterday' in any text that
// becomes a date or time, so a conversion from text is a clock. A constant can
// be looked at; so can an argument when it is bound (HasTimeWord); other text
// cannot. Conversions of dates and times into each other are fine.

// HasTimeWord reports whether a string holds one of the words that PostgreSQL
// turns into the current date or time. A string argument of a read must be
// refused for it, since the statement need not show what type it becomes. It
// says yes to "Apocalypse now", too, which costs a cache entry and no more.
func HasTimeWord(s string) bool {
	for start := 0; start < len(s); {
		if !isLetter(s[start]) {
			start++
			continue
		}
		end := start
		for end < len(s) && isLetter(s[end]) {
			end++
		}
		if isTimeWord(s[start:end]) {
			return true
		}
		start = end
	}
	return false
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func isTimeWord(word string) bool {
	switch len(word) {
	case 3:
		return strings.EqualFold(word, "now")
	case 5:
		return strings.EqualFold(word, "today")
	case 8:
		return strings.EqualFold(word, "tomorrow")
	case 9:
		return strings.EqualFold(word, "yesterday")
	}
	return false
}

// timeTypes are the types whose input reads those words.
var timeTypes = wordSet("timestamptz timestamp date time timetz tsrange tstzrange daterange " +
	"tsmultirange tstzmultirange datemultirange abstime reltime")

// ReadsClock reports whether text that becomes one of these types of PostgreSQL
// may be such a word.
func ReadsClock(typeName string) bool { return timeTypes[typeName] }

// noText are the types besides those whose values are no text. What another
// one is, a domain for example, only the catalog knows.
var noText = wordSet("interval int2 int4 int8 float4 float8 numeric bool")

// cast judges a conversion by its target type.
func (r *pgReader) cast(c *nodes.TypeCast) {
	r.walk(c.Arg)
	_, constant := c.Arg.(*nodes.A_Const)
	r.converts(c.TypeName, constant)
	switch word := typeWord(c.TypeName); {
	case strings.HasPrefix(word, "reg"):
		r.st.refuseCache(reason.SystemCatalog, word)
	case word == "timetz":
		r.st.refuseCache(reason.TimeFunction, word) // a zone's offset is that of today
	case timeTypes[word]:
		r.timeOperand(c.Arg, true)
	}
}

// converts notes a conversion to a type for the catalog to judge.
func (r *pgReader) converts(t *nodes.TypeName, constant bool) {
	parts := names(t.Names)
	if len(parts) == 0 || len(parts) == 2 && parts[0] == "pg_catalog" {
		return
	}
	use := TypeUse{Name: truncateName(parts[len(parts)-1]), Constant: constant}
	if !slices.Contains(r.st.Types, use) {
		r.st.Types = append(r.st.Types, use)
	}
}

// textBecomes judges the type of a value that is taken out of JSON or XML, or
// of a column that a function in FROM is said to return.
func (r *pgReader) textBecomes(t *nodes.TypeName) {
	if t == nil {
		return
	}
	r.converts(t, false)
	if timeTypes[typeWord(t)] {
		r.st.refuseCache(reason.TimeFunction, typeWord(t))
	}
}

// timeOperand judges what a conversion to a date or time converts. A column's
// type is for the catalog to say. Anything else must be known not to be text;
// fromText false asks for columns only, for what takes no text anyway.
func (r *pgReader) timeOperand(n nodes.Node, fromText bool) {
	switch n := n.(type) {
	case *nodes.A_Const, *nodes.SQLValueFunction:
	case *nodes.ColumnRef:
		if _, name := splitColumn(n); name != "" && columnOf(n) != nil {
			r.st.TimeCasts = append(r.st.TimeCasts, name)
		}
	case *nodes.TypeCast:
		if word := typeWord(n.TypeName); fromText && !timeTypes[word] && !noText[word] {
			r.textCast()
		}
	case *nodes.CoalesceExpr:
		r.timeOperands(n.Args, fromText)
	case *nodes.MinMaxExpr:
		r.timeOperands(n.Args, fromText)
	case *nodes.CaseExpr:
		r.timeOperands(n.Args, fromText)
		r.timeOperand(n.Defresult, fromText)
	case *nodes.CaseWhen:
		r.timeOperand(n.Result, fromText)
	case *nodes.A_Indirection:
		r.timeOperand(n.Arg, fromText)
	case *nodes.A_Expr:
		r.timeArithmetic(n, fromText)
	case *nodes.FuncCall:
		r.timeResult(n, fromText)
	case nil:
	default:
		if fromText {
			r.textCast()
		}
	}
}

func (r *pgReader) timeOperands(list *nodes.List, fromText bool) {
	for i := range list.Len() {
		r.timeOperand(list.Items[i], fromText)
	}
}

func (r *pgReader) textCast() { r.st.refuseCache(reason.TimeFunction, "cast of text") }

// timeArithmetic: a sum or difference has the type of its operands; ||, ->>
// and whatever else there is can be text.
func (r *pgReader) timeArithmetic(e *nodes.A_Expr, fromText bool) {
	op := names(e.Name)
	if len(op) == 1 && (op[0] == "+" || op[0] == "-") || e.Kind == nodes.AEXPR_NULLIF {
		r.timeOperand(e.Lexpr, fromText)
		r.timeOperand(e.Rexpr, fromText)
		return
	}
	if fromText {
		r.textCast()
	}
}

// Functions that return a date or time, or the type of their arguments.
var (
	timeReturning = wordSet("date_trunc date_bin timezone to_timestamp to_date make_date make_timestamp make_timestamptz " +
		"make_time make_interval now transaction_timestamp statement_timestamp clock_timestamp date timestamp timestamptz " +
		"time age justify_days justify_hours justify_interval date_add date_subtract lower_inf")
	typeKeeping = wordSet("max min lag lead first_value last_value nth_value any_value mode unnest generate_series " +
		"array_agg nullif percentile_disc lower upper")
)

// timeResult judges a conversion of a function's result.
func (r *pgReader) timeResult(f *nodes.FuncCall, fromText bool) {
	parts := names(f.Funcname)
	name := ""
	if len(parts) > 0 {
		name = parts[len(parts)-1]
	}
	switch {
	case timeReturning[name]:
	case typeKeeping[name]:
		r.timeOperands(f.Args, fromText)
	case fromText:
		r.textCast()
	}
}
