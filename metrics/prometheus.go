package metrics

import (
	"math"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/cachedsql/cachedsql"
)

// NewCollector returns a Prometheus collector of the cache. Names start with
// "cachedsql_". A process with several caches tells them apart by a label:
// see [prometheus.WrapRegistererWith].
//
// Durations are classic histograms whose buckets end at powers of two, from
// 61 µs to 32 s.
func NewCollector(c *cachedsql.Cache) prometheus.Collector { return &collector{cache: c} }

type collector struct{ cache *cachedsql.Cache }

// Describe implements [prometheus.Collector].
func (k *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range slices.Concat(families(cachedsql.Stats{}, nil, "", false), tableFamilies(nil), nearFamilies(0, 0)) {
		ch <- f.desc()
	}
}

// Collect implements [prometheus.Collector].
func (k *collector) Collect(ch chan<- prometheus.Metric) {
	for _, f := range familiesOf(k.cache) {
		desc := f.desc()
		for _, s := range f.series {
			ch <- f.metric(desc, s)
		}
	}
}

func (f *family) desc() *prometheus.Desc {
	name := "cachedsql_" + f.name
	switch f.kind {
	case counter:
		name += "_total"
	case histogram:
		name += "_seconds"
	}
	return prometheus.NewDesc(name, f.help, f.labels, nil)
}

func (f *family) metric(desc *prometheus.Desc, s series) prometheus.Metric {
	switch f.kind {
	case gauge:
		return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, s.number, s.values...)
	case histogram:
		h := s.durations
		return prometheus.MustNewConstHistogram(desc, uint64(h.Count), h.Sum.Seconds(), cumulated(h), s.values...)
	}
	return prometheus.MustNewConstMetric(desc, prometheus.CounterValue, s.number, s.values...)
}

const (
	firstOctave = -14
	lastOctave  = 5
)

// cumulated returns how many durations are at most as long as each bound.
// Every bound is one of the histogram's own, so nothing is estimated.
func cumulated(h cachedsql.Histogram) map[float64]uint64 {
	counts := make(map[float64]uint64, lastOctave-firstOctave+1)
	var sum int64
	next := 0
	for octave := firstOctave; octave <= lastOctave; octave++ {
		bound := math.Exp2(float64(octave))
		for next < len(h.Buckets) && h.Buckets[next].Upper() <= bound {
			sum += h.Buckets[next].Count
			next++
		}
		counts[bound] = uint64(sum)
	}
	return counts
}
