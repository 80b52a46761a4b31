package catalog

import (
	"context"
	"testing"

	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// parrot answers every question with rows of one text.
type parrot struct{ text Text }

func (p parrot) Query(_ context.Context, _ string, columns int) ([][]Text, error) {
	row := make([]Text, columns)
	for i := range row {
		row[i] = p.text
	}
	return [][]Text{row, row}, nil
}

// A mock, or a proxy, may answer with as many columns as were asked for, and
// with anything in them.
func TestAnswerThatMakesNoSenseDoesNotPanic(t *testing.T) {
	t.Parallel()
	texts := []string{
		"", "7", "t", "f", "true", "r", "v", "table", "view", "BASE TABLE", "VIEW", "plpgsql", "int", "CREATE TABLE", "SELECT", "\xff\x00",
		unit, record, "a" + unit + "1" + record + "b", "a" + unit + "1" + unit + "23" + unit + "-1" + unit + "0" + unit,
	}
	for _, dialect := range []sqlparse.Dialect{sqlparse.Postgres, sqlparse.MySQL, sqlparse.SQLite} {
		for _, text := range texts {
			_, _ = Load(t.Context(), dialect, parrot{Text{S: text, Valid: text != ""}})
		}
	}
}
