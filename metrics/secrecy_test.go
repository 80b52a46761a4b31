package metrics_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/metrics"
)

// No value of an argument or a literal comes out of any of the exits: metrics,
// spans, logs.
func TestNoValueOfAStatementIsToldToAnybody(t *testing.T) {
	t.Parallel()
	const secret, number = "hushhushhush", "746500123"
	rules, err := cachedsql.ParseRules("rules.yaml", []byte("version: 1\nrules:\n- {name: goods, tables: [items], ttl: 1m}\n"))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cache, err := cachedsql.New(cachedsql.Config{
		Rules: rules, Adapter: cachedsql.Adapter{Dialect: cachedsql.SQLite},
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		OnEvent: metrics.Each(metrics.AnnotateSpan,
			metrics.LogEvents(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})), time.Nanosecond)),
	})
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(cache.WrapConnector(file{filepath.Join(t.TempDir(), "shop.db")}))
	t.Cleanup(func() { _ = db.Close(); _ = cache.Close() })
	spans := tracetest.NewSpanRecorder()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans)).Tracer("")
	texts := []string{
		"CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT)",
		"INSERT INTO items VALUES (746500123, 'hushhushhush')", "INSERT INTO items VALUES (746500123, 'hushhushhush')",
		"SELECT name FROM items WHERE name = 'hushhushhush' AND id = 746500123", "SELECT name FROM items WHERE name = 'hushhushhush' AND id = 746500123",
		"SELECT random(), 'hushhushhush' FROM items", "SELECT nothing('hushhushhush') FROM items", "SELEKT 'hushhushhush'",
		"UPDATE items SET name = 'hushhushhush' WHERE id = 746500123", "SELECT 'hushhushhush",
	}
	for _, text := range texts {
		for _, args := range [][]any{nil, {secret}} {
			if args != nil {
				text = strings.ReplaceAll(text, "'hushhushhush'", "?")
			}
			ctx, span := tracer.Start(context.Background(), "statement")
			if rows, err := db.QueryContext(ctx, text, args...); err == nil {
				for rows.Next() {
				}
				_ = rows.Close()
			}
			span.End()
		}
	}
	told := map[string]string{"log": log.String(), "expvar": metrics.Expvar(cache).String(), "spans": "", "metrics": ""}
	for _, s := range spans.Ended() {
		told["spans"] += fmt.Sprintf("%+v %+v\n", s.Attributes(), s.Events())
	}
	registry := prometheus.NewRegistry()
	if err := registry.Register(metrics.NewCollector(cache)); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	told["metrics"] = fmt.Sprint(families)
	for where, text := range told {
		if strings.Contains(text, secret) || strings.Contains(text, number) {
			t.Errorf("in the %s: %s", where, text)
		}
		if len(text) < 100 {
			t.Errorf("the %s are %q: nothing was looked at", where, text)
		}
	}
}
