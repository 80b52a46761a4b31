package rowcodec

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

func column(name string) []Column { return []Column{{Name: name}} }

func TestValuesKeepTypeAndBits(t *testing.T) {
	t.Parallel()
	values := []driver.Value{
		nil, true, false,
		int64(0), int64(1), int64(63), int64(64), int64(-1), int64(math.MaxInt64), int64(math.MinInt64),
		0.0, math.Copysign(0, -1), 1.5, math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64,
		math.NaN(), math.Float64frombits(0x7ff0000000000001), math.Float64frombits(0xfff8dead0000beef),
		"", "a", "\x00\xff", strings.Repeat("x", 127), strings.Repeat("x", 128), strings.Repeat("é", 70000),
		[]byte(nil),
		[]byte{},
		[]byte{0},
		[]byte(strings.Repeat("b", 300)), make([]byte, 2*maxSlabBytes), make([]byte, maxSlabBytes-1),
		int(-5), int(math.MaxInt), int8(-128), int16(-32768), int32(math.MinInt32), int32(7),
		uint(7), uint(math.MaxUint), uint8(255), uint16(65535), uint32(math.MaxUint32), uint64(math.MaxUint64), uint64(0),
		float32(0.1), float32(math.Inf(-1)), math.Float32frombits(0x7f800001), math.Float32frombits(0x80000000),
		time.Time{},
		time.Date(2024, 2, 29, 23, 59, 59, 999999999, time.UTC),
	}
	tb := table{columns: column("v")}
	for _, v := range values {
		tb.rows = append(tb.rows, []driver.Value{v})
	}
	checkTables(t, mustDecode(t, encode(t, &Encoder{}, Header{}, tb)), []table{tb})
}

func TestColumnsKeepEverything(t *testing.T) {
	t.Parallel()
	columns := []Column{
		{},
		{Name: "id", DatabaseType: "INT8", ScanType: reflect.TypeFor[int64]()},
		{Name: "text", DatabaseType: "TEXT", Length: math.MaxInt64, HasLength: true},
		{Name: "varchar", DatabaseType: "VARCHAR", Length: 40, HasLength: true, HasNullable: true},
		{Name: "unbounded varchar", DatabaseType: "VARCHAR", Length: -5, HasLength: true, Nullable: true, HasNullable: true},
		{Name: "numeric", DatabaseType: "NUMERIC", Precision: 10, Scale: 2, HasPrecisionScale: true},
		{Name: "float", DatabaseType: "FLOAT", Precision: math.MaxInt64, Scale: math.MaxInt64, HasPrecisionScale: true},
		{Name: "no scale", Precision: 65535, HasPrecisionScale: true},
		{Name: "not applicable", Length: 7, Precision: 1, Scale: math.MinInt64, Nullable: true},
		{Name: "of the user's own", DatabaseType: "mood"},
		{Name: "none", DatabaseType: "\x00"},
		{Name: strings.Repeat("long ", 100), DatabaseType: strings.Repeat("T", 300)},
	}
	for _, scan := range scanTypes {
		columns = append(columns, Column{Name: "scan", ScanType: scan})
	}
	for _, name := range typeNames {
		columns = append(columns, Column{Name: name, DatabaseType: name})
	}
	tb := table{columns: columns}
	r := mustDecode(t, encode(t, &Encoder{}, Header{}, tb))
	checkTables(t, r, []table{tb})
	for i, name := range r.Names(0, nil) {
		if name != columns[i].Name {
			t.Errorf("Names(0)[%d] = %q, want %q", i, name, columns[i].Name)
		}
	}
}

func TestNumbersOfTypesFitTheirByte(t *testing.T) {
	t.Parallel()
	for name, n := range map[string][2]int{
		"scan types":     {len(scanTypes), len(scanNumbers)},
		"database types": {len(typeNames), len(typeNumbers)},
	} {
		if n[0] > 256 || n[0] != n[1] {
			t.Errorf("%s: %d entries, %d distinct; want no duplicates and at most 256", name, n[0], n[1])
		}
	}
}

func TestShapesRoundTrip(t *testing.T) {
	t.Parallel()
	two := []Column{{Name: "a"}, {Name: "b"}}
	for name, tables := range map[string][]table{
		"no columns":              {{}},
		"rows without columns":    {{rows: [][]driver.Value{{}, {}, {}}}},
		"no rows":                 {{columns: two}},
		"several sets":            {{columns: two, rows: [][]driver.Value{{"x", nil}}}, {}, {columns: column("c"), rows: [][]driver.Value{{int64(1)}, {nil}}}},
		"long rows between short": {{columns: column("c"), rows: [][]driver.Value{{"s"}, {strings.Repeat("l", 20000)}, {strings.Repeat("m", 126)}, {"t"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, how := range []Compression{Uncompressed, S2, Zstd} {
				checkTables(t, mustDecode(t, Compressed(encode(t, &Encoder{}, Header{}, tables...), how)), tables)
			}
		})
	}
}

func TestRandomResultsRoundTrip(t *testing.T) {
	t.Parallel()
	e := &Encoder{}
	for seed := range uint64(400) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		tables := randomTables(rnd)
		entry := Compressed(encode(t, e, Header{}, tables...), Compression(rnd.IntN(3)))
		checkTables(t, mustDecode(t, entry), tables)
	}
}

func randomTables(rnd *rand.Rand) []table {
	tables := make([]table, 1+rnd.IntN(3))
	for i := range tables {
		tables[i].columns = make([]Column, rnd.IntN(12))
		for k := range tables[i].columns {
			tables[i].columns[k] = randomColumn(rnd)
		}
		for range rnd.IntN(30) {
			row := make([]driver.Value, len(tables[i].columns))
			for k := range row {
				row[k] = randomValue(rnd)
			}
			tables[i].rows = append(tables[i].rows, row)
		}
	}
	return tables
}

func randomColumn(rnd *rand.Rand) Column {
	return Column{
		Name:         randomText(rnd, 20),
		DatabaseType: typeNames[rnd.IntN(len(typeNames))],
		ScanType:     scanTypes[rnd.IntN(len(scanTypes))],
		Length:       randomInt(rnd), HasLength: rnd.IntN(2) == 0,
		Nullable: rnd.IntN(2) == 0, HasNullable: rnd.IntN(2) == 0,
		Precision: randomInt(rnd), Scale: randomInt(rnd), HasPrecisionScale: rnd.IntN(2) == 0,
	}
}

func randomInt(rnd *rand.Rand) int64 { return int64(rnd.Uint64()) >> rnd.IntN(64) }

func randomText(rnd *rand.Rand, most int) string {
	b := make([]byte, rnd.IntN(most+1))
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return string(b)
}

var someZones = []*time.Location{
	time.UTC, time.Local, time.FixedZone("", 7200), time.FixedZone("UTC", 0), time.FixedZone("odd", -12345),
}

func randomValue(rnd *rand.Rand) driver.Value {
	n := randomInt(rnd)
	switch rnd.IntN(18) {
	case 0, 1:
		return nil
	case 2:
		return n%2 == 0
	case 3:
		return math.Float64frombits(rnd.Uint64())
	case 4, 5:
		return randomText(rnd, 300)
	case 6:
		return []byte(randomText(rnd, 300))
	case 7:
		return []byte(nil)
	case 8, 9:
		return time.Unix(n>>8, rnd.Int64N(1e9)).In(someZones[rnd.IntN(len(someZones))])
	case 10:
		return int(n)
	case 11:
		return int32(n)
	case 12:
		return uint64(n)
	case 13:
		return math.Float32frombits(rnd.Uint32())
	case 14:
		return int8(n)
	case 15:
		return uint16(n)
	}
	return n
}

type named string

func TestUnknownTypesAreRefused(t *testing.T) {
	t.Parallel()
	type money int64
	secret := "do not print me"
	text := "x"
	for _, v := range []driver.Value{
		named(secret), money(5), &text, json.RawMessage(secret),
		struct{}{},
		[]string{secret},
		complex(1, 2),
		[2]byte{},
		uintptr(1), new(time.Time),
		[]any{nil},
	} {
		var e Encoder
		if err := e.BeginSet([]Column{{Name: "first"}, {Name: "second"}}); err != nil {
			t.Fatal(err)
		}
		err := e.Row([]driver.Value{"fine", v})
		if !errors.Is(err, ErrUnsupported) {
			t.Errorf("Row of %T: error %v, want ErrUnsupported", v, err)
			continue
		}
		if msg := err.Error(); !strings.Contains(msg, reflect.TypeOf(v).String()) || strings.Contains(msg, secret) {
			t.Errorf("Row of %T: error %q should name the type and not the value", v, msg)
		}
		if again := e.Row([]driver.Value{"fine", "fine"}); !errors.Is(again, ErrUnsupported) {
			t.Errorf("Row after an error: %v, want the same error", again)
		}
		if entry := e.Finish(Header{}); entry != nil {
			t.Errorf("Finish after an error returned %d bytes, want nil", len(entry))
		}
	}
}

func TestUnknownScanTypeIsRefused(t *testing.T) {
	t.Parallel()
	var e Encoder
	err := e.BeginSet([]Column{{Name: "c", ScanType: reflect.TypeFor[named]()}})
	if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "rowcodec.named") {
		t.Fatalf("BeginSet: %v, want ErrUnsupported naming the type", err)
	}
	e.Reset()
	if err := e.BeginSet(column("c")); err != nil {
		t.Fatalf("BeginSet after Reset: %v", err)
	}
}

func TestRowsMustFitTheirSet(t *testing.T) {
	t.Parallel()
	var e Encoder
	if err := e.Row(nil); err == nil {
		t.Error("Row before BeginSet succeeded")
	}
	e.Reset()
	if err := e.BeginSet(column("c")); err != nil {
		t.Fatal(err)
	}
	if err := e.Row([]driver.Value{nil, nil}); err == nil {
		t.Error("a row of two values in a set of one column succeeded")
	}
}

func TestEntryNeedsASet(t *testing.T) {
	t.Parallel()
	if entry := new(Encoder).Finish(Header{}); entry != nil {
		t.Errorf("Finish without a set returned %x, want nil", entry)
	}
}

func TestNextRefusesShortDestination(t *testing.T) {
	t.Parallel()
	tb := table{columns: []Column{{Name: "a"}, {Name: "b"}}, rows: [][]driver.Value{{"x", "y"}}}
	c := mustDecode(t, encode(t, &Encoder{}, Header{}, tb)).Cursor(0)
	if err := c.Next(make([]driver.Value, 1)); err == nil {
		t.Fatal("Next into one value of two succeeded")
	}
	if err := c.Next(make([]driver.Value, 2)); err != nil {
		t.Fatalf("Next after a short destination: %v", err)
	}
}

func TestHeaderRoundTrips(t *testing.T) { // not parallel: it counts allocations
	for _, h := range []Header{
		{},
		{
			Vector: [16]byte{1, 2, 15: 16}, QueryID: math.MaxUint64 - 3,
			FilledAt: time.Date(2026, 3, 1, 12, 0, 0, 123000000, time.UTC),
			TTL:      90*time.Second + time.Millisecond, DBTime: 1234567 * time.Microsecond,
		},
	} {
		entry := encode(t, &Encoder{}, h, table{})
		got, err := DecodeHeader(entry)
		if err != nil || got != h {
			t.Errorf("DecodeHeader = %+v, %v, want %+v", got, err, h)
		}
		if n := testing.AllocsPerRun(10, func() { _, _ = DecodeHeader(entry) }); n != 0 {
			t.Errorf("DecodeHeader allocates %v times, want none", n)
		}
	}
}

func TestEncoderCountsAndIsReusable(t *testing.T) {
	t.Parallel()
	tb := table{columns: column("c"), rows: [][]driver.Value{{"one"}, {"two"}}}
	var e Encoder
	first := encode(t, &e, Header{}, tb, tb)
	if e.Rows() != 4 {
		t.Errorf("Rows() = %d, want 4", e.Rows())
	}
	if e.Size() > len(first) || e.Size() < len(first)-20 {
		t.Errorf("Size() = %d, entry has %d bytes; want nearly as many", e.Size(), len(first))
	}
	kept := string(first)
	second := encode(t, &e, Header{}, table{columns: column("other"), rows: [][]driver.Value{{"three"}}})
	if string(first) != kept {
		t.Error("the first entry changed when the Encoder was used again")
	}
	checkTables(t, mustDecode(t, second), []table{{columns: column("other"), rows: [][]driver.Value{{"three"}}}})
}

func TestEncoderCopiesBytes(t *testing.T) {
	t.Parallel()
	var e Encoder
	b := []byte("original")
	if err := e.BeginSet(column("c")); err != nil {
		t.Fatal(err)
	}
	if err := e.Row([]driver.Value{b}); err != nil {
		t.Fatal(err)
	}
	copy(b, "poisoned") // as drivers do after Next
	want := table{columns: column("c"), rows: [][]driver.Value{{[]byte("original")}}}
	checkTables(t, mustDecode(t, e.Finish(Header{})), []table{want})
}
