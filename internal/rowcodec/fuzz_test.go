package rowcodec

import (
	"bufio"
	"compress/gzip"
	"database/sql/driver"
	"errors"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"testing"
	"time"
)

// FuzzDecode feeds Decode arbitrary bytes, as they are and as the content of
// an entry with a right checksum. It must refuse them or return a result that
// can be walked to the end or to an ErrCorrupt, in memory in proportion.
func FuzzDecode(f *testing.F) {
	for _, entry := range entries(f) {
		f.Add(entry)
		f.Add(payloadOf(f, entry))
	}
	f.Add([]byte("csq\x01"))
	f.Add([]byte{0, 1, 1, 0, 0, 0, 1, 1, 2, 1, 0})
	for _, input := range corpus(f) {
		f.Add(input)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		decodeAny(t, b, len(b))
		decodeAny(t, forge(0, b), len(b))
		decodeAny(t, forge(flagS2, b), believed(b, flagS2))
		decodeAny(t, forge(flagZstd, b), believed(b, flagZstd))
	})
}

// corpus returns what fuzzing has found to take ways of their own
// through Decode, each on a line as Go writes it.
func corpus(t testing.TB) (all [][]byte) {
	t.Helper()
	file, err := os.Open("testdata/corpus.txt.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		input, err := strconv.Unquote(lines.Text())
		if err != nil {
			t.Fatalf("line %d: %v", len(all)+1, err)
		}
		all = append(all, []byte(input))
	}
	if err := lines.Err(); err != nil || len(all) == 0 {
		t.Fatalf("%d lines, %v", len(all), err)
	}
	return all
}

// believed is the size a compressed payload says it has, if Decode believes it.
func believed(block []byte, flag byte) int {
	n, ok := claimed(block, flag)
	if !ok || n > maxPayload || n/maxRatio > uint64(len(block)) {
		return len(block)
	}
	return int(n)
}

func decodeAny(t *testing.T, entry []byte, size int) {
	t.Helper()
	r, err := Decode(entry)
	checkAllocation(t, entry, size)
	if err != nil {
		if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrForeign) && !errors.Is(err, ErrVersion) && !errors.Is(err, ErrZone) {
			t.Fatalf("Decode: %v is none of this package's errors", err)
		}
		return
	}
	if _, err := walk(r); err != nil && !errors.Is(err, ErrCorrupt) {
		t.Fatalf("walk: %v, want ErrCorrupt", err)
	}
	lazy, lazyErr := walk(r)
	boxed, err := r.Boxed()
	if (err == nil) != (lazyErr == nil) {
		t.Fatalf("Boxed: %v, but the cursor says %v", err, lazyErr)
	}
	if err == nil {
		checkTables(t, boxed, lazy)
		encodeAgain(t, lazy)
	}
}

// checkAllocation decodes once more and fails if that takes memory out of
// proportion. Sets take most: three bytes can announce one. Zones and the
// fuzzer's own work account for the constant.
func checkAllocation(t *testing.T, entry []byte, size int) {
	t.Helper()
	limit := uint64(1<<20 + 64*size)
	// The cheap count is late by what a span of memory holds, the exact one
	// stops the world: it is taken only where it may matter.
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	before := sample[0].Value.Uint64()
	_, _ = Decode(entry)
	if metrics.Read(sample); sample[0].Value.Uint64()-before <= limit/2 {
		return
	}
	var exact, after runtime.MemStats
	runtime.ReadMemStats(&exact)
	_, _ = Decode(entry)
	if runtime.ReadMemStats(&after); after.TotalAlloc-exact.TotalAlloc > limit {
		t.Fatalf("Decode allocated %d bytes for %d", after.TotalAlloc-exact.TotalAlloc, size)
	}
}

// encodeAgain shows that what was decoded is a result like any other. A forged
// entry may hold what the Encoder refuses: a zone that is not its name's.
func encodeAgain(t *testing.T, tables []table) {
	t.Helper()
	var e Encoder
	for _, tb := range tables {
		if err := e.BeginSet(tb.columns); err != nil {
			t.Fatalf("BeginSet: %v", err)
		}
		for _, row := range tb.rows {
			if err := e.Row(row); errors.Is(err, ErrUnsupported) {
				return
			} else if err != nil {
				t.Fatalf("Row: %v", err)
			}
		}
	}
	checkTables(t, mustDecode(t, e.Finish(Header{})), tables)
}

// FuzzRoundTrip encodes results made of values the fuzzer chooses.
func FuzzRoundTrip(f *testing.F) {
	f.Add(uint64(1), uint64(2), "text", []byte("bytes"), int64(-1), 1.5, uint16(3), uint16(0))
	f.Add(uint64(0), uint64(0), "", []byte{}, int64(0), 0.0, uint16(0), uint16(1))
	f.Add(uint64(9), uint64(9), "\xff", []byte(nil), int64(1)<<62, -0.5, uint16(300), uint16(100))
	f.Fuzz(func(t *testing.T, seed, more uint64, s string, b []byte, n int64, x float64, rows, how uint16) {
		rnd := rand.New(rand.NewPCG(seed, more))
		tables := append(randomTables(rnd), chosenTable(rnd, s, b, n, x, int(rows%512)))
		h := Header{QueryID: seed}
		entry := Compressed(encode(t, &Encoder{}, h, tables...), Compression(how%3))
		if got, err := DecodeHeader(entry); err != nil || got != h {
			t.Fatalf("DecodeHeader = %+v, %v, want %+v", got, err, h)
		}
		checkTables(t, mustDecode(t, entry), tables)
	})
}

func chosenTable(rnd *rand.Rand, s string, b []byte, n int64, x float64, rows int) table {
	at := time.Unix(n, int64(uint64(n)%1e9)).In(someZones[rnd.IntN(len(someZones))])
	tb := table{columns: []Column{{Name: s, DatabaseType: s, Length: n}, {Name: "b"}, {Name: "n", Precision: n, Scale: -n}, {Name: "x"}, {Name: "at"}}}
	for range rows {
		row := []driver.Value{s, b, n, x, at}
		row[rnd.IntN(len(row))] = nil
		tb.rows = append(tb.rows, row)
	}
	return tb
}
