package sqlparse

import "testing"

func TestMySQLGolden(t *testing.T) {
	t.Parallel()
	checkGolden(t, MySQL)
}
