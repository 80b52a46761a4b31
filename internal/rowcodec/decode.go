package rowcodec

import (
	"encoding/binary"
	"time"
	"unsafe"
)

// Result is a decoded entry. It never changes and may be used by any number
// of goroutines and cursors at a time.
type Result struct {
	sets  []set
	zones []*time.Location
	size  int64
	one   [1]set // what sets points to in most results: one allocation less
}

// set is one result set. Its strings are parts of the payload.
type set struct {
	width      int
	names      string // texts
	properties string
	rows       string // each with its length before it
	count      int64

	boxed *boxed // nil: values are decoded when they are asked for
}

// Decode checks an entry and returns its result. Rows are decoded only when
// a Cursor reaches them.
//
// The Result keeps the entry's memory, and so does every string it hands out:
// the entry must never be changed or used again as a buffer.
func Decode(entry []byte) (*Result, error) {
	_, start, err := decodeHeader(entry)
	if err != nil {
		return nil, err
	}
	body := len(entry) - checksumSize
	if binary.LittleEndian.Uint32(entry[body:]) != checksum(entry[:body]) {
		return nil, ErrCorrupt
	}
	payload := entry[start:body]
	if flags := entry[len(magic)+1]; flags != 0 {
		if payload, err = decompress(payload, flags); err != nil {
			return nil, err
		}
	}
	return parse(unsafe.String(unsafe.SliceData(payload), len(payload)))
}

// parse finds the sets and checks everything but the values themselves. The
// checksum has been compared before; these checks keep a forged or wrongly
// written entry from causing a panic or a large allocation.
func parse(s string) (*Result, error) {
	r := &Result{}
	zones, i, err := readZones(s, 0)
	if err != nil {
		return nil, err
	}
	n, i := readCount(s, i)
	if i == failed || n == 0 || n > maxSets {
		return nil, ErrCorrupt
	}
	r.zones = zones
	r.sets = r.one[:]
	if n != 1 {
		r.sets = make([]set, n)
	}
	for k := range r.sets {
		if i = r.sets[k].parse(s, i); i == failed {
			return nil, ErrCorrupt
		}
	}
	if i != len(s) {
		return nil, ErrCorrupt
	}
	r.size = int64(len(s)) + int64(unsafe.Sizeof(*r)) + int64(n)*int64(unsafe.Sizeof(set{}))
	return r, nil
}

func (t *set) parse(s string, i int) int {
	if t.width, i = readCount(s, i); i == failed {
		return failed
	}
	if i = t.parseColumns(s, i); i == failed {
		return failed
	}
	count, i := readCount(s, i)
	if i == failed {
		return failed
	}
	size, i := readCount(s, i)
	if i == failed {
		return failed
	}
	t.count, t.rows = int64(count), s[i:i+size]
	if !t.checkRows() {
		return failed
	}
	return i + size
}

func (t *set) parseColumns(s string, i int) int {
	start := i
	for range t.width {
		if _, i = readText(s, i); i == failed {
			return failed
		}
	}
	t.names = s[start:i]
	start = i
	var c Column
	for range t.width {
		if i = readProperties(s, i, &c); i == failed {
			return failed
		}
	}
	t.properties = s[start:i]
	return i
}

// checkRows reports whether the rows are as many as announced, and each long
// enough for its values: a value takes at least one byte, so memory for all
// of them is in proportion to the payload.
func (t *set) checkRows() bool {
	i := 0
	for range t.count {
		var n int
		if n, i = readCount(t.rows, i); i == failed || n < t.width {
			return false
		}
		i += n
	}
	return i == len(t.rows)
}

// Sets returns the number of result sets, at least one.
func (r *Result) Sets() int { return len(r.sets) }

// Rows returns the number of rows in a set.
func (r *Result) Rows(set int) int64 { return r.sets[set].count }

// Width returns the number of columns of a set.
func (r *Result) Width(set int) int { return r.sets[set].width }

// Size returns the bytes of memory the Result holds, approximately.
func (r *Result) Size() int64 { return r.size }

// Names returns the names of a set's columns in a slice of the caller's own: in
// room, if it is large enough.
func (r *Result) Names(set int, room []string) []string {
	t := &r.sets[set]
	names := room
	if t.width > len(room) {
		names = make([]string, t.width)
	}
	names = names[:t.width:t.width]
	if t.boxed != nil {
		copy(names, t.boxed.names)
		return names
	}
	i := 0
	for k := range names {
		names[k], i = readText(t.names, i)
	}
	return names
}

// Columns returns what is known of a set's columns in a slice of the caller's
// own. It decodes them at every call.
func (r *Result) Columns(set int) []Column {
	t := &r.sets[set]
	columns := make([]Column, t.width)
	var name, property int
	for k := range columns {
		property = readProperties(t.properties, property, &columns[k])
		columns[k].Name, name = readText(t.names, name)
	}
	return columns
}
