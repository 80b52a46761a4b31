package rowcodec

import (
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"time"
)

// Tags of values. They are part of the format.
const (
	tagNull     = 0
	tagFalse    = 1
	tagTrue     = 2
	tagInt64    = 3 // zigzag
	tagFloat64  = 4 // IEEE 754 bits
	tagString   = 5 // text
	tagBytes    = 6 // text
	tagNilBytes = 7 // []byte(nil), which is not NULL

	tagTimeUTC   = 8  // instant
	tagTimeLocal = 9  // instant, in the reading process's time.Local
	tagTimeZone  = 10 // instant, varint index in the table of zones

	// Other types that drivers return although driver.Value lists none of them.
	tagInt     = 11 // zigzag
	tagInt8    = 12
	tagInt16   = 13
	tagInt32   = 14
	tagUint    = 15 // varint
	tagUint8   = 16
	tagUint16  = 17
	tagUint32  = 18
	tagUint64  = 19
	tagFloat32 = 20 // IEEE 754 bits

	// Values that fit into the tag itself.
	tagSmallInt    = 0x40 // int64 from 0 to 63
	tagShortString = 0x80 // string of up to 127 bytes, which follow

	maxSmallInt    = tagShortString - tagSmallInt - 1
	maxShortString = 0xff - tagShortString
)

// appendValue writes v. zones collects the time zones met.
func appendValue(dst []byte, v driver.Value, zones *zoneTable) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, tagNull), nil
	case string:
		return appendString(dst, v), nil
	case int64:
		return appendInt64(dst, v), nil
	case float64:
		return appendFloat64(dst, v), nil
	case []byte:
		return appendBytes(dst, v), nil
	case time.Time:
		return appendTime(dst, v, zones)
	case bool:
		if v {
			return append(dst, tagTrue), nil
		}
		return append(dst, tagFalse), nil
	}
	return appendUncommon(dst, v)
}

func appendUncommon(dst []byte, v driver.Value) ([]byte, error) {
	switch v := v.(type) {
	case int:
		return appendZigzag(append(dst, tagInt), int64(v)), nil
	case int8:
		return appendZigzag(append(dst, tagInt8), int64(v)), nil
	case int16:
		return appendZigzag(append(dst, tagInt16), int64(v)), nil
	case int32:
		return appendZigzag(append(dst, tagInt32), int64(v)), nil
	case uint:
		return binary.AppendUvarint(append(dst, tagUint), uint64(v)), nil
	case uint8:
		return binary.AppendUvarint(append(dst, tagUint8), uint64(v)), nil
	case uint16:
		return binary.AppendUvarint(append(dst, tagUint16), uint64(v)), nil
	case uint32:
		return binary.AppendUvarint(append(dst, tagUint32), uint64(v)), nil
	case uint64:
		return binary.AppendUvarint(append(dst, tagUint64), v), nil
	case float32:
		return binary.LittleEndian.AppendUint32(append(dst, tagFloat32), math.Float32bits(v)), nil
	}
	return dst, fmt.Errorf("%w of a value of type %T", ErrUnsupported, v)
}

func appendInt64(dst []byte, v int64) []byte {
	if v >= 0 && v <= maxSmallInt {
		return append(dst, tagSmallInt|byte(v))
	}
	return appendZigzag(append(dst, tagInt64), v)
}

func appendFloat64(dst []byte, v float64) []byte {
	return binary.LittleEndian.AppendUint64(append(dst, tagFloat64), math.Float64bits(v))
}

func appendString(dst []byte, v string) []byte {
	if len(v) <= maxShortString {
		dst = append(dst, tagShortString|byte(len(v)))
		return append(dst, v...)
	}
	return appendText(append(dst, tagString), v)
}

func appendBytes(dst, v []byte) []byte {
	if v == nil {
		return append(dst, tagNilBytes)
	}
	dst = binary.AppendUvarint(append(dst, tagBytes), uint64(len(v)))
	return append(dst, v...)
}

// appendTime drops a monotonic reading: it means nothing elsewhere.
func appendTime(dst []byte, t time.Time, zones *zoneTable) ([]byte, error) {
	switch t.Location() {
	case time.UTC:
		return appendInstant(append(dst, tagTimeUTC), t), nil
	case time.Local:
		return appendInstant(append(dst, tagTimeLocal), t), nil
	}
	index, err := zones.find(t)
	if err != nil {
		return dst, err
	}
	dst = appendInstant(append(dst, tagTimeZone), t)
	return binary.AppendUvarint(dst, uint64(index)), nil
}

// appendInstant writes Unix seconds and the fraction: microseconds where that
// is exact, as databases have them, else nanoseconds. The lowest bit says
// which.
func appendInstant(dst []byte, t time.Time) []byte {
	dst = appendZigzag(dst, t.Unix())
	nanos := uint64(t.Nanosecond())
	if nanos%1000 == 0 {
		return binary.AppendUvarint(dst, nanos/1000<<1)
	}
	return binary.AppendUvarint(dst, nanos<<1|1)
}

func readInstant(s string, i int) (time.Time, int) {
	sec, i := readZigzag(s, i)
	if i == failed {
		return time.Time{}, failed
	}
	u, i := readUvarint(s, i)
	nanos := u >> 1
	if u&1 == 0 {
		nanos *= 1000
	}
	if i == failed || u > 1e9<<1 || nanos >= 1e9 {
		return time.Time{}, failed
	}
	return time.Unix(sec, int64(nanos)), i
}

// readUncommon reads what appendUncommon writes.
func readUncommon(tag byte, s string, i int) (driver.Value, int) {
	switch {
	case tag >= tagInt && tag <= tagInt32:
		n, i := readZigzag(s, i)
		if i == failed {
			return nil, failed
		}
		return signed(tag, n, i)
	case tag >= tagUint && tag <= tagUint64:
		n, i := readUvarint(s, i)
		if i == failed {
			return nil, failed
		}
		return unsigned(tag, n, i)
	case tag == tagFloat32:
		bits, i := readUint32(s, i)
		return math.Float32frombits(bits), i
	}
	return nil, failed
}

func signed(tag byte, n int64, i int) (driver.Value, int) {
	switch {
	case tag == tagInt8 && n == int64(int8(n)):
		return int8(n), i
	case tag == tagInt16 && n == int64(int16(n)):
		return int16(n), i
	case tag == tagInt32 && n == int64(int32(n)):
		return int32(n), i
	case tag == tagInt && (strconv.IntSize == 64 || n == int64(int32(n))):
		return int(n), i
	}
	return nil, failed
}

func unsigned(tag byte, n uint64, i int) (driver.Value, int) {
	switch {
	case tag == tagUint8 && n <= math.MaxUint8:
		return uint8(n), i
	case tag == tagUint16 && n <= math.MaxUint16:
		return uint16(n), i
	case tag == tagUint32 && n <= math.MaxUint32:
		return uint32(n), i
	case tag == tagUint && n <= math.MaxUint:
		return uint(n), i
	case tag == tagUint64:
		return n, i
	}
	return nil, failed
}
