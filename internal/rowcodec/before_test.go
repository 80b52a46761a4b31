package rowcodec

import (
	"bytes"
	"reflect"
	"slices"
	"testing"
)

// TestColumnsAreTheirsWhateverCameBefore: an Encoder remembers how it wrote
// columns, and nothing that its caller may change.
func TestColumnsAreTheirsWhateverCameBefore(t *testing.T) {
	t.Parallel()
	longer := slices.Clone(sampleColumns)
	longer[3].Length++
	named := slices.Clone(sampleColumns)
	named[9].Name = "remark"
	many := slices.Concat(sampleColumns, sampleColumns, sampleColumns, sampleColumns, sampleColumns, sampleColumns, sampleColumns)
	bad := slices.Clone(sampleColumns[:2])
	bad[1].ScanType = nil
	results := [][]Column{sampleColumns, longer, named, many, sampleColumns[:1], {}, bad}
	e := &Encoder{}
	for i := range 3 * len(results) * len(results) {
		columns := slices.Clone(results[(i/len(results)+i)%len(results)])
		want := encode(t, &Encoder{}, Header{}, table{columns: columns})
		if got := encode(t, e, Header{}, table{columns: columns}); !bytes.Equal(got, want) {
			t.Fatalf("%d columns, number %d: %q, want %q", len(columns), i, got, want)
		}
		for k := range columns {
			columns[k].Name = "changed"
		}
	}
}

// TestColumnsThatAreRefusedAreNotRemembered, nor those before them forgotten.
func TestColumnsThatAreRefusedAreNotRemembered(t *testing.T) {
	t.Parallel()
	type foreign struct{}
	bad := slices.Clone(sampleColumns)
	bad[5].ScanType = reflect.TypeFor[foreign]()
	e := &Encoder{}
	for range 3 {
		e.Reset()
		if err := e.BeginSet(sampleColumns); err != nil {
			t.Fatal(err)
		}
		e.Reset()
		if err := e.BeginSet(bad); err == nil {
			t.Fatal("a scan type without an encoding was taken")
		}
	}
	want := encode(t, &Encoder{}, Header{}, sample(1))
	if got := encode(t, e, Header{}, sample(1)); !bytes.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
