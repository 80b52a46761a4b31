package cachedsql

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"
)

func histogramOf(all ...time.Duration) Histogram {
	var d durations
	for _, v := range all {
		d.add(v)
	}
	return d.snapshot()
}

func TestDurationsFallIntoTheBucketThatHoldsThem(t *testing.T) {
	t.Parallel()
	for range 10000 {
		v := time.Duration(math.Exp2(10.1 + rand.Float64()*27)) // 1.1 µs to 149 s
		b := histogramOf(v).Buckets[0]
		lower := Bucket{Index: b.Index - 1}.Upper()
		if s := v.Seconds(); s <= lower || s > b.Upper() {
			t.Fatalf("%v is in (%v s, %v s]", v, lower, b.Upper())
		}
	}
	for v, want := range map[time.Duration]int{
		-time.Second: firstBucket, 0: firstBucket, 1: firstBucket, time.Second: 0, time.Second + 1: 1, 2 * time.Second: 4,
		time.Hour: lastExponent * bucketsPerOctave,
	} {
		if got := histogramOf(v).Buckets[0].Index; got != want {
			t.Errorf("%v is in bucket %d, want %d", v, got, want)
		}
	}
}

func TestMergedHistogramEqualsThatOfAllDurations(t *testing.T) {
	t.Parallel()
	var parts []Histogram
	var all []time.Duration
	for range 5 {
		var part []time.Duration
		for range 200 {
			part = append(part, time.Duration(rand.Int64N(int64(3*time.Second))))
		}
		parts, all = append(parts, histogramOf(part...)), append(all, part...)
	}
	first := Histogram{Count: parts[0].Count, Buckets: slices.Clone(parts[0].Buckets), Sum: parts[0].Sum}
	merged := parts[0]
	for _, p := range parts[1:] {
		merged.Merge(p)
	}
	if want := histogramOf(all...); !reflect.DeepEqual(merged, want) {
		t.Errorf("merged %+v\nwant %+v", merged, want)
	}
	if !reflect.DeepEqual(parts[0], first) {
		t.Error("merging changed the histogram that was copied")
	}
}

func TestQuantilesAreOffByLessThanABucket(t *testing.T) {
	t.Parallel()
	var all []time.Duration
	for range 5000 {
		all = append(all, time.Duration(math.Exp2(12+rand.Float64()*20)))
	}
	h := histogramOf(all...)
	slices.Sort(all)
	for _, q := range []float64{0.01, 0.5, 0.9, 0.99, 1} {
		exact := all[max(int(math.Ceil(q*float64(len(all))))-1, 0)]
		if got := h.Quantile(q); got < exact || float64(got) > 1.19*float64(exact) {
			t.Errorf("quantile %v: got %v, exact %v", q, got, exact)
		}
	}
	if got := (Histogram{}).Quantile(0.5); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestHistogramSurvivesJSON(t *testing.T) {
	t.Parallel()
	want := histogramOf(time.Millisecond, 2*time.Millisecond, 2*time.Millisecond, time.Minute)
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got Histogram
	if err := json.Unmarshal(data, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s gives %+v, %v", data, got, err)
	}
	for _, bad := range []string{`{"buckets":[[1000,1]]}`, `{"buckets":[[0,-1]]}`} {
		if err := json.Unmarshal([]byte(bad), &got); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}
