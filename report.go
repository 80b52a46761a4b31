package cachedsql

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"runtime/debug"
	"slices"
	"sync"
	"time"
	"unicode/utf8"
)

// A Reporter is a Store that also keeps what processes report of themselves,
// for an operator's tools. Package redisstore's is one.
type Reporter interface {
	// Report replaces what the process reported before. It is kept for ttl.
	Report(ctx context.Context, r *Report, ttl time.Duration) error
}

// A Report is what a process tells of a Cache at intervals. It never holds
// argument values.
type Report struct {
	// Instance says who reports, and in which state it is.
	Instance Instance `json:"instance"`
	// Stats are its counts.
	Stats Stats `json:"stats"`
	// Queries are the figures of the queries with the highest load; the last
	// one adds up the rest.
	Queries []QueryStats `json:"queries"`
	// Tables are those that were announced most often; the last one adds up the
	// rest.
	Tables []TableStats `json:"tables,omitempty"`
	// Rules are the figures of rules, those with most calls first.
	Rules []RuleStats `json:"rules,omitempty"`
}

// An Instance is one Cache of a running process.
type Instance struct {
	// ID is unique.
	ID string `json:"id"`
	// Host and PID name the process.
	Host string `json:"host"`
	PID  int    `json:"pid"`
	// Version is that of this library, as the binary was built with it.
	Version string `json:"version"`
	// Started is when the Cache was made.
	Started time.Time `json:"started"`
	// Namespaces are the databases it has connected to, by their names in the
	// store.
	Namespaces []string `json:"namespaces,omitempty"`
	// Rules is the file in force, or "redis:" and the name of a rule set, and
	// RulesVersion identifies the content. Both are "" where nothing is cached.
	Rules        string `json:"rules,omitempty"`
	RulesVersion string `json:"rules_version,omitempty"`
	// EntryKeys says how entries are protected: the word of EntryProtection, the
	// ID of the key that seals, and those of others that open. "": they are not.
	EntryKeys string `json:"entry_keys,omitempty"`
	// LiveRules is how it stands to the rule set that it follows, nil if it
	// follows none.
	LiveRules *RulesState `json:"live_rules,omitempty"`
	// StoreLatency is how long the store took to answer a ping just before the
	// report.
	StoreLatency time.Duration `json:"store_latency_ns"`
	// RoundTrip is the median of the last such times, a better measure of what a
	// lookup costs: a single one may have met a pause.
	RoundTrip time.Duration `json:"round_trip_ns,omitempty"`
	// Breaker is "closed" when the store is in use, "open" after it was
	// unreachable, and "fenced" while no hit is served after an outage.
	Breaker string `json:"breaker"`
	// NearEntries and NearBytes are the size of the near cache, NearBytes the
	// memory it takes. Both are 0 where there is none.
	NearEntries int64 `json:"near_entries"`
	NearBytes   int64 `json:"near_bytes"`
	// Interval is the time between two reports.
	Interval time.Duration `json:"interval_ns"`
	// Reported is when the report was made.
	Reported time.Time `json:"reported"`
}

// name is a word for people.
func (i *Instance) name() string { return fmt.Sprintf("%s:%d", i.Host, i.PID) }

// ReportTTL is how long a report outlives its process.
func (i *Instance) ReportTTL() time.Duration { return reportsKept * i.Interval }

const (
	defaultReportInterval = 10 * time.Second
	minReportInterval     = 100 * time.Millisecond
	firstReport           = time.Second
	reportDeadline        = 2 * time.Second

	// reportsKept is for how many intervals a report outlives its process: two
	// in a row may get lost.
	reportsKept = 3

	// What bounds a report, to some hundred kilobytes at worst.
	reportedQueries        = 200
	reportedStatementBytes = 1000
	reportedQueryTables    = 20 // of one query
	reportedTables         = 200
	reportedRules          = 200
)

// reporter reports at intervals until it is closed.
type reporter struct {
	cache  *Cache
	store  Reporter
	stream *streamer // nil: nobody takes events

	failing bool       // the last report failed; used by run alone
	pings   roundTrips // used by run alone

	soon chan struct{} // something has happened that operators wait to see
	once sync.Once
	quit chan struct{}
	done sync.WaitGroup
}

// newReporter returns nil where nobody takes reports or none are wanted.
func newReporter(c *Cache) *reporter {
	store, ok := c.store.(Reporter)
	if !ok || c.config.ReportInterval < 0 {
		return nil
	}
	r := &reporter{cache: c, store: store, soon: make(chan struct{}, 1), quit: make(chan struct{})}
	r.stream = newStreamer(c, &c.instance)
	r.done.Go(r.run)
	return r
}

func newInstance(interval time.Duration) Instance {
	var id [8]byte
	_, _ = rand.Read(id[:])
	host, _ := os.Hostname()
	return Instance{
		ID: hex.EncodeToString(id[:]), Host: host, PID: os.Getpid(), Version: buildVersion(),
		Started: time.Now(), Interval: interval,
	}
}

// run sends the first report early, so that an operator sees a process that
// has just started. Processes started together do not report together.
func (r *reporter) run() {
	interval := r.cache.instance.Interval
	timer, events := time.NewTimer(min(firstReport, interval)), time.NewTicker(interval/streamedPerReport)
	defer timer.Stop()
	defer events.Stop()
	for {
		select {
		case <-r.quit:
			r.stream.stopped()
			return
		case <-events.C:
			r.stream.send(reportDeadline)
		case <-r.soon:
			r.report()
		case <-timer.C:
			r.report()
			timer.Reset(interval - interval/10 + mathrand.N(interval/5+1))
		}
	}
}

// report sends one. It does not go through the gate: it may take longer than a
// statement can wait, and says nothing of whether lookups do.
func (r *reporter) report() {
	gate := r.cache.gate
	if gate.down.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), reportDeadline)
	defer cancel()
	started := time.Now()
	err := r.cache.store.Ping(ctx)
	latency := time.Since(started)
	if err == nil {
		report := r.cache.report(latency)
		report.Instance.RoundTrip = r.pings.with(latency)
		err = r.store.Report(ctx, &report, report.Instance.ReportTTL())
	}
	if err != nil && !r.failing {
		r.cache.config.Logger.Warn("cachedsql: figures for operators not stored", "error", err)
	}
	r.failing = err != nil
}

// roundTrips are the last times that the store took to answer.
type roundTrips struct {
	last [15]time.Duration
	n    int // that there were
}

// with takes one in and returns the median.
func (r *roundTrips) with(took time.Duration) time.Duration {
	r.last[r.n%len(r.last)] = took
	r.n++
	known := slices.Sorted(slices.Values(r.last[:min(r.n, len(r.last))]))
	return known[(len(known)-1)/2]
}

// now makes the next report come at once.
func (r *reporter) now() {
	if r == nil {
		return
	}
	select {
	case r.soon <- struct{}{}:
	default:
	}
}

func (r *reporter) close() {
	if r == nil {
		return
	}
	r.once.Do(func() { close(r.quit) })
	r.done.Wait()
}

// report makes a report of what is known now.
func (c *Cache) report(latency time.Duration) Report {
	self := c.instance
	self.Reported, self.StoreLatency, self.Breaker = time.Now(), latency, c.gate.state()
	self.Namespaces = c.Namespaces()
	self.NearEntries, self.NearBytes = c.near.size()
	if rules := c.Rules(); rules != nil {
		self.Rules, self.RulesVersion = rules.name, rules.version
	}
	if state, ok := c.LiveRules(); ok {
		self.LiveRules = &state
	}
	queries := MergeQueries(reportedQueries, c.Queries())
	hours := max(self.Reported.Sub(self.Started), time.Second).Hours()
	for i := range queries {
		q := &queries[i]
		q.PerHour = float64(q.Calls) / hours
		q.Named = q.Named[:min(len(q.Named), reportedQueryTables)]
		q.Statement = shortened(q.Statement, reportedStatementBytes)
		q.Tables = q.Tables[:min(len(q.Tables), reportedQueryTables)]
		q.Writes = q.Writes[:min(len(q.Writes), reportedQueryTables)]
	}
	return Report{
		Instance: self, Stats: c.Stats(), Queries: queries,
		Tables: MergeTables(reportedTables, c.tables.each()), Rules: MergeRules(reportedRules, c.queries.rules()),
	}
}

// shortened cuts a text between two characters.
func shortened(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "..."
}

// state is the word for operators.
func (g *gate) state() string {
	switch {
	case g.down.Load():
		return "open"
	case !g.open():
		return "fenced"
	}
	return "closed"
}

const modulePath = "github.com/cachedsql/cachedsql"

// buildVersion returns the version of this library that the binary was built
// with, "(devel)" where the build does not say.
var buildVersion = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(devel)"
	}
	for _, m := range append(info.Deps, &info.Main) {
		if m.Path == modulePath && m.Replace == nil && m.Version != "" {
			return m.Version
		}
	}
	return "(devel)"
})
