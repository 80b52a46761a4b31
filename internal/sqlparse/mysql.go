package sqlparse

import "errors"

// readMySQL fills st from the text of one MySQL or MariaDB statement.
func readMySQL(text string, st *Statement) error {
	return errors.New("no reader for this dialect")
}

// mysqlBuiltin reports whether name is a built-in function without effect on
// any table.
func mysqlBuiltin(name string) bool { return false }
