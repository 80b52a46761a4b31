// Package rowcodec turns results into bytes and back, exactly: a decoded row
// holds values of the same dynamic types and the same bits as the driver's.
// What it cannot hold exactly it refuses with ErrUnsupported.
//
// An entry, version 2 (integers little endian; "varint" as in
// encoding/binary, "zigzag" a signed varint):
//
//	magic "csq", version byte, flags byte
//	header: vector 16, varint query ID, zigzag filled-at and TTL in
//	  milliseconds, zigzag database time in microseconds
//	payload, as one s2 block with flagS2, as one zstd frame with flagZstd
//	checksum: CRC-32C of everything before it, 4
//
// A payload is a table of time zones followed by the result sets:
//
//	varint zones; per zone: kind, text name, zigzag offset of a fixed zone
//	varint sets; per set:
//	  varint columns, text name of each, properties of each (column.go)
//	  varint rows, varint bytes of all rows
//	  per row: varint length, values
//	text: varint length, bytes
//
// Each value is a tag byte (value.go) and what the tag says follows. A later
// version of the format gets a later version byte; entries of an unknown
// version are refused, never guessed at.
package rowcodec

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"time"
	"unsafe"
)

const (
	magic    = "csq"
	version  = 2
	flagS2   = 1 << 0
	flagZstd = 1 << 1

	vectorEnd    = len(magic) + 2 + 16
	headerLeast  = vectorEnd + 4
	headerMost   = vectorEnd + 4*binary.MaxVarintLen64
	checksumSize = 4

	// maxPayload and maxRatio bound what Decode allocates for a compressed
	// entry, whatever size the entry claims.
	maxPayload = 64 << 20
	maxRatio   = 1 << 10

	// maxSets and maxZones bound what takes much more memory than bytes in
	// an entry.
	maxSets  = 1 << 10
	maxZones = 1 << 10
)

// Errors of this package; test with errors.Is.
var (
	// ErrUnsupported means that a value or scan type has no exact encoding.
	ErrUnsupported = errors.New("rowcodec: no exact encoding")
	// ErrForeign means that the bytes are not an entry at all.
	ErrForeign = errors.New("rowcodec: not an entry")
	// ErrVersion means that the entry has a format this code does not know.
	ErrVersion = errors.New("rowcodec: unknown format version")
	// ErrCorrupt means that the entry is truncated or damaged.
	ErrCorrupt = errors.New("rowcodec: corrupt entry")
	// ErrZone means that the entry names a time zone that this process
	// cannot load. The entry is fine for others.
	ErrZone = errors.New("rowcodec: unknown time zone")
)

// Header is what an entry says of itself without its rows being decoded.
type Header struct {
	// Vector is the versions of the tags the result depends on.
	Vector [16]byte
	// QueryID identifies the statement, for people and tools.
	QueryID uint64
	// FilledAt is kept to the millisecond, in UTC; or it is zero.
	FilledAt time.Time
	// TTL is how long the entry is good for from FilledAt, to the millisecond.
	TTL time.Duration
	// DBTime is how long the database took to produce the result, to the
	// microsecond.
	DBTime time.Duration
}

// appendTo writes magic, version, flags and header.
func (h *Header) appendTo(dst []byte, flags byte) []byte {
	dst = append(dst, magic...)
	dst = append(dst, version, flags)
	dst = append(dst, h.Vector[:]...)
	dst = binary.AppendUvarint(dst, h.QueryID)
	dst = appendZigzag(dst, filledMillis(h.FilledAt))
	dst = appendZigzag(dst, h.TTL.Milliseconds())
	return appendZigzag(dst, h.DBTime.Microseconds())
}

// filledMillis is Unix milliseconds; the zero Time is 0.
func filledMillis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func filledTime(millis int64) time.Time {
	if millis == 0 {
		return time.Time{}
	}
	return time.UnixMilli(millis).UTC()
}

// DecodeHeader reads an entry's header without allocating. The checksum is
// left to Decode: until then a damaged header looks like any other.
func DecodeHeader(entry []byte) (Header, error) {
	h, _, err := decodeHeader(entry)
	return h, err
}

// decodeHeader returns also where the payload begins.
func decodeHeader(entry []byte) (h Header, end int, err error) {
	if err := checkFrame(entry); err != nil {
		return h, 0, err
	}
	copy(h.Vector[:], entry[len(magic)+2:])
	s := unsafe.String(unsafe.SliceData(entry), len(entry)-checksumSize)
	id, i := readUvarint(s, vectorEnd)
	var millis [2]int64
	for k := range millis {
		if i != failed {
			millis[k], i = readZigzag(s, i)
		}
	}
	var micros int64
	if i != failed {
		micros, i = readZigzag(s, i)
	}
	if i == failed {
		return h, 0, ErrCorrupt
	}
	h.QueryID, h.FilledAt = id, filledTime(millis[0])
	h.TTL, h.DBTime = time.Duration(millis[1])*time.Millisecond, time.Duration(micros)*time.Microsecond
	return h, i, nil
}

// checkFrame tells foreign bytes and later versions from a damaged entry, as
// far as the first bytes allow.
func checkFrame(entry []byte) error {
	switch {
	case len(entry) < len(magic)+1:
		return ErrCorrupt
	case string(entry[:len(magic)]) != magic:
		return ErrForeign
	case entry[len(magic)] != version:
		return ErrVersion
	case len(entry) < headerLeast+checksumSize:
		return ErrCorrupt
	case entry[len(magic)+1] > flagZstd || entry[len(magic)+1] == flagS2|flagZstd:
		return ErrCorrupt
	}
	return nil
}

// CRC-32C has its own instruction on amd64 and arm64 and finds every error of
// up to 32 neighbouring bits. It guards against accidents, not against
// somebody who can write to the store.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }
