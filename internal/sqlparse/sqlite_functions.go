package sqlparse

import (
	"strings"

	"github.com/sqlc-dev/meyer/ast"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// SQLite's functions by what a cache has to know of them. What is in no list
// is the application's own.
var (
	sqlitePure = wordSet(`
		abs acos acosh asin asinh atan atan2 atanh avg bm25 ceil ceiling char coalesce concat concat_ws cos cosh count
		cume_dist degrees dense_rank exp first_value floor format glob group_concat hex highlight if ifnull iif instr
		json json_array json_array_length json_each json_error_position json_extract json_group_array
		json_group_object json_insert json_object json_patch json_pretty json_quote json_remove json_replace json_set
		json_tree json_type json_valid jsonb jsonb_array jsonb_each jsonb_extract jsonb_group_array
		jsonb_group_object jsonb_insert jsonb_object jsonb_patch jsonb_remove jsonb_replace jsonb_set jsonb_tree lag
		last_value lead length like likelihood likely ln log log10 log2 lower ltrim match max median min mod nth_value
		ntile nullif octet_length percent_rank percentile percentile_cont percentile_disc pi pow power printf quote
		radians rank replace round row_number rtrim sign sin sinh snippet soundex sqrt string_agg substr substring
		sum tan tanh total trim trunc typeof unhex unicode unistr unistr_quote unlikely upper zeroblob generate_series`)
	sqliteTime     = wordSet("date time datetime julianday unixepoch strftime timediff")
	sqliteVolatile = wordSet("random randomblob changes total_changes load_extension sqlite_offset")
	sqliteSession  = wordSet("last_insert_rowid sqlite_version sqlite_source_id sqlite_compileoption_get sqlite_compileoption_used")
)

func (r *sqliteReader) call(f *ast.FuncCall) {
	name := sqliteName(f.Name)
	switch {
	case sqlitePure[name]:
	case sqliteTime[name]:
		r.timeCall(name, f.Args)
	case sqliteSession[name]:
		r.st.refuseCache(reason.SessionFunction, name)
	case sqliteVolatile[name]:
		r.st.refuseCache(reason.VolatileFunction, name)
		r.st.SessionUnknown = r.st.SessionUnknown || name == "load_extension"
	default:
		r.st.addFunc(Func{Name: name})
	}
}

// timeCall: the date functions read a clock where they are given none or
// 'now', which a column can hold as well as a literal, and the zone of the
// process where they are told 'localtime' or 'utc'. A parameter is looked at
// when it is bound.
func (r *sqliteReader) timeCall(name string, args []ast.Expr) {
	if name == "strftime" && len(args) > 0 {
		args = args[1:]
	}
	constant := len(args) > 0
	for _, arg := range args {
		switch arg := arg.(type) {
		case *ast.BindParam:
		case *ast.Literal:
			word := strings.ToLower(arg.Value)
			constant = constant && word != "localtime" && word != "utc" && word != "now" &&
				arg.Kind <= ast.LitBlob
		default:
			constant = false
		}
	}
	if !constant {
		r.st.refuseCache(reason.TimeFunction, name)
	}
}

// tableFunction judges a function in the place of a table.
func (r *sqliteReader) tableFunction(t Table) {
	switch {
	case sqlitePure[t.Name]:
	case strings.HasPrefix(t.Name, "pragma_"):
		r.st.refuseCache(reason.SystemCatalog, t.Name)
	default: // a virtual table with arguments, or the application's own
		r.st.addFunc(Func{Name: t.Name})
		r.read(t)
	}
}

func (r *sqliteReader) literal(n *ast.Literal) {
	switch n.Kind {
	case ast.LitCurrentDate, ast.LitCurrentTime, ast.LitCurrentTimestamp:
		r.st.refuseCache(reason.TimeFunction, strings.ToLower(n.Raw))
	}
}
