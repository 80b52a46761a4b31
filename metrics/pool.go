package metrics

import (
	"context"
	"database/sql"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// NewPoolCollector returns a Prometheus collector of a handle's [sql.DBStats]:
// how many connections there are and how long statements wait for one. Names
// start with "go_sql_", as the Prometheus client calls them.
func NewPoolCollector(db *sql.DB, name string) prometheus.Collector {
	return collectors.NewDBStatsCollector(db, name)
}

// NewPoolProducer is the same for OpenTelemetry. Names are those of the
// semantic conventions, db.client.connection.count and .max; what they do not
// have starts with "cachedsql.pool.". The pool's name is an attribute.
func NewPoolProducer(db *sql.DB, name string, attributes ...attribute.KeyValue) sdk.Producer {
	all := append([]attribute.KeyValue{attribute.String("db.client.connection.pool.name", name)}, attributes...)
	return &poolProducer{db: db, attributes: all, started: time.Now()}
}

type poolProducer struct {
	db         *sql.DB
	attributes []attribute.KeyValue
	started    time.Time
}

// Produce implements [sdk.Producer].
func (p *poolProducer) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	s := p.db.Stats()
	now := time.Now()
	state := func(word string) attribute.KeyValue { return attribute.String("db.client.connection.state", word) }
	level := func(points ...metricdata.DataPoint[int64]) metricdata.Aggregation {
		return metricdata.Sum[int64]{DataPoints: points, Temporality: metricdata.CumulativeTemporality}
	}
	return []metricdata.ScopeMetrics{{
		Scope: instrumentation.Scope{Name: scope},
		Metrics: []metricdata.Metrics{
			{
				Name: "db.client.connection.count", Unit: "{connection}", Description: "Connections by their state.",
				Data: level(point(p, now, int64(s.Idle), state("idle")), point(p, now, int64(s.InUse), state("used"))),
			},
			{
				Name: "db.client.connection.max", Unit: "{connection}", Description: "Most connections allowed, 0 for any number.",
				Data: level(point(p, now, int64(s.MaxOpenConnections))),
			},
			{
				Name: "cachedsql.pool.waits", Unit: "{wait}", Description: "How often a statement waited for a connection.",
				Data: grows(point(p, now, s.WaitCount)),
			},
			{
				Name: "cachedsql.pool.wait_duration", Unit: "s", Description: "How long statements waited for a connection.",
				Data: grows(point(p, now, s.WaitDuration.Seconds())),
			},
		},
	}}, nil
}

func grows[N int64 | float64](points ...metricdata.DataPoint[N]) metricdata.Aggregation {
	return metricdata.Sum[N]{DataPoints: points, Temporality: metricdata.CumulativeTemporality, IsMonotonic: true}
}

func point[N int64 | float64](p *poolProducer, now time.Time, value N, more ...attribute.KeyValue) metricdata.DataPoint[N] {
	set := attribute.NewSet(append(append([]attribute.KeyValue(nil), p.attributes...), more...)...)
	return metricdata.DataPoint[N]{Attributes: set, StartTime: p.started, Time: now, Value: value}
}
