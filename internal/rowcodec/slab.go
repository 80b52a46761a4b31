package rowcodec

import (
	"database/sql/driver"
	"time"
	"unsafe"
)

// slabs are memory for the values of rows, a piece for many values: with an
// allocation for each, converting to interfaces takes two thirds of the time
// of decoding. A cursor has its own and never writes twice to the same place.
type slabs struct {
	ints    slab[int64]
	floats  slab[float64]
	strings slab[string]
	times   slab[time.Time]
}

// ownBytes are such memory for slices and what they hold.
type ownBytes struct {
	slices  slab[[]byte]
	content []byte
}

// slab is room for values not yet made.
type slab[T any] []T

// Limits of one piece. A value kept by the program keeps its piece alive.
const (
	maxSlab      = 64      // values
	maxSlices    = 1024    // slices of a boxed Result: few programs keep those, database/sql copies bytes
	maxSlabBytes = 8 << 10 // bytes of content
)

// put stores v; more is how many values, this one included, may follow, and
// most how many a piece has room for.
func (s *slab[T]) put(v T, more, most int64) unsafe.Pointer {
	if len(*s) == 0 {
		*s = make([]T, min(more, most))
	}
	p := &(*s)[0]
	*s = (*s)[1:]
	*p = v
	return unsafe.Pointer(p)
}

// take returns n bytes that nobody else has and that cannot be extended into
// those of others. At most that many bytes more follow, these included.
func (o *ownBytes) take(n int, more int64) []byte {
	switch {
	case n == 0:
		return []byte{} // a part of no memory would be nil
	case n >= maxSlabBytes:
		return make([]byte, n)
	case n > len(o.content):
		o.content = make([]byte, min(more, maxSlabBytes))
	}
	own := o.content[:n:n]
	o.content = o.content[n:]
	return own
}

func (o *ownBytes) box(b []byte, more, most int64) driver.Value {
	return box(bytesWord, o.slices.put(b, more, most))
}

// reuse replaces the bytes of a row by copies in the memory of the row before.
func (o *ownBytes) reuse(dest []driver.Value, b *boxed) {
	if o.slices == nil {
		o.slices, o.content = newReused(len(b.byteful), b.rowMost)
	}
	room := o.content
	for i, k := range b.byteful {
		if content, ok := dest[k].([]byte); ok && content != nil {
			n := copy(room, content)
			o.slices[i], room = room[:n:n], room[n:]
			dest[k] = box(bytesWord, unsafe.Pointer(&o.slices[i]))
		}
	}
}

// reusedRow is memory for the bytes of a row of ordinary length.
type reusedRow struct {
	slices [6][]byte
	room   [208]byte
}

// newReused returns memory for the slices of a row and for what they hold, at
// least as much as is asked for.
func newReused(slices, bytes int) ([][]byte, []byte) {
	if slices > len(reusedRow{}.slices) || bytes > len(reusedRow{}.room) {
		return make([][]byte, slices), make([]byte, bytes)
	}
	row := &reusedRow{}
	return row.slices[:], row.room[:]
}

// loneBytes is a slice together with what it holds, for results of which no
// other piece will be needed.
type loneBytes struct {
	slice []byte
	room  [40]byte
}

func newLoneBytes(b []byte) driver.Value {
	own := &loneBytes{}
	n := copy(own.room[:], b)
	own.slice = own.room[:n:n]
	return box(bytesWord, unsafe.Pointer(&own.slice))
}

// iface is how the compiler lays out an interface without methods.
type iface struct{ typ, data unsafe.Pointer }

func typeWord(v any) unsafe.Pointer { return (*iface)(unsafe.Pointer(&v)).typ }

var (
	int64Word  = typeWord(int64(0))
	floatWord  = typeWord(float64(0))
	stringWord = typeWord("")
	timeWord   = typeWord(time.Time{})
	bytesWord  = typeWord([]byte(nil))
)

// box makes the interface that a conversion of *data would, without copying
// it. What data points to must never change.
func box(typ, data unsafe.Pointer) driver.Value {
	var v driver.Value
	*(*iface)(unsafe.Pointer(&v)) = iface{typ, data}
	return v
}
