package metrics_test

import (
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"github.com/XSAM/otelsql"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/metrics"
)

// otelsql around the cache's driver, as docs/operations.md says: a hit has a
// span of its own, with what the cache did beside what otelsql knows.
func TestSpanOfOtelsqlTellsWhatTheCacheDid(t *testing.T) {
	t.Parallel()
	rules, err := cachedsql.ParseRules("rules.yaml", []byte("version: 1\nrules:\n- {name: goods, tables: [items], ttl: 1m}\n"))
	if err != nil {
		t.Fatal(err)
	}
	cache, err := cachedsql.New(cachedsql.Config{Rules: rules, OnEvent: metrics.AnnotateSpan, Adapter: cachedsql.Adapter{Dialect: cachedsql.SQLite}})
	if err != nil {
		t.Fatal(err)
	}
	recorder := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(recorder))
	db := otelsql.OpenDB(cache.WrapConnector(file{filepath.Join(t.TempDir(), "shop.db")}),
		otelsql.WithTracerProvider(provider), otelsql.WithAttributes(semconv.DBSystemNameSQLite))
	t.Cleanup(func() {
		_ = db.Close()
		_ = cache.Close()
	})
	// of returns the attributes of the span around what f asks.
	of := func(name string, f func() error) map[attribute.Key]attribute.Value {
		t.Helper()
		before := len(recorder.Ended())
		if err := f(); err != nil {
			t.Fatal(err)
		}
		for _, span := range recorder.Ended()[before:] {
			if span.Name() == name {
				found := map[attribute.Key]attribute.Value{}
				for _, kv := range span.Attributes() {
					found[kv.Key] = kv.Value
				}
				return found
			}
		}
		t.Fatalf("no span %q", name)
		return nil
	}
	exec := func(text string) func() error {
		return func() error { _, err := db.ExecContext(t.Context(), text); return err }
	}
	read := func() error {
		var price int
		return db.QueryRowContext(t.Context(), "SELECT price FROM items WHERE id = ?", 1).Scan(&price)
	}
	of("sql.conn.exec", exec("CREATE TABLE items (id INTEGER PRIMARY KEY, price INTEGER)"))
	if got := of("sql.conn.exec", exec("INSERT INTO items VALUES (1, 40)")); len(got["cachedsql.invalidates"].AsStringSlice()) != 1 {
		t.Errorf("insert: %v", got)
	}
	for n, want := range []string{"miss", "hit", "hit"} {
		got := of("sql.conn.query", read)
		if got["cachedsql.outcome"].AsString() != want || got["cachedsql.rule"].AsString() != "goods" || got[semconv.DBSystemNameKey].AsString() != "sqlite" ||
			got[semconv.DBQueryTextKey].AsString() == "" && got["db.statement"].AsString() == "" {
			t.Errorf("read %d: %v, want %s", n, got, want)
		}
	}
	if stats := cache.Stats(); stats.Hits != 2 || stats.Misses != 1 {
		t.Errorf("counted: %+v", stats)
	}
	tx := func() error {
		tx, err := db.BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return err
		}
		var price int
		return errors.Join(tx.QueryRowContext(t.Context(), "SELECT price FROM items WHERE id = ?", 1).Scan(&price), tx.Rollback())
	}
	if got := of("sql.conn.query", tx); got["cachedsql.outcome"].AsString() != "bypass" || got["cachedsql.reason"].AsString() != "in_transaction" {
		t.Errorf("in a transaction: %v", got)
	}
}
