package dashboard

import (
	"strings"
	"testing"
	"time"
)

// A line is drawn over the usual time between two points, be it minutes, and
// not over a longer one.
func TestLinesOfPlotsEndAtGapsAlone(t *testing.T) {
	t.Parallel()
	for _, each := range []time.Duration{time.Second, 5 * time.Minute} {
		c := &chart{Title: "hits", format: rate}
		s := series{Name: "hits", Class: "hit"}
		at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		for i := range 100 {
			if i == 50 {
				at = at.Add(time.Hour) // nobody read the reports
			}
			at = at.Add(each)
			c.at, s.values = append(c.at, at), append(s.values, float64(i))
		}
		c.series = []series{s}
		if n := strings.Count(string(c.SVG()), `<path class="line hit"`); n != 2 {
			t.Errorf("a point each %v, and one gap: %d lines, want 2", each, n)
		}
	}
}
