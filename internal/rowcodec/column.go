package rowcodec

import (
	"encoding/binary"
	"fmt"
	"reflect"
)

// Column is everything database/sql's ColumnType can say of a column. A
// number is kept even where the driver says it does not apply, because
// ColumnType hands that out too.
type Column struct {
	Name string
	// DatabaseType is the driver's name of the type, "" if it has none.
	DatabaseType string
	// ScanType may be nil, as the driver's answer may be.
	ScanType reflect.Type

	Length    int64
	HasLength bool

	Nullable, HasNullable bool

	Precision, Scale  int64
	HasPrecisionScale bool
}

// The properties of a column are its number among the usual ones, or 0 and
// then these flags, the numbers of its types, and what the flags say follows.
const (
	columnHasLength = 1 << iota
	columnNullable
	columnHasNullable
	columnHasPrecisionScale
	columnLength         // Length follows
	columnPrecisionScale // Precision and Scale follow
)

func (c *Column) flags() byte {
	var flags byte
	set := func(on bool, flag byte) {
		if on {
			flags |= flag
		}
	}
	set(c.HasLength, columnHasLength)
	set(c.Nullable, columnNullable)
	set(c.HasNullable, columnHasNullable)
	set(c.HasPrecisionScale, columnHasPrecisionScale)
	set(c.Length != 0, columnLength)
	set(c.Precision != 0 || c.Scale != 0, columnPrecisionScale)
	return flags
}

// appendColumns writes the names of all columns, then their properties: names
// are asked for with every query, properties seldom.
func appendColumns(dst []byte, columns []Column) ([]byte, error) {
	dst = binary.AppendUvarint(dst, uint64(len(columns)))
	for i := range columns {
		dst = appendText(dst, columns[i].Name)
	}
	for i := range columns {
		c := &columns[i]
		nameless := *c
		nameless.Name = ""
		if number := usualNumbers[nameless]; number != 0 {
			dst = append(dst, number)
			continue
		}
		scan, ok := scanNumbers[c.ScanType]
		if !ok {
			return dst, fmt.Errorf("%w of scan type %v of column %q", ErrUnsupported, c.ScanType, c.Name)
		}
		dst = appendProperties(dst, c, scan)
	}
	return dst, nil
}

func appendProperties(dst []byte, c *Column, scan byte) []byte {
	flags := c.flags()
	dst = append(dst, 0, flags, scan)
	number := typeNumbers[c.DatabaseType]
	dst = append(dst, number)
	if number == spelledType {
		dst = appendText(dst, c.DatabaseType)
	}
	if flags&columnLength != 0 {
		dst = appendSize(dst, c.Length)
	}
	if flags&columnPrecisionScale != 0 {
		dst = appendSize(dst, c.Precision)
		dst = appendSize(dst, c.Scale)
	}
	return dst
}

// readProperties fills in everything, with an empty name.
func readProperties(s string, i int, c *Column) int {
	if i >= len(s) || int(s[i]) >= len(usualColumns) {
		return failed
	}
	if usual := s[i]; usual != 0 {
		*c = usualColumns[usual]
		return i + 1
	}
	*c = Column{}
	if i++; len(s)-i < 3 {
		return failed
	}
	flags, scan, number := s[i], s[i+1], s[i+2]
	i += 3
	if int(scan) >= len(scanTypes) || int(number) >= len(typeNames) {
		return failed
	}
	c.ScanType, c.DatabaseType = scanTypes[scan], typeNames[number]
	c.HasLength = flags&columnHasLength != 0
	c.Nullable = flags&columnNullable != 0
	c.HasNullable = flags&columnHasNullable != 0
	c.HasPrecisionScale = flags&columnHasPrecisionScale != 0
	if number == spelledType {
		c.DatabaseType, i = readText(s, i)
	}
	if flags&columnLength != 0 && i != failed {
		c.Length, i = readSize(s, i)
	}
	if flags&columnPrecisionScale != 0 && i != failed {
		c.Precision, i = readSize(s, i)
		if i != failed {
			c.Scale, i = readSize(s, i)
		}
	}
	return i
}

// Drivers say math.MaxInt64 for "unlimited", on every text column in pgx and
// every float in go-sql-driver. Shifted by two it wraps around and takes one
// byte, not ten.
const sizeShift = 2

func appendSize(dst []byte, v int64) []byte {
	return binary.AppendUvarint(dst, zigzag(v)+sizeShift)
}

func readSize(s string, i int) (int64, int) {
	u, i := readUvarint(s, i)
	return unzigzag(u - sizeShift), i
}
