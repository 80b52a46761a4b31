package rowcodec

import (
	"database/sql/driver"
	"errors"
	"io"
	"math"
	"time"
)

// Cursor walks the rows of one set. Any number of cursors may walk the same
// Result, each used by one goroutine at a time.
type Cursor struct {
	result *Result
	set    *set
	next   int   // where the next row begins in the set's rows
	row    int64 // its index
	slabs  *slabs
	own    ownBytes
	reuses bool
}

var errDest = errors.New("rowcodec: destination shorter than the row")

// Cursor returns a cursor before the first row of a set.
func (r *Result) Cursor(set int) Cursor {
	return Cursor{result: r, set: &r.sets[set]}
}

// Result is what the cursor walks.
func (c *Cursor) Result() *Result { return c.result }

// ReuseBytes makes the cursor use the same memory for the bytes of every row of
// a boxed Result: as drivers do whose []byte is good until the next row only.
func (c *Cursor) ReuseBytes() { c.reuses = true }

// Next puts the next row into dest and returns io.EOF after the last. Strings
// are parts of the entry's memory. A []byte is the caller's own and may be
// changed, and without ReuseBytes also kept. The error wraps ErrCorrupt if a value is malformed, which
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
	if c.slabs == nil {
		c.slabs = &slabs{}
	}
	n, i := readCount(c.set.rows, c.next)
	if i == failed || !c.decode(c.set.rows[i:i+n], dest[:c.set.width]) {
		return ErrCorrupt
	}
	c.next = i + n
	c.row++
	return nil
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
		return box(int64Word, c.slabs.ints.put(v, more, maxSlab)), i
	case tagFloat64:
		bits, i := readUint64(row, i)
		return box(floatWord, c.slabs.floats.put(math.Float64frombits(bits), more, maxSlab)), i
	case tagString:
		n, i := readCount(row, i)
		return c.text(row, i, n, more)
	case tagBytes:
		s, i := readText(row, i)
		own := c.own.take(len(s), int64(len(s))*(c.set.count-c.row))
		copy(own, s)
		return c.own.box(own, more, maxSlab), i
	case tagNilBytes:
		return []byte(nil), i
	case tagTimeUTC, tagTimeLocal, tagTimeZone:
		t, i := c.time(tag, row, i)
		return box(timeWord, c.slabs.times.put(t, more, maxSlab)), i
	}
	return readUncommon(tag, row, i)
}

func (c *Cursor) text(row string, i, n int, more int64) (driver.Value, int) {
	if i == failed || n > len(row)-i {
		return nil, failed
	}
	return box(stringWord, c.slabs.strings.put(row[i:i+n], more, maxSlab)), i + n
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
	if i == failed || index >= uint64(len(c.result.zones)) {
		return t, failed
	}
	return t.In(c.result.zones[index]), i
}
