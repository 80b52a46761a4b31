package dashboard

import (
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

// overviewBody is what the first page shows.
type overviewBody struct {
	Fleet *redisstore.Fleet
	Now   point
	Ratio float64
	Saved time.Duration // since the processes began
	// DatabaseTime is what the database was busy with, since then.
	DatabaseTime, HitTime cachedsql.Histogram
	Charts                []*chart
	Top                   []cachedsql.QueryStats
	Problems              []string
	Down                  int // processes without Redis
}

// Errors are the failures since the processes began.
func (b *overviewBody) Errors() int64 {
	return b.Fleet.Stats.StoreFailures + b.Fleet.Stats.Corrupt + b.Fleet.Stats.Unauthentic
}

// SavedShare is the share of the database's time that the cache spared it.
func (b *overviewBody) SavedShare() float64 {
	if b.Saved <= 0 {
		return 0
	}
	return float64(b.Saved) / float64(b.Saved+b.DatabaseTime.Sum)
}

const (
	topQueries = 6
	// plotted bounds the points of a plot; the screen has no room for more.
	plotted = 300
)

func (d *Dashboard) overview(w http.ResponseWriter, r *http.Request) {
	d.fleet(w, r, "overview", "Overview", "overview", func(f *redisstore.Fleet) any {
		points := d.history.all(plotted)
		b := &overviewBody{Fleet: f, Ratio: f.Stats.HitRatio(), Charts: charts(points), Problems: problems(f)}
		if len(points) != 0 {
			b.Now = points[len(points)-1]
		}
		for n := range f.Queries {
			q := &f.Queries[n]
			b.Saved += q.Saved()
			b.DatabaseTime.Merge(q.DatabaseTime)
			b.HitTime.Merge(q.HitTime)
		}
		for _, in := range f.Instances {
			if in.Breaker != "closed" {
				b.Down++
			}
		}
		b.Top = f.Queries[:min(len(f.Queries), topQueries)]
		return b
	})
}

// problems are what somebody should look at.
func problems(f *redisstore.Fleet) (all []string) {
	versions := map[string]bool{}
	for _, in := range f.Instances {
		versions[in.RulesVersion] = true
		switch in.Breaker {
		case "open":
			all = append(all, in.Host+": Redis is away, every statement goes to the database")
		case "fenced":
			all = append(all, in.Host+": Redis is back, hits are served again in a moment")
		}
		if in.LiveRules != nil && in.LiveRules.Refused != "" {
			all = append(all, in.Host+" refuses the rules "+in.LiveRules.Refused+": "+in.LiveRules.Reason)
		}
		if in.ClockOffset.Abs() > time.Second {
			all = append(all, in.Host+": its clock is off by "+duration(in.ClockOffset))
		}
	}
	if len(versions) > 1 {
		all = append(all, "Processes have different rules in force: see Instances")
	}
	if f.Unreadable > 0 {
		all = append(all, count(int64(f.Unreadable))+" processes report in the format of another version")
	}
	all = slices.Compact(all) // those of several processes on a host
	const most = 8
	if len(all) > most {
		all = append(all[:most], "and more: see Instances")
	}
	return all
}

// charts are the plots of the overview.
func charts(points []point) []*chart {
	at := make([]time.Time, len(points))
	for i := range points {
		at[i] = points[i].At
	}
	line := func(name, class string, of func(*point) float64) series {
		s := series{Name: name, Class: class, values: make([]float64, len(points))}
		for i := range points {
			s.values[i] = of(&points[i])
		}
		return s
	}
	quantile := func(of func(*point) cachedsql.Histogram, q float64) func(*point) float64 {
		return func(p *point) float64 {
			if h := of(p); h.Count != 0 {
				return h.Quantile(q).Seconds()
			}
			return math.NaN()
		}
	}
	hit := func(p *point) cachedsql.Histogram { return p.HitTime }
	database := func(p *point) cachedsql.Histogram { return p.DatabaseTime }
	seconds := func(v float64) string { return duration(time.Duration(v * float64(time.Second))) }
	return []*chart{
		{
			Title: "Statements per second, by what answered them", at: at, format: rate, stack: true,
			series: []series{
				line("hit", "hit", func(p *point) float64 { return p.Hits }),
				line("near hit", "near", func(p *point) float64 { return p.NearHits }),
				line("stale hit", "stale", func(p *point) float64 { return p.StaleHits }),
				line("coalesced", "coalesced", func(p *point) float64 { return p.Coalesced }),
				line("miss", "miss", func(p *point) float64 { return p.Misses }),
				line("bypass", "bypass", func(p *point) float64 { return p.Bypasses }),
				line("exec", "exec", func(p *point) float64 { return p.Exec }),
			},
		},
		{
			Title: "Hit ratio", at: at, format: percent, atMost: 1, fixed: true,
			series: []series{line("hit ratio", "hit", func(p *point) float64 {
				if ratio, ok := p.HitRatio(); ok {
					return ratio
				}
				return math.NaN()
			})},
		},
		{
			Title: "Latency", at: at, format: seconds,
			series: []series{
				line("hit, median", "hit", quantile(hit, 0.5)),
				line("hit, 99th percentile", "hit dashed", quantile(hit, 0.99)),
				line("database, median", "miss", quantile(database, 0.5)),
				line("database, 99th percentile", "miss dashed", quantile(database, 0.99)),
			},
		},
		{
			Title: "Database time saved, per second", at: at, format: seconds,
			series: []series{line("saved", "saved", func(p *point) float64 { return p.Saved })},
		},
		{
			Title: "Writes announced, per second", at: at, format: rate,
			series: []series{line("invalidations", "coalesced", func(p *point) float64 { return p.Invalidations })},
		},
		{
			Title: "Errors per second", at: at, format: rate, atMost: 0.1,
			series: []series{line("failed calls to Redis, unusable entries", "error", func(p *point) float64 { return p.Errors })},
		},
	}
}
