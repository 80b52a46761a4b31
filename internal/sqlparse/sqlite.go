package sqlparse

func readSQLite(text string, st *Statement) error { return errUnsettled }
