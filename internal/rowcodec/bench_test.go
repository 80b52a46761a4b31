package rowcodec

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/s2"
)

var benchRows = []int{1, 100, 1000}

func perRows(b *testing.B, f func(b *testing.B, rows int)) {
	for _, rows := range benchRows {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			b.ReportAllocs()
			f(b, rows)
		})
	}
}

func benchEncode(b *testing.B, how Compression, rows int) {
	tb, e := sample(rows), &Encoder{}
	var entry []byte
	for b.Loop() {
		entry = Compressed(encode(b, e, Header{}, tb), how)
	}
	b.ReportMetric(float64(len(entry)), "bytes/entry")
}

func BenchmarkEncode(b *testing.B) {
	perRows(b, func(b *testing.B, rows int) { benchEncode(b, Uncompressed, rows) })
}

func BenchmarkEncodeCompressed(b *testing.B) {
	perRows(b, func(b *testing.B, rows int) { benchEncode(b, S2, rows) })
}

// drain reads all rows as database/sql does, into one row.
func drain(b *testing.B, r *Result) {
	var dest [10]driver.Value
	c := r.Cursor(0)
	for {
		err := c.Next(dest[:])
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	perRows(b, func(b *testing.B, rows int) {
		entry := encode(b, &Encoder{}, Header{}, sample(rows))
		for b.Loop() {
			mustDecode(b, entry)
		}
	})
}

func benchDecodeAndWalk(b *testing.B, how Compression, rows int) {
	entry := Compressed(encode(b, &Encoder{}, Header{}, sample(rows)), how)
	for b.Loop() {
		r := mustDecode(b, entry)
		r.Names(0, nil)
		drain(b, r)
	}
}

func BenchmarkDecodeAndWalk(b *testing.B) {
	perRows(b, func(b *testing.B, rows int) { benchDecodeAndWalk(b, Uncompressed, rows) })
}

func BenchmarkDecodeAndWalkCompressed(b *testing.B) {
	perRows(b, func(b *testing.B, rows int) { benchDecodeAndWalk(b, S2, rows) })
}

func BenchmarkEncodeZstd(b *testing.B) {
	perRows(b, func(b *testing.B, rows int) { benchEncode(b, Zstd, rows) })
}

func BenchmarkDecodeAndWalkZstd(b *testing.B) {
	perRows(b, func(b *testing.B, rows int) { benchDecodeAndWalk(b, Zstd, rows) })
}

func BenchmarkWalkBoxed(b *testing.B) {
	perRows(b, func(b *testing.B, rows int) {
		r := mustBox(b, mustDecode(b, encode(b, &Encoder{}, Header{}, sample(rows))))
		for b.Loop() {
			drain(b, r)
		}
	})
}

func BenchmarkBox(b *testing.B) {
	perRows(b, func(b *testing.B, rows int) {
		r := mustDecode(b, encode(b, &Encoder{}, Header{}, sample(rows)))
		for b.Loop() {
			mustBox(b, r)
		}
		b.ReportMetric(float64(mustBox(b, r).Size()), "bytes/result")
	})
}

// BenchmarkChecksum is why the checksum is CRC-32C.
func BenchmarkChecksum(b *testing.B) {
	for _, size := range []int{200, 10_000, 100_000} {
		data := make([]byte, size)
		b.Run(fmt.Sprintf("crc32c/bytes=%d", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				crc32.Checksum(data, castagnoli)
			}
		})
		b.Run(fmt.Sprintf("xxhash64/bytes=%d", size), func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				xxhash.Sum64(data)
			}
		})
	}
}

// BenchmarkS2 is what compression costs and saves on ordinary rows.
func BenchmarkS2(b *testing.B) {
	for _, rows := range []int{5, 20, 100, 1000} {
		plain := encode(b, &Encoder{}, Header{}, sample(rows))
		payload := payloadOf(b, plain)
		block := s2.Encode(nil, payload)
		scratch := make([]byte, len(payload))
		b.Run(fmt.Sprintf("decompress/bytes=%d", len(payload)), func(b *testing.B) {
			b.SetBytes(int64(len(payload)))
			for b.Loop() {
				if _, err := s2.Decode(scratch, block); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(block))/float64(len(payload)), "ratio")
		})
	}
}
