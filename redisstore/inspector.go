package redisstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
)

// An Inspector sees a whole fleet of processes, from Redis alone: what they
// report of themselves at intervals. It changes nothing unless a method says
// so.
type Inspector struct{ store *Store }

// Inspector returns the Inspector of a Store. It must have the KeyPrefix that
// the processes have.
func (s *Store) Inspector() *Inspector { return &Inspector{s} }

// Instance is a process that reports, as an Inspector sees it.
type Instance struct {
	cachedsql.Instance
	// LastSeen is when its last report arrived, by the clock of the process
	// that asks, whatever the other clocks say.
	LastSeen time.Time `json:"last_seen"`
	// ClockOffset is how far its clock is ahead of the server's, as far as the
	// report's way to the server allows to tell.
	ClockOffset time.Duration `json:"clock_offset_ns"`
}

// Fleet is what all processes together report.
type Fleet struct {
	// Instances are the processes, by host, PID and ID.
	Instances []Instance `json:"instances"`
	// Stats are their counts added up. Those of a process that has ended are
	// gone with it.
	Stats cachedsql.Stats `json:"stats"`
	// Queries are the figures of all processes added up, the highest load
	// first. They say when a query was last seen by the clock of the process
	// that asks.
	Queries []cachedsql.QueryStats `json:"queries"`
	// Tables are the tables that are read or written, those first that are
	// invalidated most.
	Tables []Table `json:"tables"`
	// Rules are the figures of rules, those with most calls first.
	Rules []cachedsql.RuleStats `json:"rules,omitempty"`
	// Unreadable is how many reports are in the format of another version.
	Unreadable int `json:"unreadable,omitempty"`
}

const (
	// What bounds a Fleet.
	fleetQueries = 1000
	fleetTables  = 1000
	fleetRules   = 1000
)

// Fleet reads all reports and adds them up.
func (i *Inspector) Fleet(ctx context.Context) (*Fleet, error) {
	r, err := i.Reports(ctx)
	if err != nil {
		return nil, err
	}
	return r.Fleet(), nil
}

// Reports is what each process reports by itself.
type Reports struct {
	// All are the reports that could be read, by host, PID and ID.
	All []Report
	// Unreadable is how many are in the format of another version.
	Unreadable int
}

// Report is what one process reports. Its times are by the clock of the process
// that asks.
type Report struct {
	Instance Instance
	Stats    cachedsql.Stats
	Queries  []cachedsql.QueryStats
	Tables   []cachedsql.TableStats
	Rules    []cachedsql.RuleStats
}

// Reports reads all reports.
func (i *Inspector) Reports(ctx context.Context) (*Reports, error) {
	listed, now, err := i.listed(ctx)
	if err != nil {
		return nil, err
	}
	all := &Reports{}
	for batch := range slices.Chunk(listed, reportsAtOnce) {
		reports, err := i.reports(ctx, batch)
		if err != nil {
			return nil, err
		}
		for n, data := range reports {
			if data == "" {
				continue // it ended between the two calls
			}
			r, err := decodeReport(data)
			if err != nil {
				all.Unreadable++
				continue
			}
			all.All = append(all.All, newReport(r, batch[n].ends, now))
		}
	}
	slices.SortFunc(all.All, func(x, y Report) int {
		a, b := &x.Instance, &y.Instance
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.PID, b.PID), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// Fleet adds them up.
func (r *Reports) Fleet() *Fleet {
	f := &Fleet{Instances: []Instance{}, Unreadable: r.Unreadable}
	var queries [][]cachedsql.QueryStats
	var tables [][]cachedsql.TableStats
	var rules [][]cachedsql.RuleStats
	for n := range r.All {
		one := &r.All[n]
		f.Instances = append(f.Instances, one.Instance)
		f.Stats.Merge(&one.Stats)
		queries, tables, rules = append(queries, one.Queries), append(tables, one.Tables), append(rules, one.Rules)
	}
	f.Queries = cachedsql.MergeQueries(fleetQueries, queries...)
	f.Tables = tablesOf(cachedsql.MergeTables(fleetTables, tables...), f.Queries)
	f.Rules = cachedsql.MergeRules(fleetRules, rules...)
	return f
}

// Instances returns the processes that report.
func (i *Inspector) Instances(ctx context.Context) ([]Instance, error) {
	f, err := i.Fleet(ctx)
	if err != nil {
		return nil, err
	}
	return f.Instances, nil
}

// Queries returns the figures of all processes added up.
func (i *Inspector) Queries(ctx context.Context) ([]cachedsql.QueryStats, error) {
	f, err := i.Fleet(ctx)
	if err != nil {
		return nil, err
	}
	return f.Queries, nil
}

// reportsAtOnce keeps the answer to one call to some megabytes.
const reportsAtOnce = 100

// listing is a process in the list, and when its report ends by the server's
// clock.
type listing struct {
	id   string
	ends time.Time
}

// listed returns the processes whose reports have not ended, and the server's
// time.
func (i *Inspector) listed(ctx context.Context) ([]listing, time.Time, error) {
	if err := i.store.usable(ctx); err != nil {
		return nil, time.Time{}, err
	}
	now, err := i.now(ctx)
	if err != nil {
		return nil, now, err
	}
	members, err := i.store.scripts.client.ZRangeByScoreWithScores(ctx, i.store.reportIndex(),
		&redis.ZRangeBy{Min: fmt.Sprintf("(%d", now.UnixMilli()), Max: "+inf"}).Result()
	if err != nil {
		return nil, now, wrap("list reports", err)
	}
	all := make([]listing, 0, len(members))
	for _, m := range members {
		if id, ok := m.Member.(string); ok {
			all = append(all, listing{id, time.UnixMilli(int64(m.Score))})
		}
	}
	return all, now, nil
}

// now asks the server that has the list for its time: in a cluster each node
// has a clock of its own.
func (i *Inspector) now(ctx context.Context) (time.Time, error) {
	e := i.store.scripts.command(ctx, timeScript, []any{1, i.store.reportIndex()})
	i.store.scripts.run(ctx, []*execution{e}, nil)
	text, err := e.Result()
	if err != nil {
		return time.Time{}, wrap("time", err)
	}
	var ms int64
	if _, err := fmt.Sscan(text, &ms); err != nil {
		return time.Time{}, errUnexpected
	}
	return time.UnixMilli(ms), nil
}

var timeScript = newScript("local t = redis.call('TIME')\nreturn string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000))\n")

// reports returns the reports themselves, "" for one that has ended.
func (i *Inspector) reports(ctx context.Context, of []listing) ([]string, error) {
	keys := make([]string, len(of))
	for n, l := range of {
		keys[n] = i.store.reportKey(l.id)
	}
	values, err := i.store.scripts.client.MGet(ctx, keys...).Result()
	if err != nil {
		return nil, wrap("read reports", err)
	}
	if len(values) != len(keys) {
		return nil, errUnexpected
	}
	texts := make([]string, len(values))
	for n, v := range values {
		texts[n], _ = v.(string)
	}
	return texts, nil
}

// newReport is a report that ends at a time of the server's, where it is now
// now. The times in it are of the reporting process's clock and become ours.
func newReport(r *cachedsql.Report, ends, now time.Time) Report {
	arrived := ends.Add(-r.Instance.ReportTTL())
	in := Instance{Instance: r.Instance, LastSeen: time.Now().Add(-now.Sub(arrived)), ClockOffset: r.Instance.Reported.Sub(arrived)}
	shift := in.LastSeen.Sub(in.Reported)
	in.Started, in.Reported = in.Started.Add(shift), in.LastSeen
	for n := range r.Queries {
		moved(&r.Queries[n].LastSeen, shift)
	}
	for n := range r.Tables {
		moved(&r.Tables[n].LastInvalidated, shift)
	}
	return Report{Instance: in, Stats: r.Stats, Queries: r.Queries, Tables: r.Tables, Rules: r.Rules}
}

func moved(t *time.Time, by time.Duration) {
	if !t.IsZero() {
		*t = t.Add(by)
	}
}

// Namespaces returns the namespaces of all processes.
func (f *Fleet) Namespaces() []string {
	var all []string
	for _, in := range f.Instances {
		all = append(all, in.Namespaces...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
