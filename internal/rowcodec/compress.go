package rowcodec

import (
	"slices"
	"sync"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// Compression is how the payload of an entry is made smaller.
type Compression uint8

const (
	// S2 takes little time and halves ordinary rows.
	S2 Compression = iota
	// Uncompressed leaves it as it is.
	Uncompressed
	// Zstd makes it a third smaller than S2 does, in several times the time.
	Zstd
)

// Compressed returns an entry as it is best stored: compressed, if that saves an
// eighth, in memory of its own. An entry that is compressed stays what it is.
func Compressed(entry []byte, c Compression) []byte {
	_, start, err := decodeHeader(entry)
	if err != nil || entry[len(magic)+1] != 0 || c == Uncompressed {
		return entry
	}
	payload := entry[start : len(entry)-checksumSize]
	if len(payload) > maxPayload {
		return entry
	}
	kept := rooms.Get().(*[]byte)
	room := append((*kept)[:0], entry[:start]...)
	defer func() {
		*kept = reuse(room)
		rooms.Put(kept)
	}()
	if c == Zstd {
		room[len(magic)+1] = flagZstd
		room = zstdEncoder().EncodeAll(payload, room)
	} else {
		room[len(magic)+1] = flagS2
		room = slices.Grow(room, s2.MaxEncodedLen(len(payload))+checksumSize)
		block := s2.Encode(room[start:cap(room)], payload) // in place
		room = room[:start+len(block)]
	}
	// Nor so much that Decode would take it for a forgery.
	if n := len(room) - start; n > len(payload)-len(payload)/8 || len(payload)/maxRatio > n {
		return entry
	}
	room = seal(room)
	return slices.Clone(room)
}

// rooms are for entries that are being compressed: how long they get is not
// known before, and what they might get is longer than what they were.
var rooms = sync.Pool{New: func() any { return new([]byte) }}

// What both need of memory they keep, so there is one of each, made when it is
// first needed. Any number of goroutines may use it.
var (
	zstdEncoder = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedDefault), zstd.WithSingleSegment(true),
			zstd.WithEncoderCRC(false), zstd.WithEncoderConcurrency(2), zstd.WithLowerEncoderMem(true))
		if err != nil {
			panic(err) // an option that does not exist
		}
		return e
	})
	zstdDecoder = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(maxPayload), zstd.WithDecodeAllCapLimit(true),
			zstd.WithDecoderConcurrency(0), zstd.WithDecoderLowmem(true))
		if err != nil {
			panic(err)
		}
		return d
	})
)

// decompress refuses a block that claims to hold more than Compressed puts into
// one before allocating anything for it.
func decompress(block []byte, flags byte) (payload []byte, err error) {
	n, ok := claimed(block, flags)
	if !ok || n > maxPayload || n/maxRatio > uint64(len(block)) {
		return nil, ErrCorrupt
	}
	if flags == flagZstd {
		payload, err = zstdDecoder().DecodeAll(block, make([]byte, 0, n))
	} else {
		payload, err = s2.Decode(make([]byte, n), block)
	}
	if err != nil || uint64(len(payload)) != n {
		return nil, ErrCorrupt
	}
	return payload, nil
}

// claimed is how many bytes a block says it holds.
func claimed(block []byte, flags byte) (n uint64, ok bool) {
	if flags == flagZstd {
		var h zstd.Header
		err := h.Decode(block)
		return h.FrameContentSize, err == nil && h.HasFCS && !h.Skippable
	}
	size, err := s2.DecodedLen(block)
	return uint64(size), err == nil
}
