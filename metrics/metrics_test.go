package metrics_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"modernc.org/sqlite"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/metrics"
)

// Each call of busy does this much.
const (
	busyHits, busyMisses, busyBypasses, busyExecs = 4, 1, 2, 2
)

// busy returns a cache that has seen some statements.
func busy(t *testing.T) *cachedsql.Cache {
	t.Helper()
	rules, err := cachedsql.ParseRules("rules.yaml", []byte("version: 1\nrules:\n- {name: goods, tables: [items], ttl: 1m}\n"))
	if err != nil {
		t.Fatal(err)
	}
	cache, err := cachedsql.New(cachedsql.Config{Rules: rules, Adapter: cachedsql.Adapter{Dialect: cachedsql.SQLite}})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(cache.WrapConnector(file{filepath.Join(t.TempDir(), "shop.db")}))
	t.Cleanup(func() {
		_ = db.Close()
		_ = cache.Close()
	})
	for _, text := range []string{"CREATE TABLE items (id INTEGER PRIMARY KEY)", "INSERT INTO items VALUES (1)"} {
		if _, err := db.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	read := func(text string) {
		var v any
		if err := db.QueryRow(text).Scan(&v); err != nil {
			t.Fatal(err)
		}
	}
	for range busyHits + busyMisses {
		read("SELECT id FROM items")
	}
	for range busyBypasses {
		read("SELECT random() FROM items")
	}
	return cache
}

type file struct{ name string }

func (f file) Connect(context.Context) (driver.Conn, error) { return (&sqlite.Driver{}).Open(f.name) }
func (file) Driver() driver.Driver                          { return &sqlite.Driver{} }

func TestPrometheusHasTheCachesCounts(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(metrics.NewCollector(busy(t))); err != nil {
		t.Fatal(err)
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) != 0 {
		t.Errorf("lint: %v, %v", problems, err)
	}
	got := gather(t, registry)
	for series, want := range map[string]float64{
		`cachedsql_calls_total outcome=hit rule=goods`:               busyHits,
		`cachedsql_calls_total outcome=miss rule=goods`:              busyMisses,
		`cachedsql_calls_total outcome=bypass rule=`:                 busyBypasses,
		`cachedsql_calls_total outcome=exec rule=`:                   busyExecs,
		`cachedsql_bypasses_total reason=volatile_function`:          busyBypasses,
		`cachedsql_fills_total rule=goods`:                           1,
		`cachedsql_store_up`:                                         1,
		`cachedsql_hit_duration_seconds rule=goods`:                  busyHits,
		`cachedsql_database_duration_seconds rule=goods`:             busyMisses,
		`cachedsql_hit_duration_seconds rule=goods longer than 32 s`: 0,
		`cachedsql_invalidations_total`:                              busyExecs,
		`cachedsql_table_invalidations_total table=items`:            1,
		`cachedsql_table_invalidations_total table=*`:                1, // the CREATE TABLE
		`cachedsql_near_entries`:                                     0,
		`cachedsql_corrupt_entries_total`:                            0,
		`cachedsql_breaker_state state=closed`:                       1,
		`cachedsql_breaker_state state=fenced`:                       0,
		`cachedsql_breaker_state state=open`:                         0,
		`cachedsql_dropped_events_total`:                             0,
		`cachedsql_unauthentic_entries_total`:                        0,
	} {
		if n, ok := got[series]; !ok || n != want {
			t.Errorf("%s: got %v (%t), want %v", series, n, ok, want)
		}
	}
}

// gather returns the value of each series; that of a histogram is its count.
func gather(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			key := f.GetName()
			for _, l := range m.GetLabel() {
				key += " " + l.GetName() + "=" + l.GetValue()
			}
			if h := m.GetHistogram(); h != nil {
				buckets := h.GetBucket()
				got[key] = float64(h.GetSampleCount())
				got[key+" longer than 32 s"] = float64(h.GetSampleCount() - buckets[len(buckets)-1].GetCumulativeCount())
				continue
			}
			got[key] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return got
}

func TestOpenTelemetryHasTheCachesCounts(t *testing.T) {
	t.Parallel()
	system := attribute.String("db.system.name", "sqlite")
	reader := sdk.NewManualReader(sdk.WithProducer(metrics.NewProducer(busy(t), system)))
	provider := sdk.NewMeterProvider(sdk.WithReader(reader))
	t.Cleanup(func() { _ = provider.Shutdown(context.Background()) })
	var got metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	byName := map[string]metricdata.Aggregation{}
	for _, s := range got.ScopeMetrics {
		for _, m := range s.Metrics {
			byName[m.Name] = m.Data
		}
	}
	goods := attribute.NewSet(system, attribute.String("cachedsql.rule", "goods"))
	durations, ok := byName["db.client.operation.duration"].(metricdata.ExponentialHistogram[float64])
	if !ok {
		t.Fatalf("metrics: %v", byName)
	}
	found := false
	for _, p := range durations.DataPoints {
		if p.Attributes.Equals(&goods) {
			found = true
			var sum uint64
			for _, n := range p.PositiveBucket.Counts {
				sum += n
			}
			if p.Count != busyMisses || sum != p.Count || p.Sum <= 0 {
				t.Errorf("database time: %+v", p)
			}
		}
	}
	if !found {
		t.Errorf("no database time for %v: %+v", goods, durations)
	}
	hits := attribute.NewSet(system, attribute.String("cachedsql.rule", "goods"), attribute.String("cachedsql.outcome", "hit"))
	calls, _ := byName["cachedsql.calls"].(metricdata.Sum[int64])
	for _, p := range calls.DataPoints {
		if p.Attributes.Equals(&hits) && p.Value == busyHits {
			return
		}
	}
	t.Errorf("no %d hits in %+v", busyHits, calls)
}

func TestExpvarIsJSON(t *testing.T) {
	t.Parallel()
	var got struct {
		Stats struct {
			Hits int64 `json:"hits"`
		} `json:"stats"`
		Rules map[string]struct {
			Calls int64 `json:"calls"`
		} `json:"rules"`
	}
	text := metrics.Expvar(busy(t)).String()
	if err := json.Unmarshal([]byte(text), &got); err != nil || got.Stats.Hits != busyHits || got.Rules["goods"].Calls != busyHits+busyMisses {
		t.Errorf("%s: %v", text, err)
	}
}
