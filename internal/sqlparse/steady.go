package sqlparse

import "strings"

// The catalog judges the bodies of functions by the names in them, without a
// parser: what it asks is answered here, beside the lists.

// Steady reports whether "name(" in MySQL's procedural code calls a built-in
// function that depends on its arguments and settings that are part of every
// entry's key alone, or is no call at all.
func Steady(d Dialect, name string) bool {
	name = strings.ToLower(name)
	return d == MySQL && (mysqlDeterministicFunctions[name] || mysqlNoCalls[name])
}

// Unsteady reports whether name(...) with so many arguments is a built-in
// function that depends on more: the time, the session, what is stored.
func Unsteady(d Dialect, name string, args int) bool {
	name = strings.ToLower(name)
	if d == MySQL {
		class := mysqlFunctionClass(name, args)
		return class != mysqlDeterministic && class != mysqlStored
	}
	if name == "age" && args == 1 {
		return true // counted from the current date
	}
	class := pgBuiltin(name)
	return class != pgUnknown && class != pgIsPure
}

// UnsteadyWord is Unsteady for what is called without parentheses.
func UnsteadyWord(d Dialect, word string) bool {
	if d == MySQL {
		return mysqlBareCalls[word]
	}
	return pgBareCalls[word]
}

var (
	pgBareCalls = wordSet(`
		current_catalog current_date current_role current_schema current_time current_timestamp current_user localtime
		localtimestamp session_user`)
	mysqlBareCalls = wordSet(`
		current_date current_role current_time current_timestamp current_user localtime localtimestamp
		utc_date utc_time utc_timestamp`)
	// mysqlNoCalls may stand before a parenthesis without being functions.
	mysqlNoCalls = wordSet(`
		all and any as between by case distinct div do else elseif exists if in interval is like mod not on or over
		partition regexp return returns rlike set some then until using value values when while xor
		binary bit blob char character decimal dec double fixed float int integer bigint smallint mediumint tinyint
		datetime enum longtext mediumtext numeric nvarchar real text time timestamp tinytext varbinary varchar year`)
)
