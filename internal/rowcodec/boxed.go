package rowcodec

import (
	"database/sql/driver"
	"time"
	"unsafe"
)

// boxed is a set with every value decoded once and for all. It never changes.
type boxed struct {
	names   []string
	values  []driver.Value // row by row
	byteful []int          // the columns that hold bytes
	rowMost int            // the most bytes that a row holds in them
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
	b := &boxed{names: r.Names(k, nil), values: make([]driver.Value, int(t.count)*t.width)}
	c := r.Cursor(k)
	for row := range int(t.count) {
		if err := c.Next(b.values[row*t.width : (row+1)*t.width]); err != nil {
			return err
		}
	}
	b.findBytes(t.width)
	r.size += b.size()
	t.boxed = b
	return nil
}

// findBytes notes which columns hold bytes, and how many a row at most.
func (b *boxed) findBytes(width int) {
	byteful := make([]bool, width)
	inRow := 0
	for i, v := range b.values {
		if i%width == 0 {
			inRow = 0
		}
		if content, ok := v.([]byte); ok {
			byteful[i%width] = true
			inRow += len(content)
			b.rowMost = max(b.rowMost, inRow)
		}
	}
	for i, is := range byteful {
		if is {
			b.byteful = append(b.byteful, i)
		}
	}
}

// size is the memory it takes, without the characters of strings, which are
// part of the entry.
func (b *boxed) size() int64 {
	size := int64(unsafe.Sizeof(*b)) + int64(len(b.names))*int64(unsafe.Sizeof("")) + int64(len(b.byteful))*int64(unsafe.Sizeof(0))
	for _, v := range b.values {
		size += boxSize(v)
	}
	return size
}

// boxSize is the memory of an interface value and of what it points to, again
// without the characters of a string.
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

func (c *Cursor) nextBoxed(dest []driver.Value) {
	width, b := c.set.width, c.set.boxed
	start := int(c.row) * width
	copy(dest, b.values[start:start+width])
	switch {
	case len(b.byteful) == 0:
	case c.reuses:
		c.own.reuse(dest, b)
	default:
		c.copyBytes(dest, b, c.set.count-c.row)
	}
	c.row++
}

// copyBytes replaces the bytes of a row by copies; more is how many rows may
// follow, this one included.
func (c *Cursor) copyBytes(dest []driver.Value, b *boxed, more int64) {
	for _, k := range b.byteful {
		content, ok := dest[k].([]byte)
		switch {
		case !ok || content == nil:
		case more == 1 && len(b.byteful) == 1 && len(content) <= len(loneBytes{}.room):
			dest[k] = newLoneBytes(content)
		default:
			own := c.own.take(len(content), int64(b.rowMost)*more)
			copy(own, content)
			dest[k] = c.own.box(own, more*int64(len(b.byteful)), maxSlices)
		}
	}
}
