package cachedsql

import (
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql/internal/rowcodec"
)

// TestNearCacheStaysWithinItsBound fills a near cache several times over with
// results of one kind and looks at what the heap has grown by. Not parallel:
// other tests would be counted.
func TestNearCacheStaysWithinItsBound(t *testing.T) {
	const bound = 16 << 20
	for _, rows := range []int{1, 20, 1000} {
		before := heap()
		n := newNear(bound)
		l := &lookup{route: &route{routeKey: routeKey{backend: &backend{}}}}
		for i := range 5 * bound / (1000 + 300*rows) {
			h := rowcodec.Header{TTL: time.Hour, FilledAt: time.Now()}
			binary.LittleEndian.PutUint64(l.key[:], uint64(i))
			entry := slices.Clone(nearSample(t, rows, h)) // as exact as one that was received
			result, err := rowcodec.Decode(entry)
			if err == nil {
				_, err = n.keep(l, h, result)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		n.entries.CleanUp()
		used, weight := heap()-before, int64(n.entries.WeightedSize())
		t.Logf("%d rows: %d entries, weight %d, heap %d", rows, n.entries.EstimatedSize(), weight, used)
		if used > bound*11/10 {
			t.Errorf("%d rows: the heap has grown by %d bytes, the bound is %d", rows, used, bound)
		}
		if used < bound/2 {
			t.Errorf("%d rows: only %d bytes are used of %d", rows, used, bound)
		}
		runtime.KeepAlive(n)
	}
}

func nearSample(t *testing.T, rows int, h rowcodec.Header) []byte {
	t.Helper()
	var enc rowcodec.Encoder
	enc.Reset()
	columns := make([]rowcodec.Column, 6)
	for i := range columns {
		columns[i].Name = fmt.Sprint("column_", i)
	}
	if err := enc.BeginSet(columns); err != nil {
		t.Fatal(err)
	}
	for i := range rows {
		row := []driver.Value{int64(1000 + i), "a name of some length", 1.5 + float64(i), h.FilledAt, []byte("0123456789abcdef"), nil}
		if err := enc.Row(row); err != nil {
			t.Fatal(err)
		}
	}
	return enc.Finish(h)
}
