package cachedsql

import (
	"bytes"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/binary"
	"math"
	"testing"
	"time"
)

// argsFrom reads a list of arguments out of bytes. Two lists that are spelt
// differently may be equal; sameArgs decides.
func argsFrom(data []byte) []driver.NamedValue {
	var args []driver.NamedValue
	for len(data) > 0 {
		kind := data[0]
		data = data[1:]
		n := min(int(kind>>4), len(data))
		part := data[:n]
		data = data[n:]
		nv := driver.NamedValue{Ordinal: len(args) + 1, Value: valueFrom(kind&15, part)}
		if kind&15 == 15 {
			nv.Name, nv.Value = string(part), int64(n)
		}
		args = append(args, nv)
	}
	return args
}

func valueFrom(kind byte, part []byte) any {
	var word [8]byte
	copy(word[:], part)
	number := binary.LittleEndian.Uint64(word[:])
	switch kind {
	case 0:
		return nil
	case 1:
		return int64(number)
	case 2:
		return math.Float64frombits(number)
	case 3:
		return number&1 == 1
	case 4:
		return part
	case 5:
		return time.Unix(int64(number>>32), int64(uint32(number))%1e9).UTC()
	case 6:
		return time.Unix(int64(number>>32), 0).In(time.FixedZone(string(part), int(uint16(number))))
	case 7:
		return number
	case 8:
		return uint8(number)
	case 9:
		return math.Float32frombits(uint32(number))
	case 10:
		return []byte(nil)
	case 11:
		text := string(part)
		return &text
	case 12:
		return int32(number)
	}
	return string(part)
}

// sameArgs is equality written another way than the key: type by type, value
// by value.
func sameArgs(a, b []driver.NamedValue) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Name != b[i].Name || !sameValue(a[i].Value, b[i].Value) {
			return false
		}
	}
	return true
}

func sameValue(a, b any) bool {
	switch a := a.(type) {
	case float64:
		b, ok := b.(float64)
		return ok && math.Float64bits(a) == math.Float64bits(b)
	case float32:
		b, ok := b.(float32)
		return ok && math.Float32bits(a) == math.Float32bits(b)
	case []byte:
		b, ok := b.([]byte)
		return ok && bytes.Equal(a, b) && (a == nil) == (b == nil)
	case *string:
		b, ok := b.(*string)
		return ok && *a == *b
	case time.Time:
		b, ok := b.(time.Time)
		if !ok {
			return false
		}
		aName, aOffset := a.Zone()
		bName, bOffset := b.Zone()
		return a.Equal(b) && aName == bName && aOffset == bOffset && a.Location().String() == b.Location().String()
	}
	return a == b
}

func FuzzEntryKey(f *testing.F) {
	f.Add([]byte{0x00, 0x11, 5}, []byte{0x11, 5, 0x00})                         // (NULL, 5) and (5, NULL)
	f.Add([]byte{0x11, 1, 0x11, 2}, []byte{0x1d, '1', 0x1d, '2'})               // (1, 2) and ("1", "2")
	f.Add([]byte("\x4da, b\x1dc"), []byte("\x1da\x4db, c"))                     // ("a, b", "c") and ("a", "b, c")
	f.Add([]byte{0x01, 0x02}, []byte{0x02, 0x01})                               // 0 and 0.0
	f.Add([]byte{0x0a}, []byte{0x04})                                           // []byte(nil) and []byte{}
	f.Add([]byte{0x14, 'x', 0x1f, 'n'}, []byte{0x1d, 'x', 0x1f, 'm'})           // bytes and text, names
	f.Add([]byte{0x46, 1, 0, 0, 0, 0x07, 0x08}, []byte{0x45, 1, 0, 0, 0, 0x0c}) // zones, widths of integers
	a := &Adapter{}
	var session, text [sha256.Size]byte
	f.Fuzz(func(t *testing.T, one, two []byte) {
		x, y := argsFrom(one), argsFrom(two)
		keyX, ok := a.fingerprint(nil, &session, &text, direct, x)
		if !ok {
			t.Fatalf("no key for %v", x)
		}
		if again, _ := a.fingerprint(make([]byte, 3, 700), &session, &text, direct, argsFrom(one)); again != keyX {
			t.Fatalf("two keys for %v", x)
		}
		if keyY, _ := a.fingerprint(nil, &session, &text, direct, y); (keyX == keyY) != sameArgs(x, y) {
			t.Fatalf("%v and %v: equal keys %v, equal arguments %v", x, y, keyX == keyY, sameArgs(x, y))
		}
		if other, _ := a.fingerprint(nil, &session, &text, prepared, x); other == keyX {
			t.Fatalf("one key for two ways of sending %v", x)
		}
	})
}
