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
	slices  slab[[]byte]
	content []byte // of slices
}

// slab is room for values not yet made.
type slab[T any] []T

// Limits of one piece. A value kept by the program keeps its piece alive.
const (
	maxSlab      = 64      // values
	maxSlabBytes = 8 << 10 // bytes of content
)

// put stores v; more is how many values, this one included, may follow.
func (s *slab[T]) put(v T, more int64) unsafe.Pointer {
	if len(*s) == 0 {
		*s = make([]T, min(more, maxSlab))
	}
	p := &(*s)[0]
	*s = (*s)[1:]
	*p = v
	return unsafe.Pointer(p)
}

// take returns n bytes that nobody else has and that cannot be extended into
// those of others.
func (s *slabs) take(n int, more int64) []byte {
	switch {
	case n == 0:
		return []byte{} // a part of no memory would be nil
	case n >= maxSlabBytes:
		return make([]byte, n)
	case n > len(s.content):
		s.content = make([]byte, min(int64(n)*more, maxSlabBytes))
	}
	own := s.content[:n:n]
	s.content = s.content[n:]
	return own
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
