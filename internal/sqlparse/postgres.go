package sqlparse

func readPostgres(text string, st *Statement) error { return errUnsettled }

func readSQLite(text string, st *Statement) error { return errUnsettled }

type pgVolatility uint8

func (v pgVolatility) harmless() bool { return false }

func pgBuiltin(name string) pgVolatility { return 0 }
