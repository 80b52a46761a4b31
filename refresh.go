package cachedsql

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/cachedsql/cachedsql/internal/rowcodec"
)

// refreshes reports whether this hit is to be a miss, so that the result is
// computed again before it expires and not by everybody at once after it. Only
// one read of the process does so at a time; the others go on with the hit.
//
// The result is stored under the vector just read, which is current: a hit
// that was computed early is as good as any.
func (c *conn) refreshes(l *lookup, h *rowcodec.Header) bool {
	if l.route.rule == nil || l.route.rule.RefreshAhead <= 0 {
		return false
	}
	if !dueEarly(h, time.Now(), l.route.rule.RefreshAhead, rand.Float64()) {
		return false
	}
	l.flight = c.cache.flights.lead(l.flightKey())
	return l.flight != nil
}

// dueEarly is XFetch (Vattani, Chierichetti, Lowenstein: Optimal Probabilistic
// Cache Stampede Prevention, VLDB 2015): the longer a result took to compute
// and the closer its end, the likelier it is that a read computes it anew. A
// beta above 1 favours earlier. u is uniform in [0, 1).
func dueEarly(h *rowcodec.Header, now time.Time, beta, u float64) bool {
	ahead := -float64(h.DBTime) * beta * math.Log(1-u)
	return float64(h.FilledAt.Add(h.TTL).Sub(now)) <= ahead
}
