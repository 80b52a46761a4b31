package sqlparse

import "testing"

func TestMySQLFunctionListsAreDisjoint(t *testing.T) {
	t.Parallel()
	lists := map[string]map[string]bool{
		"time": mysqlTimeFunctions, "session": mysqlSessionFunctions,
		"volatile": mysqlVolatileFunctions, "deterministic": mysqlDeterministicFunctions,
	}
	in := make(map[string]string)
	for list, names := range lists {
		for name := range names {
			if other, twice := in[name]; twice {
				t.Errorf("%s is both %s and %s", name, list, other)
			}
			in[name] = list
		}
	}
}

func TestMySQLFunctionClass(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		args int
		want mysqlClass
	}{
		{"unix_timestamp", 0, mysqlTime},
		{"unix_timestamp", 1, mysqlDeterministic},
		{"from_unixtime", 1, mysqlDeterministic},
		{"now", 0, mysqlTime},
		{"uuid", 0, mysqlVolatile},
		{"uuid_to_bin", 1, mysqlDeterministic},
		{"database", 0, mysqlSession},
		{"tidb_version", 0, mysqlStored},
		{"my_function", 0, mysqlStored},
	} {
		if got := mysqlFunctionClass(c.name, c.args); got != c.want {
			t.Errorf("%s with %d arguments: %v, want %v", c.name, c.args, got, c.want)
		}
	}
}

func TestMySQLBuiltinsWithoutEffectOnTables(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{"COUNT": true, "now": true, "sleep": true, "nextval": false, "SETVAL": false, "f": false} {
		if got := mysqlBuiltin(name); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
}
