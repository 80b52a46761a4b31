package metrics_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/metrics"
)

// traced opens a handle whose events go to spans.
func traced(t *testing.T) (*sql.DB, *cachedsql.Cache, *tracetest.SpanRecorder, func(string, func(context.Context)) map[string]attribute.Value) {
	t.Helper()
	rules, err := cachedsql.ParseRules("rules.yaml", []byte("version: 1\nrules:\n- {name: goods, tables: [items], ttl: 1m}\n"))
	if err != nil {
		t.Fatal(err)
	}
	cache, err := cachedsql.New(cachedsql.Config{Rules: rules, OnEvent: metrics.AnnotateSpan, Adapter: cachedsql.Adapter{Dialect: cachedsql.SQLite}})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(cache.WrapConnector(file{filepath.Join(t.TempDir(), "shop.db")}))
	t.Cleanup(func() {
		_ = db.Close()
		_ = cache.Close()
	})
	recorder := tracetest.NewSpanRecorder()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder)).Tracer("test")
	in := func(name string, f func(context.Context)) map[string]attribute.Value {
		t.Helper()
		ctx, span := tracer.Start(t.Context(), name)
		f(ctx)
		span.End()
		ended := recorder.Ended()
		found := map[string]attribute.Value{}
		for _, kv := range ended[len(ended)-1].Attributes() {
			found[string(kv.Key)] = kv.Value
		}
		return found
	}
	return db, cache, recorder, in
}

func TestSpansTellWhatTheCacheDid(t *testing.T) {
	t.Parallel()
	db, _, _, in := traced(t)
	exec := func(text string) func(context.Context) {
		return func(ctx context.Context) {
			if _, err := db.ExecContext(ctx, text); err != nil {
				t.Error(err)
			}
		}
	}
	read := func(text string) func(context.Context) {
		return func(ctx context.Context) {
			var v any
			if err := db.QueryRowContext(ctx, text).Scan(&v); err != nil {
				t.Error(err)
			}
		}
	}
	in("create", exec("CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER)"))
	got := in("insert", exec("INSERT INTO items VALUES (1, 4711)"))
	if tables := got["cachedsql.invalidates"].AsStringSlice(); !slices.Equal(tables, []string{"items"}) {
		t.Errorf("insert: %v", got)
	}
	for n, want := range []string{"miss", "hit", "hit"} {
		got := in("read", read("SELECT price FROM items WHERE id = 1"))
		if got["cachedsql.outcome"].AsString() != want || got["cachedsql.rule"].AsString() != "goods" || len(got["cachedsql.query_id"].AsString()) != 16 {
			t.Errorf("read %d: %v, want %s", n, got, want)
		}
	}
	got = in("bypass", read("SELECT random() FROM items"))
	if got["cachedsql.outcome"].AsString() != "bypass" || got["cachedsql.reason"].AsString() != "volatile_function" || got["cachedsql.detail"].AsString() != "random" {
		t.Errorf("bypass: %v", got)
	}
	for key, value := range got {
		if strings.Contains(value.String(), "4711") || !strings.HasPrefix(key, "cachedsql.") && !strings.HasPrefix(key, "db.") {
			t.Errorf("attribute %s = %s", key, value.String())
		}
	}
}

func TestProblemsAreEventsOfTheSpan(t *testing.T) {
	t.Parallel()
	_, _, recorder, in := traced(t)
	in("read", func(ctx context.Context) {
		metrics.AnnotateSpan(cachedsql.Event{Outcome: cachedsql.Corrupt, Rule: "goods", Err: errors.New("bad header"), Context: ctx})
		metrics.AnnotateSpan(cachedsql.Event{Outcome: cachedsql.StoreFailed, Err: errors.New("in the background")})
	})
	events := recorder.Ended()[0].Events()
	if len(events) != 1 || events[0].Name != "cachedsql.corrupt" || len(events[0].Attributes) != 2 {
		t.Errorf("events: %+v", events)
	}
	metrics.AnnotateSpan(cachedsql.Event{Outcome: cachedsql.Hit, Context: t.Context()}) // no span: nothing happens
}

func TestLogIsLimitedAndLosesNoCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := metrics.LogEvents(slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelInfo})), time.Second)
		var seen int
		both := metrics.Each(log, func(cachedsql.Event) { seen++ })
		const each = 100
		for range 3 {
			for range each {
				both(cachedsql.Event{Outcome: cachedsql.StoreFailed, Err: errors.New("refused")})
				both(cachedsql.Event{Outcome: cachedsql.Corrupt, Reason: cachedsql.Reasons()[0], Rule: "goods", QueryID: "0123456789abcdef"})
				both(cachedsql.Event{Outcome: cachedsql.Hit}) // below the level
				both(cachedsql.Event{Outcome: cachedsql.Note, Err: errors.New("logged by the cache")})
			}
			time.Sleep(2 * time.Second)
		}
		lines := map[string]int{}
		left := 0.0
		for line := range strings.Lines(out.String()) {
			var l map[string]any
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatal(err)
			}
			message, _ := l["msg"].(string)
			lines[message]++
			if inOrder := strings.Index(line, `"reason"`) < strings.Index(line, `"rule"`) && strings.Index(line, `"rule"`) < strings.Index(line, `"query_id"`); message == "cachedsql: corrupt" && !inOrder {
				t.Errorf("the attributes of a line are in an order of chance: %s", line)
			}
			n, _ := l["left_out"].(float64)
			left += n
		}
		if len(lines) != 2 || lines["cachedsql: store_failed"] != 3 || lines["cachedsql: corrupt"] != 3 || left != 4*(each-1) || seen != 12*each {
			t.Errorf("%v, %v left out, %d seen\n%s", lines, left, seen, out.String())
		}
	})
}

func TestPoolIsReportedBesideTheCache(t *testing.T) {
	t.Parallel()
	db, _, _, _ := traced(t)
	db.SetMaxOpenConns(3)
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(metrics.NewPoolCollector(db, "shop"))
	got := gather(t, registry)
	if got["go_sql_in_use_connections db_name=shop"] != 1 || got["go_sql_max_open_connections db_name=shop"] != 3 {
		t.Errorf("prometheus: %v", got)
	}
	produced, err := metrics.NewPoolProducer(db, "shop").Produce(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]int64{}
	for _, m := range produced[0].Metrics {
		if sum, ok := m.Data.(metricdata.Sum[int64]); ok {
			for _, p := range sum.DataPoints {
				state, _ := p.Attributes.Value("db.client.connection.state")
				values[m.Name+" "+state.AsString()] = p.Value
				if pool, _ := p.Attributes.Value("db.client.connection.pool.name"); pool.AsString() != "shop" {
					t.Errorf("%s: pool %q", m.Name, pool.AsString())
				}
			}
		}
	}
	if values["db.client.connection.count used"] != 1 || values["db.client.connection.max "] != 3 {
		t.Errorf("opentelemetry: %v", values)
	}
}
