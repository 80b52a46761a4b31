package rowcodec

import (
	"database/sql/driver"
	"errors"
	"io"
	"math"
	"time"
	"unsafe"
)

// Cursor walks the rows of one set. Any number of cursors may walk the same
// Result, each used by one goroutine at a time.
type Cursor struct {
	set   *set
	zones []*time.Location
	rest  string // rows not yet decoded
	row   int64  // index of the next row
	slabs slabs
}

var errDest = errors.New("rowcodec: destination shorter than the row")

// Cursor returns a cursor before the first row of a set.
func (r *Result) Cursor(set int) Cursor {
	t := &r.sets[set]
	return Cursor{set: t, zones: r.zones, rest: t.rows}
}

// Next puts the next row into dest and returns io.EOF after the last. Strings
// are parts of the entry's memory. A []byte is the caller's own and may be
// kept and changed. The error wraps ErrCorrupt if a value is malformed, which
// the checksum makes impossible but for an entry made to deceive.
func (c *Cursor) Next(dest []driver.Value) error {
	if c.row == c.set.count {
		return io.EOF
	}
	if len(dest) < c.set.width {
		return errDest
	}
	if c.set.boxed != nil {
		c.nextBoxed(dest)
		return nil
	}
	n, i := readCount(c.rest, 0)
	if i == failed || !c.decode(c.rest[i:i+n], dest[:c.set.width]) {
		return ErrCorrupt
	}
	c.rest = c.rest[i+n:]
	c.row++
	return nil
}

func (c *Cursor) nextBoxed(dest []driver.Value) {
	width := c.set.width
	start := int(c.row) * width
	copy(dest, c.set.boxed[start:start+width])
	more := c.set.count - c.row
	for _, k := range c.set.byteful {
		if b, ok := dest[k].([]byte); ok && b != nil {
			if more == 1 && len(c.set.byteful) == 1 && len(b) <= len(loneBytes{}.room) {
				dest[k] = newLoneBytes(b)
				continue
			}
			own := c.slabs.take(len(b), more)
			copy(own, b)
			dest[k] = c.bytes(own, more*int64(len(c.set.byteful)))
		}
	}
	c.row++
}

func (c *Cursor) bytes(b []byte, more int64) driver.Value {
	return box(bytesWord, c.slabs.slices.put(b, more))
}

func (c *Cursor) decode(row string, dest []driver.Value) bool {
	i := 0
	left := c.set.count - c.row
	for k := range dest {
		if dest[k], i = c.value(row, i, left*int64(len(dest)-k)); i == failed {
			return false
		}
	}
	return i == len(row)
}

// value decodes the value at row[i]. No more than more values follow in all
// rows, this one included.
func (c *Cursor) value(row string, i int, more int64) (driver.Value, int) {
	if i >= len(row) {
		return nil, failed
	}
	tag := row[i]
	i++
	if tag >= tagShortString {
		return c.text(row, i, int(tag-tagShortString), more)
	}
	if tag >= tagSmallInt {
		return int64(tag - tagSmallInt), i // no allocation below 256
	}
	switch tag {
	case tagNull:
		return nil, i
	case tagFalse:
		return false, i
	case tagTrue:
		return true, i
	case tagInt64:
		v, i := readZigzag(row, i)
		return box(int64Word, c.slabs.ints.put(v, more)), i
	case tagFloat64:
		bits, i := readUint64(row, i)
		return box(floatWord, c.slabs.floats.put(math.Float64frombits(bits), more)), i
	case tagString:
		n, i := readCount(row, i)
		return c.text(row, i, n, more)
	case tagBytes:
		s, i := readText(row, i)
		own := c.slabs.take(len(s), c.set.count-c.row)
		copy(own, s)
		return c.bytes(own, more), i
	case tagNilBytes:
		return []byte(nil), i
	case tagTimeUTC, tagTimeLocal, tagTimeZone:
		t, i := c.time(tag, row, i)
		return box(timeWord, c.slabs.times.put(t, more)), i
	}
	return readUncommon(tag, row, i)
}

func (c *Cursor) text(row string, i, n int, more int64) (driver.Value, int) {
	if i == failed || n > len(row)-i {
		return nil, failed
	}
	return box(stringWord, c.slabs.strings.put(row[i:i+n], more)), i + n
}

func (c *Cursor) time(tag byte, row string, i int) (time.Time, int) {
	t, i := readInstant(row, i)
	if i == failed {
		return t, failed
	}
	switch tag {
	case tagTimeUTC:
		return t.UTC(), i
	case tagTimeLocal:
		return t, i
	}
	index, i := readUvarint(row, i)
	if i == failed || index >= uint64(len(c.zones)) {
		return t, failed
	}
	return t.In(c.zones[index]), i
}

// Boxed returns the same result with every value decoded once and for all, so
// that a cursor only copies. It takes several times the memory; Size tells.
// The error wraps ErrCorrupt if a value is malformed.
func (r *Result) Boxed() (*Result, error) {
	boxed := &Result{sets: make([]set, len(r.sets)), zones: r.zones, size: r.size}
	copy(boxed.sets, r.sets)
	for k := range boxed.sets {
		if err := boxed.box(k); err != nil {
			return nil, err
		}
	}
	return boxed, nil
}

func (r *Result) box(k int) error {
	t := &r.sets[k]
	if t.boxed != nil {
		return nil
	}
	values := make([]driver.Value, int(t.count)*t.width)
	c := r.Cursor(k)
	for row := range int(t.count) {
		if err := c.Next(values[row*t.width : (row+1)*t.width]); err != nil {
			return err
		}
	}
	byteful := make([]bool, t.width)
	for i, v := range values {
		r.size += boxSize(v)
		if _, ok := v.([]byte); ok {
			byteful[i%t.width] = true
		}
	}
	for i, is := range byteful {
		if is {
			t.byteful = append(t.byteful, i)
		}
	}
	t.boxed = values
	return nil
}

// boxSize is the memory of an interface value and of what it points to,
// without the characters of a string, which are part of the entry.
func boxSize(v driver.Value) int64 {
	const box = int64(unsafe.Sizeof(v))
	switch v := v.(type) {
	case nil, bool:
		return box
	case string:
		return box + int64(unsafe.Sizeof(v))
	case []byte:
		return box + int64(unsafe.Sizeof(v)) + int64(len(v))
	case time.Time:
		return box + int64(unsafe.Sizeof(v))
	}
	return box + 8
}
