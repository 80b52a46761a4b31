package cachedsql

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// TestPlansTakeWhatIsCounted: the memory for plans is bounded by what is
// counted for each. Not parallel: other tests would be counted.
func TestPlansTakeWhatIsCounted(t *testing.T) {
	rows := strings.TrimSuffix(strings.Repeat("(%[1]d, 'name of somebody', 12.5, NULL), ", 200), ", ")
	for _, d := range []Dialect{Postgres, MySQL, SQLite} {
		for name, text := range map[string]string{
			"point":  "SELECT id, name, price FROM items WHERE id = %[1]d",
			"joins":  strings.ReplaceAll(strings.ReplaceAll(ormQueryIn(d), "$1", "%[1]d"), "?", "%[1]d"),
			"insert": "INSERT INTO items (id, name, price, note) VALUES " + rows,
			"in":     "SELECT * FROM items WHERE id IN (%[1]d" + strings.Repeat(", %[1]d", 500) + ")",
		} {
			plans := make([]*plan, 200)
			before, counted := heap(), int64(0)
			for i := range plans {
				plans[i] = newPlan(planKey{d, fmt.Sprintf(text, 100000+i)})
				counted += int64(plans[i].size)
			}
			used := heap() - before
			t.Logf("%s %s: %d bytes each, %d counted", d, name, used/int64(len(plans)), counted/int64(len(plans)))
			if used > counted*3/2 {
				t.Errorf("%s %s: %d bytes are counted as %d", d, name, used, counted)
			}
			runtime.KeepAlive(plans)
		}
	}
}
