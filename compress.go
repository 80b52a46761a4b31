package cachedsql

import "github.com/cachedsql/cachedsql/internal/rowcodec"

// Compression is how results are made smaller in the store.
type Compression uint8

const (
	// CompressS2 halves ordinary rows, and takes little time.
	CompressS2 Compression = iota
	// CompressOff stores results as they are.
	CompressOff
	// CompressZstd makes them smaller still, and takes several times as long.
	CompressZstd
)

// compressions are the words for them in rule files.
var compressions = [...]string{CompressS2: "s2", CompressOff: "off", CompressZstd: "zstd"}

// String returns the word used in rule files.
func (c Compression) String() string { return compressions[c] }

// compressAbove is the size in bytes from which results are compressed. Below
// it a key takes most of its place in Redis whatever its result does:
// docs/operations.md has the figures.
const compressAbove = 4 << 10

// compressed returns an entry as it is stored. In a store of this process it
// would only have to be made larger again for each hit.
func (c *Cache) compressed(r *route, entry []byte) []byte {
	if c.inline || len(entry) < compressAbove {
		return entry
	}
	return rowcodec.Compressed(entry, codecs[r.compression()])
}

// compression is the default for a TTL that no rule gave.
func (r *route) compression() Compression {
	if r.rule == nil {
		return CompressS2
	}
	return r.rule.Compress
}

// codecs are what does it.
var codecs = [...]rowcodec.Compression{CompressS2: rowcodec.S2, CompressOff: rowcodec.Uncompressed, CompressZstd: rowcodec.Zstd}
