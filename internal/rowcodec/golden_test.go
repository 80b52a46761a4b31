package rowcodec

import (
	"bytes"
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// goldenTables hold every tag and every property, and nothing that depends on
// the machine.
func goldenTables() []table {
	zoned := time.Date(2024, 7, 1, 12, 30, 0, 123456000, time.FixedZone("CEST", 7200))
	named := time.Date(2024, 1, 1, 0, 0, 0, 1, mustZone("Europe/Berlin"))
	return []table{
		{
			columns: []Column{
				{Name: "id", DatabaseType: "INT8", ScanType: reflect.TypeFor[int64]()},
				{Name: "price", DatabaseType: "NUMERIC", ScanType: reflect.TypeFor[float64](), Precision: 10, Scale: 2, HasPrecisionScale: true},
				{Name: "note", DatabaseType: "mood", ScanType: reflect.TypeFor[*any](), Length: math.MaxInt64, HasLength: true, Nullable: true, HasNullable: true},
			},
			rows: [][]driver.Value{
				{nil, true, false},
				{int64(5), int64(-300), 1.25},
				{"short", "a text of more than one hundred and twenty-seven bytes: " +
					"0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789", ""},
				{[]byte("bytes"), []byte(nil), []byte{}},
				{time.Unix(1700000000, 0).UTC(), time.Unix(-1, 5), zoned},
				{named, time.Time{}.UTC(), zoned},
				{int(-1), int8(-2), int16(-3)},
				{int32(-4), uint(1), uint8(2)},
				{uint16(3), uint32(4), uint64(math.MaxUint64)},
				{float32(0.5), math.NaN(), math.Inf(-1)},
			},
		},
		{},
	}
}

func mustZone(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return loc
}

// TestFormatVersion2IsFrozen fails when the bytes written, or what is read
// from bytes written before, change: then the version has to change as well,
// or a fleet being upgraded reads nonsense.
func TestFormatVersion2IsFrozen(t *testing.T) {
	t.Parallel()
	mustLoad(t, "Europe/Berlin")
	h := Header{
		Vector: [16]byte{0: 0xa0, 15: 0xaf}, QueryID: 0x0123456789abcdef,
		FilledAt: time.UnixMilli(1700000000042).UTC(), TTL: 5 * time.Minute, DBTime: 1500 * time.Microsecond,
	}
	got := encode(t, &Encoder{}, h, goldenTables()...)
	file := filepath.Join("testdata", "v2.hex")
	if *update {
		if err := os.WriteFile(file, []byte(hexLines(got)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want, err := hex.DecodeString(string(bytes.Join(bytes.Fields(text), nil)))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the encoding changed:\n got %x\nwant %x", got, want)
	}
	if header, err := DecodeHeader(want); err != nil || header != h {
		t.Errorf("DecodeHeader = %+v, %v, want %+v", header, err, h)
	}
	checkTables(t, mustDecode(t, want), goldenTables())
}

func hexLines(b []byte) string {
	var out bytes.Buffer
	for len(b) > 0 {
		n := min(len(b), 32)
		out.WriteString(hex.EncodeToString(b[:n]) + "\n")
		b = b[n:]
	}
	return out.String()
}

// TestNumbersOfTypesAreFrozen keeps positions in the lists from moving.
func TestNumbersOfTypesAreFrozen(t *testing.T) {
	t.Parallel()
	var got bytes.Buffer
	for _, scan := range scanTypes {
		name := "nil"
		if scan != nil {
			name = scan.String()
		}
		if scan == reflect.TypeFor[json.RawMessage]() {
			name = "json.RawMessage" // an alias of another type since Go 1.27
		}
		got.WriteString("scan " + name + "\n")
	}
	for _, name := range typeNames {
		got.WriteString("type " + name + "\n")
	}
	for _, c := range usualColumns {
		fmt.Fprintf(&got, "column %q %v length %d,%v nullable %v,%v precision %d,%d,%v\n", c.DatabaseType, c.ScanType,
			c.Length, c.HasLength, c.Nullable, c.HasNullable, c.Precision, c.Scale, c.HasPrecisionScale)
	}
	if len(usualNumbers) != len(usualColumns) || len(usualColumns) > 256 {
		t.Errorf("%d usual columns, %d of them different", len(usualColumns), len(usualNumbers))
	}
	file := filepath.Join("testdata", "v2-types.txt")
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the numbers of types changed; add at the end only\n got:\n%s\nwant:\n%s", got.String(), want)
	}
}
