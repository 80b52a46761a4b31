package rowcodec

import (
	"database/sql/driver"
	"fmt"
	"reflect"
	"runtime"
	"testing"
	"time"
)

// TestBoxesAreOrdinaryInterfaces would fail with a compiler that lays out
// interfaces in another way.
func TestBoxesAreOrdinaryInterfaces(t *testing.T) {
	t.Parallel()
	row := []driver.Value{int64(1 << 40), 2.5, "text", time.Unix(1700000000, 0).UTC(), []byte("bytes")}
	tb := table{columns: make([]Column, len(row)), rows: [][]driver.Value{row}}
	got, err := walk(mustDecode(t, encode(t, &Encoder{}, Header{}, tb)))
	if err != nil {
		t.Fatal(err)
	}
	for k, want := range row {
		v := got[0].rows[0][k]
		if reflect.TypeOf(v) != reflect.TypeOf(want) || !reflect.DeepEqual(v, want) || fmt.Sprint(v) != fmt.Sprint(want) {
			t.Errorf("got %T %v, want %T %v", v, v, want, want)
		}
		if k < 4 && (v != want || map[any]int{v: 1}[want] != 1) {
			t.Errorf("%T %v does not compare equal to itself converted", v, v)
		}
	}
}

// TestKeptValuesSurviveCollection keeps every value while the pieces of
// memory they are parts of have no other reference.
func TestKeptValuesSurviveCollection(t *testing.T) {
	t.Parallel()
	tb := sample(300)
	got, err := walk(mustDecode(t, encode(t, &Encoder{}, Header{}, tb)))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		runtime.GC()
		_ = sample(300) // writes over what was freed too early
	}
	if diff := diffTables(got[0], tb); diff != "" {
		t.Error(diff)
	}
}

func TestWalkAllocatesPerPieceAndNotPerValue(t *testing.T) { // not parallel: it counts allocations
	entry := encode(t, &Encoder{}, Header{}, sample(1000))
	r := mustDecode(t, entry)
	dest := make([]driver.Value, len(sampleColumns))
	n := testing.AllocsPerRun(5, func() {
		c := r.Cursor(0)
		for c.Next(dest) == nil {
		}
	})
	if n > 200 {
		t.Errorf("walking 1000 rows allocates %v times, want about one time per %d values", n, maxSlab)
	}
}

func TestCursorsShareAResult(t *testing.T) {
	t.Parallel()
	tb := sample(200)
	lazy := mustDecode(t, encode(t, &Encoder{}, Header{}, tb))
	boxed := mustBox(t, lazy)
	for i := range 8 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			for range 5 {
				checkTables(t, lazy, []table{tb})
				checkTables(t, boxed, []table{tb})
			}
		})
	}
}
