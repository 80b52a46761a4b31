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
// it less is saved on the way from Redis than is spent: docs/operations.md has
// the figures.
const compressAbove = 16 << 10

// compressed returns an entry as it is stored. In a store of this process it
// would only have to be made larger again for each hit.
func (c *Cache) compressed(r *route, entry []byte) []byte {
	if c.inline || len(entry) < compressAbove {
		return entry
	}
	how := rowcodec.S2
	if r.rule != nil {
		switch r.rule.Compress {
		case CompressOff:
			return entry
		case CompressZstd:
			how = rowcodec.Zstd
		case CompressS2:
		}
	}
	return rowcodec.Compressed(entry, how)
}
