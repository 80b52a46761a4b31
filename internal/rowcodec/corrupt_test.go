package rowcodec

import (
	"bytes"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// entries are a plain and a compressed entry with a bit of everything.
func entries(t testing.TB) map[string][]byte {
	t.Helper()
	tables := []table{sample(5), {}, sample(1)}
	plain := encode(t, &Encoder{}, Header{QueryID: 7}, tables...)
	all := map[string][]byte{"plain": plain, "s2": Compressed(plain, S2), "zstd": Compressed(plain, Zstd)}
	if len(all["s2"]) >= len(plain) || len(all["zstd"]) >= len(plain) {
		t.Fatalf("compressed entries have %d and %d bytes, plain %d", len(all["s2"]), len(all["zstd"]), len(plain))
	}
	return all
}

func TestTruncatedEntryIsCorrupt(t *testing.T) {
	t.Parallel()
	for name, entry := range entries(t) {
		for n := range entry {
			if _, err := Decode(entry[:n:n]); !errors.Is(err, ErrCorrupt) {
				t.Errorf("%s: first %d of %d bytes: %v, want ErrCorrupt", name, n, len(entry), err)
			}
		}
		if _, err := Decode(append(slices.Clone(entry), 0)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: one byte too many: %v, want ErrCorrupt", name, err)
		}
	}
}

func TestFlippedBitIsNoticed(t *testing.T) {
	t.Parallel()
	for name, entry := range entries(t) {
		for bit := range len(entry) * 8 {
			damaged := slices.Clone(entry)
			damaged[bit/8] ^= 1 << (bit % 8)
			want := ErrCorrupt
			switch {
			case bit/8 < len(magic):
				want = ErrForeign
			case bit/8 == len(magic):
				want = ErrVersion
			}
			if _, err := Decode(damaged); !errors.Is(err, want) {
				t.Errorf("%s: bit %d of byte %d: %v, want %v", name, bit%8, bit/8, err, want)
			}
		}
	}
}

func TestForeignAndFutureEntriesAreTold(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]error{
		"":                            ErrCorrupt,
		"csq":                         ErrCorrupt,
		"csq\x02":                     ErrCorrupt,
		"csq\x01":                     ErrVersion,
		"csq\x03":                     ErrVersion,
		"csq\x00" + "anything at all": ErrVersion,
		"{\"rows\": []}":              ErrForeign,
		strings.Repeat("\x00", 200):   ErrForeign,
	} {
		if _, err := Decode([]byte(text)); !errors.Is(err, want) {
			t.Errorf("Decode(%q): %v, want %v", text, err, want)
		}
		if _, err := DecodeHeader([]byte(text)); !errors.Is(err, want) {
			t.Errorf("DecodeHeader(%q): %v, want %v", text, err, want)
		}
	}
}

func payloadOf(t testing.TB, entry []byte) []byte {
	t.Helper()
	_, start, err := decodeHeader(entry)
	if err != nil {
		t.Fatal(err)
	}
	return entry[start : len(entry)-checksumSize]
}

// forge makes an entry with a right checksum around any content.
func forge(flags byte, content []byte) []byte {
	entry := append((&Header{}).appendTo(nil, flags), content...)
	return binary.LittleEndian.AppendUint32(entry, checksum(entry))
}

func TestForgedPayloadIsCorrupt(t *testing.T) {
	t.Parallel()
	many := binary.AppendUvarint(nil, 1<<62)
	for name, payload := range map[string][]byte{
		"empty":                    {},
		"zones without end":        many,
		"zone of no kind":          {1, 9, 0, 0},
		"fixed zone off the earth": append([]byte{1, zoneFixed, 0}, many...),
		"no set":                   {0, 0},
		"sets without end":         append([]byte{0}, many...),
		"columns without end":      append([]byte{0, 1}, many...),
		"names without end":        {0, 1, 1, 9, 'a'},
		"usual column unknown":     {0, 1, 1, 0, 255, 0, 0},
		"scan type unknown":        {0, 1, 1, 0, 0, 0, 255, 1, 0, 0},
		"database type unknown":    {0, 1, 1, 0, 0, 0, 0, 255, 0, 0},
		"rows without end":         append([]byte{0, 1, 0}, many...),
		"rows that are not there":  {0, 1, 0, 2, 1, 0},
		"row without its values":   {0, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0},
		"bytes after the rows":     {0, 1, 0, 1, 2, 0, 0},
		"bytes after the sets":     {0, 1, 0, 0, 0, 0},
		"varint too long":          {0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0},
		"varint over 64 bits":      {0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2},
	} {
		if _, err := Decode(forge(0, payload)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: %v, want ErrCorrupt", name, err)
		}
	}
}

func TestForgedValueIsCorruptAndDoesNotPanic(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]string{
		"unknown tag":            "\x3f",
		"int64 without end":      "\x03\x80",
		"float64 cut":            "\x04\x00\x00",
		"float32 cut":            "\x14\x00\x00",
		"string longer than row": "\x05\x7fabc",
		"short string too long":  "\x8aabc",
		"bytes longer than row":  "\x06\xff\xff\xff\xff\x0fabc",
		"int8 out of range":      "\x0c\x80\x02",
		"uint8 out of range":     "\x10\x80\x02",
		"time cut":               "\x08\x00",
		"time with no fraction":  "\x08\x00\x80\xf0\xff\xff\xff\x07",
		"zone not in the table":  "\x0a\x00\x00\x00",
		"value after the last":   "\x00\x00",
	} {
		payload := append([]byte{0, 1, 1, 0, 0, 0, 0, 1, 1, byte(len(row) + 1), byte(len(row))}, row...)
		r, err := Decode(forge(0, payload))
		if err != nil {
			t.Errorf("%s: Decode: %v, want the error later", name, err)
			continue
		}
		c := r.Cursor(0)
		if err := c.Next(make([]driver.Value, 1)); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: Next: %v, want ErrCorrupt", name, err)
		}
		if _, err := r.Boxed(); !errors.Is(err, ErrCorrupt) {
			t.Errorf("%s: Boxed: %v, want ErrCorrupt", name, err)
		}
	}
}

func TestCompressedEntryCannotClaimUnboundedMemory(t *testing.T) {
	t.Parallel()
	for flag, compress := range map[byte]func([]byte) []byte{
		flagS2:   func(b []byte) []byte { return s2.Encode(nil, b) },
		flagZstd: func(b []byte) []byte { return zstdEncoder().EncodeAll(b, nil) },
	} {
		refuse := func(what string, block []byte) {
			t.Helper()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Decode(forge(flag, block))
			runtime.ReadMemStats(&after)
			if !errors.Is(err, ErrCorrupt) {
				t.Errorf("flag %d, %s, %d bytes: %v, want ErrCorrupt", flag, what, len(block), err)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > 16<<20 {
				t.Errorf("flag %d, %s: %d bytes were allocated for %d", flag, what, took, len(block))
			}
		}
		_, _ = Decode(forge(flag, compress([]byte("what is kept for all is there now"))))
		refuse("more than the limit", compress(make([]byte, maxPayload+1)))
		refuse("beyond the ratio", compress(make([]byte, maxPayload/2)))
		refuse("something else", []byte("neither s2 nor zstd, nor anything"))
		refuse("two of them", bytes.Repeat(compress(make([]byte, 1000)), 2))
	}
}

// TestZstdFrameCannotHoldMoreThanItClaims: one without a size, and one that
// claims less than it has.
func TestZstdFrameCannotHoldMoreThanItClaims(t *testing.T) {
	t.Parallel()
	var stream bytes.Buffer
	w, err := zstd.NewWriter(&stream)
	if err != nil {
		t.Fatal(err)
	}
	for range 64 {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Decode(forge(flagZstd, stream.Bytes())); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a frame without a size: %v, want ErrCorrupt", err)
	}
	frame := zstdEncoder().EncodeAll(make([]byte, 200), nil)
	at := bytes.IndexByte(frame, 200) // single segment: the size is one byte
	frame[at] = 20
	if _, err := Decode(forge(flagZstd, frame)); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a frame of 200 bytes that claims 20: %v, want ErrCorrupt", err)
	}
}

func TestWhatDoesNotCompressIsStoredPlain(t *testing.T) {
	t.Parallel()
	tb := table{columns: column("c"), rows: [][]driver.Value{{"short"}}}
	plain := encode(t, &Encoder{}, Header{}, tb)
	for _, how := range []Compression{S2, Zstd} {
		if got := Compressed(plain, how); string(got) != string(plain) {
			t.Errorf("got %x, want the plain entry %x", got, plain)
		}
	}
}

func TestWhatCompressesTooWellIsReadable(t *testing.T) {
	t.Parallel()
	tb := table{columns: column("c"), rows: [][]driver.Value{{strings.Repeat("x", 8<<20)}}}
	for _, how := range []Compression{S2, Zstd} {
		checkTables(t, mustDecode(t, Compressed(encode(t, &Encoder{}, Header{}, tb), how)), []table{tb})
	}
}

func TestHandedOutBytesAreTheCallersOwn(t *testing.T) {
	t.Parallel()
	tb := table{columns: []Column{{Name: "a"}, {Name: "n"}, {Name: "b"}}}
	for range 100 {
		tb.rows = append(tb.rows, []driver.Value{[]byte("first"), int64(1), []byte("second")})
	}
	lazy := mustDecode(t, encode(t, &Encoder{}, Header{}, tb))
	for name, r := range map[string]*Result{"lazy": lazy, "boxed": mustBox(t, lazy)} {
		c := r.Cursor(0)
		row := make([]driver.Value, 3)
		for {
			err := c.Next(row)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, k := range []int{0, 2} {
				b := row[k].([]byte)
				if want := tb.rows[0][k].([]byte); string(b) != string(want) {
					t.Fatalf("%s: got %q, want %q: values share memory", name, b, want)
				}
				if len(b) != cap(b) {
					t.Fatalf("%s: capacity %d of a []byte of %d reaches into other memory", name, cap(b), len(b))
				}
				_ = append(b, "overflow"...)
				clear(b)
			}
		}
		checkTables(t, r, []table{tb})
	}
}
