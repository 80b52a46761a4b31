package rowcodec

import "encoding/binary"

// zigzag maps small numbers of either sign to small unsigned ones.
func zigzag(v int64) uint64   { return uint64(v)<<1 ^ uint64(v>>63) }
func unzigzag(u uint64) int64 { return int64(u>>1) ^ -int64(u&1) }

func appendZigzag(dst []byte, v int64) []byte {
	return binary.AppendUvarint(dst, zigzag(v))
}

func appendText(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

// The readers below take a position and return the next one, or failed. They
// work on strings because a substring of the payload is a value ready to be
// handed out.
const failed = -1

func readUvarint(s string, i int) (uint64, int) {
	var v uint64
	for shift := uint(0); shift < 64 && uint(i) < uint(len(s)); shift += 7 {
		b := s[i]
		i++
		if b < 0x80 {
			if shift == 63 && b > 1 {
				return 0, failed
			}
			return v | uint64(b)<<shift, i
		}
		v |= uint64(b&0x7f) << shift
	}
	return 0, failed
}

func readZigzag(s string, i int) (int64, int) {
	u, i := readUvarint(s, i)
	return unzigzag(u), i
}

// readCount reads a number of things that take at least one byte each, so
// that no count can exceed what is left.
func readCount(s string, i int) (int, int) {
	u, i := readUvarint(s, i)
	if i == failed || u > uint64(len(s)-i) {
		return 0, failed
	}
	return int(u), i
}

func readText(s string, i int) (string, int) {
	n, i := readCount(s, i)
	if i == failed {
		return "", failed
	}
	return s[i : i+n], i + n
}

func readUint32(s string, i int) (uint32, int) {
	if len(s)-i < 4 {
		return 0, failed
	}
	b := s[i : i+4]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24, i + 4
}

func readUint64(s string, i int) (uint64, int) {
	if len(s)-i < 8 {
		return 0, failed
	}
	b := s[i : i+8]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56, i + 8
}
