package cachedsql

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"
)

// A Histogram is how often which durations occurred. Its buckets are those of
// a Prometheus native histogram of schema 2 and an OpenTelemetry exponential
// histogram of scale 2, in seconds: four to each power of two, so that a
// quantile is off by less than a tenth. Histograms of different processes can
// be merged without loss.
type Histogram struct {
	// Count is how many durations there are.
	Count int64 `json:"count"`
	// Sum is all of them together.
	Sum time.Duration `json:"sum_ns"`
	// Buckets are those with a count, in ascending order.
	Buckets []Bucket `json:"buckets,omitempty"`
}

// A Bucket counts the durations over Upper of the index before and up to Upper
// of its own.
type Bucket struct {
	// Index is the place among the buckets of all durations: the bucket of
	// index 0 ends at one second, that of index 4 at two.
	Index int
	// Count is how many durations fell into it alone.
	Count int64
}

const (
	bucketsPerOctave = 4
	firstExponent    = -20 // the first bucket takes all up to 2^-20 s, just under a microsecond
	lastExponent     = 8   // the last one all over 2^8 s, four minutes
	firstBucket      = firstExponent * bucketsPerOctave
	bucketCount      = (lastExponent-firstExponent)*bucketsPerOctave + 1
)

// Upper is the longest duration that falls into the bucket, in seconds. That
// of the last one stands for all that are longer.
func (b Bucket) Upper() float64 { return math.Exp2(float64(b.Index) / bucketsPerOctave) }

// MarshalJSON writes the pair of index and count.
func (b Bucket) MarshalJSON() ([]byte, error) { return json.Marshal([2]int64{int64(b.Index), b.Count}) }

// UnmarshalJSON reads what MarshalJSON writes.
func (b *Bucket) UnmarshalJSON(data []byte) error {
	var pair [2]int64
	if err := json.Unmarshal(data, &pair); err != nil {
		return err
	}
	if pair[0] < firstBucket || pair[0] >= firstBucket+bucketCount || pair[1] < 0 {
		return fmt.Errorf("cachedsql: histogram: no bucket %v", pair)
	}
	b.Index, b.Count = int(pair[0]), pair[1]
	return nil
}

// Mean is the average duration, 0 if there is none.
func (h Histogram) Mean() time.Duration {
	if h.Count == 0 {
		return 0
	}
	return h.Sum / time.Duration(h.Count)
}

// Quantile returns the duration that a share q of all do not exceed, 0 to 1:
// the upper end of its bucket. It is 0 where there are no durations.
func (h Histogram) Quantile(q float64) time.Duration {
	rank := int64(math.Ceil(min(max(q, 0), 1) * float64(h.Count)))
	for _, b := range h.Buckets {
		if rank -= b.Count; rank <= 0 {
			return time.Duration(b.Upper() * float64(time.Second))
		}
	}
	return 0
}

// Merge adds the durations of another histogram.
func (h *Histogram) Merge(other Histogram) {
	h.Count += other.Count
	h.Sum += other.Sum
	merged := slices.Clone(h.Buckets) // what h was copied from keeps its own
	for _, b := range other.Buckets {
		i, found := slices.BinarySearchFunc(merged, b.Index, func(b Bucket, index int) int { return b.Index - index })
		if found {
			merged[i].Count += b.Count
		} else {
			merged = slices.Insert(merged, i, b)
		}
	}
	h.Buckets = merged
}

// durations is a Histogram under construction, by any number of goroutines.
type durations struct {
	sum    atomic.Int64
	counts [bucketCount]atomic.Int64
}

func (d *durations) add(v time.Duration) {
	d.sum.Add(int64(v))
	d.counts[bucketOf(v)].Add(1)
}

// The bounds between the buckets of an octave, 2^(1/4) and so on.
var (
	quarter      = math.Exp2(0.25)
	half         = math.Exp2(0.5)
	threeQuarter = math.Exp2(0.75)
)

func bucketOf(v time.Duration) int {
	if v <= 0 {
		return 0
	}
	fraction, exponent := math.Frexp(v.Seconds()) // 0.5 <= fraction < 1
	i := (exponent - 1 - firstExponent) * bucketsPerOctave
	switch m := fraction * 2; {
	case m > threeQuarter:
		i += 4
	case m > half:
		i += 3
	case m > quarter:
		i += 2
	case m > 1:
		i++
	}
	return min(max(i, 0), bucketCount-1)
}

// snapshot returns the durations so far.
func (d *durations) snapshot() Histogram {
	h := Histogram{Sum: time.Duration(d.sum.Load())}
	for i := range d.counts {
		if n := d.counts[i].Load(); n != 0 {
			h.Count += n
			h.Buckets = append(h.Buckets, Bucket{firstBucket + i, n})
		}
	}
	return h
}

// pour moves all durations into another.
func (d *durations) pour(into *durations) {
	move(&d.sum, &into.sum)
	for i := range d.counts {
		move(&d.counts[i], &into.counts[i])
	}
}

func move(from, to *atomic.Int64) {
	if n := from.Swap(0); n != 0 {
		to.Add(n)
	}
}
