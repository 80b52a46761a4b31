package rowcodec

import (
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Encoder writes one entry after another. It copies everything it is given.
// An Encoder is used by one goroutine at a time; the zero value is ready.
type Encoder struct {
	columns []byte // columns of all sets
	rows    []byte // rows of all sets
	small   []byte // scratch of Finish: a small entry
	sets    []setMark
	zones   zoneTable
	err     error

	// The columns of a set before, and how they were written: most statements
	// are asked again and again.
	before  []Column
	written []byte
}

// setMark is one set's part of the Encoder's buffers.
type setMark struct {
	columnsEnd, rowsEnd int
	width               int
	count               int64
}

// maxRetained is the size of buffer an Encoder keeps for its next entry: one
// large result should not hold memory for good.
const maxRetained = 1 << 20

var (
	errNoSet = errors.New("rowcodec: row before BeginSet")
	errWidth = errors.New("rowcodec: row and columns differ in number")
)

// Reset makes the Encoder ready for the next entry.
func (e *Encoder) Reset() {
	e.columns = reuse(e.columns)
	e.rows = reuse(e.rows)
	e.small = reuse(e.small)
	e.sets = e.sets[:0]
	e.zones.reset()
	e.err = nil
}

func reuse(b []byte) []byte {
	if cap(b) > maxRetained {
		return nil
	}
	return b[:0]
}

// BeginSet starts the next result set. The error wraps ErrUnsupported if a
// scan type has no encoding. After an error the Encoder does nothing but
// return it until Reset.
func (e *Encoder) BeginSet(columns []Column) error {
	if e.err != nil {
		return e.err
	}
	if len(e.sets) == maxSets {
		e.err = fmt.Errorf("%w of more than %d result sets", ErrUnsupported, maxSets)
		return e.err
	}
	e.err = e.addColumns(columns)
	e.sets = append(e.sets, setMark{columnsEnd: len(e.columns), rowsEnd: len(e.rows), width: len(columns)})
	return e.err
}

// mostRemembered is how many columns an Encoder compares with those before.
const mostRemembered = 64

func (e *Encoder) addColumns(columns []Column) (err error) {
	if len(columns) > 0 && slices.Equal(columns, e.before) {
		e.columns = append(e.columns, e.written...)
		return nil
	}
	start := len(e.columns)
	if e.columns, err = appendColumns(e.columns, columns); err == nil && len(columns) <= mostRemembered {
		e.before = append(e.before[:0], columns...)
		e.written = append(e.written[:0], e.columns[start:]...)
	}
	return err
}

// Row adds a row to the set. The error wraps ErrUnsupported, and names the
// column and the Go type, if a value has no encoding. After an error the
// Encoder does nothing but return it until Reset.
func (e *Encoder) Row(values []driver.Value) error {
	if e.err == nil {
		e.err = e.addRow(values)
	}
	return e.err
}

func (e *Encoder) addRow(values []driver.Value) error {
	if len(e.sets) == 0 {
		return errNoSet
	}
	set := &e.sets[len(e.sets)-1]
	if len(values) != set.width {
		return errWidth
	}
	start := len(e.rows)
	rows := append(e.rows, 0) // the length, if it is short
	var err error
	for i, v := range values {
		// What most values are is written here: a call for each takes longer.
		switch v := v.(type) {
		case string:
			if len(v) <= maxShortString {
				rows = append(append(rows, tagShortString|byte(len(v))), v...)
				continue
			}
		case int64:
			rows = appendInt64(rows, v)
			continue
		case float64:
			rows = appendFloat64(rows, v)
			continue
		}
		if rows, err = appendValue(rows, v, &e.zones); err != nil {
			return fmt.Errorf("%w in column %d", err, i)
		}
	}
	e.rows = putLength(rows, start)
	set.rowsEnd = len(e.rows)
	set.count++
	return nil
}

// putLength writes the length of the row behind b[start] into that byte, and
// makes room first if it needs more.
func putLength(b []byte, start int) []byte {
	n := len(b) - start - 1
	if n < 0x80 {
		b[start] = byte(n)
		return b
	}
	var length [binary.MaxVarintLen64]byte
	size := binary.PutUvarint(length[:], uint64(n))
	b = append(b, length[:size-1]...)
	copy(b[start+size:], b[start+1:start+1+n])
	copy(b[start:], length[:size])
	return b
}

// Size returns the bytes written so far, before compression.
func (e *Encoder) Size() int { return headerLeast + len(e.columns) + len(e.rows) + checksumSize }

// Rows returns the number of rows so far, in all sets.
func (e *Encoder) Rows() int64 {
	var n int64
	for i := range e.sets {
		n += e.sets[i].count
	}
	return n
}

// Finish returns the entry in memory of its own, or nil after an error and
// without a set. The Encoder can be finished again, with another header.
func (e *Encoder) Finish(h Header) []byte {
	if e.err != nil || len(e.sets) == 0 {
		return nil
	}
	if e.Size() < smallEntry { // exactly as long as it is
		e.small = seal(e.appendPayload(h.appendTo(e.small[:0], 0)))
		return slices.Clone(e.small)
	}
	size := headerMost + len(e.columns) + len(e.rows) + 16*(1+len(e.sets)) + 32*len(e.zones.zones)
	return seal(e.appendPayload(h.appendTo(make([]byte, 0, size), 0)))
}

// smallEntry is the size below which an entry is put together in a buffer and
// copied: the room to spare in memory made for it would be much.
const smallEntry = 4 << 10

func seal(entry []byte) []byte {
	return binary.LittleEndian.AppendUint32(entry, checksum(entry))
}

func (e *Encoder) appendPayload(dst []byte) []byte {
	dst = e.zones.appendTo(dst)
	dst = binary.AppendUvarint(dst, uint64(len(e.sets)))
	var columns, rows int
	for i := range e.sets {
		set := &e.sets[i]
		dst = append(dst, e.columns[columns:set.columnsEnd]...)
		dst = binary.AppendUvarint(dst, uint64(set.count))
		dst = binary.AppendUvarint(dst, uint64(set.rowsEnd-rows))
		dst = append(dst, e.rows[rows:set.rowsEnd]...)
		columns, rows = set.columnsEnd, set.rowsEnd
	}
	return dst
}
