package metrics

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/instrumentation"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"github.com/cachedsql/cachedsql"
)

// NewProducer returns an OpenTelemetry producer of the cache's metrics, for
// the reader that exports them:
//
//	metric.NewPeriodicReader(exporter, metric.WithProducer(metrics.NewProducer(cache)))
//
// Names start with "cachedsql.", except for the time the database took, which
// has a semantic convention: db.client.operation.duration. The convention
// wants db.system.name, which is given in attributes together with others that
// every series shall have. Durations are exponential histograms.
func NewProducer(c *cachedsql.Cache, attributes ...attribute.KeyValue) sdk.Producer {
	return &producer{cache: c, attributes: attributes, started: time.Now()}
}

type producer struct {
	cache      *cachedsql.Cache
	attributes []attribute.KeyValue
	started    time.Time
}

const scope = "github.com/cachedsql/cachedsql/metrics"

// Produce implements [sdk.Producer].
func (p *producer) Produce(context.Context) ([]metricdata.ScopeMetrics, error) {
	now := time.Now()
	out := metricdata.ScopeMetrics{Scope: instrumentation.Scope{Name: scope}}
	for _, f := range familiesOf(p.cache) {
		out.Metrics = append(out.Metrics, metricdata.Metrics{
			Name: f.otelName(), Description: f.help, Unit: f.unit, Data: p.data(&f, now),
		})
	}
	return []metricdata.ScopeMetrics{out}, nil
}

func (f *family) otelName() string {
	if f.name == "database_duration" {
		return "db.client.operation.duration"
	}
	for _, noun := range []string{"hit", "store", "stored", "rules", "table", "near"} {
		if rest, ok := strings.CutPrefix(f.name, noun+"_"); ok {
			return "cachedsql." + noun + "." + rest
		}
	}
	return "cachedsql." + f.name
}

func (p *producer) data(f *family, now time.Time) metricdata.Aggregation {
	if f.kind == histogram {
		return p.histogram(f, now)
	}
	points := make([]metricdata.DataPoint[int64], len(f.series))
	for i, s := range f.series {
		points[i] = metricdata.DataPoint[int64]{Attributes: p.set(f, s), StartTime: p.started, Time: now, Value: int64(s.number)}
	}
	if f.kind == gauge {
		return metricdata.Gauge[int64]{DataPoints: points}
	}
	return metricdata.Sum[int64]{DataPoints: points, Temporality: metricdata.CumulativeTemporality, IsMonotonic: true}
}

func (p *producer) set(f *family, s series) attribute.Set {
	all := append([]attribute.KeyValue(nil), p.attributes...)
	for i, label := range f.labels {
		all = append(all, attribute.String("cachedsql."+label, s.values[i]))
	}
	return attribute.NewSet(all...)
}

func (p *producer) histogram(f *family, now time.Time) metricdata.ExponentialHistogram[float64] {
	h := metricdata.ExponentialHistogram[float64]{Temporality: metricdata.CumulativeTemporality}
	for _, s := range f.series {
		h.DataPoints = append(h.DataPoints, metricdata.ExponentialHistogramDataPoint[float64]{
			Attributes: p.set(f, s), StartTime: p.started, Time: now,
			Count: uint64(s.durations.Count), Sum: s.durations.Sum.Seconds(),
			Scale: 2, PositiveBucket: exponential(s.durations),
		})
	}
	return h
}

// exponential lists the buckets without gaps. OpenTelemetry names a bucket by
// its lower end, so its indexes are smaller by one.
func exponential(h cachedsql.Histogram) metricdata.ExponentialBucket {
	if len(h.Buckets) == 0 {
		return metricdata.ExponentialBucket{}
	}
	first, last := h.Buckets[0].Index, h.Buckets[len(h.Buckets)-1].Index
	b := metricdata.ExponentialBucket{Offset: int32(first - 1), Counts: make([]uint64, last-first+1)}
	for _, bucket := range h.Buckets {
		b.Counts[bucket.Index-first] = uint64(bucket.Count)
	}
	return b
}
