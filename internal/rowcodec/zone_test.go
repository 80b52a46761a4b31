package rowcodec

import (
	"database/sql/driver"
	"errors"
	"testing"
	"time"
)

func mustLoad(t testing.TB, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Skipf("no time zone database: %v", err)
	}
	return loc
}

func TestTimesKeepInstantAndZone(t *testing.T) {
	t.Parallel()
	berlin, apia := mustLoad(t, "Europe/Berlin"), mustLoad(t, "Pacific/Apia")
	zones := []*time.Location{
		time.UTC, time.Local,
		time.FixedZone("", 0), time.FixedZone("", 7200), time.FixedZone("UTC", 0), time.FixedZone("CET", 3600),
		time.FixedZone("LMT", 3208), time.FixedZone("odd", -86399),
		berlin, apia, mustLoad(t, "Etc/GMT+5"), mustLoad(t, "EST"), mustLoad(t, "America/New_York"),
	}
	instants := []time.Time{
		{},
		time.Unix(0, 0), time.Unix(-1, 999999999), time.Unix(0, 1), time.Unix(0, 1000), time.Unix(1<<62, 0), time.Unix(-1<<62, 5),
		time.Date(-4713, 11, 24, 0, 0, 0, 0, time.UTC), // PostgreSQL's first
		time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
		time.Date(294276, 12, 31, 23, 59, 59, 999999000, time.UTC),                                     // and its last
		time.Date(2024, 10, 27, 0, 30, 0, 0, time.UTC), time.Date(2024, 10, 27, 1, 30, 0, 0, time.UTC), // 02:30 twice in Berlin
		time.Date(2011, 12, 30, 12, 0, 0, 0, time.UTC), // a day Apia does not have
		time.Now(),
	}
	tb := table{columns: make([]Column, len(zones))}
	for _, at := range instants {
		row := make([]driver.Value, len(zones))
		for i, loc := range zones {
			row[i] = at.In(loc)
		}
		tb.rows = append(tb.rows, row)
	}
	checkTables(t, mustDecode(t, encode(t, &Encoder{}, Header{}, tb)), []table{tb})
}

func TestMonotonicReadingIsDropped(t *testing.T) {
	t.Parallel()
	now := time.Now()
	tb := table{columns: column("t"), rows: [][]driver.Value{{now}}}
	got, err := walk(mustDecode(t, encode(t, &Encoder{}, Header{}, tb)))
	if err != nil {
		t.Fatal(err)
	}
	if v := got[0].rows[0][0]; v != now.Round(0) {
		t.Errorf("got %#v, want %#v", v, now.Round(0))
	}
}

func TestZoneThatCannotBeMadeAgainIsRefused(t *testing.T) {
	t.Parallel()
	mustLoad(t, "Europe/Berlin")
	for _, name := range []string{"Europe/Berlin", "Nowhere/Land", "Local", "UTC", ""} {
		loc, err := time.LoadLocationFromTZData(name, otherRules)
		if err != nil {
			t.Fatal(err)
		}
		var e Encoder
		if err := e.BeginSet(column("t")); err != nil {
			t.Fatal(err)
		}
		at := time.Date(2024, 7, 1, 0, 0, 0, 0, loc)
		if err := e.Row([]driver.Value{at}); !errors.Is(err, ErrUnsupported) {
			t.Errorf("Row of a time in a home-made zone %q: %v, want ErrUnsupported", name, err)
		}
	}
}

// otherRules is a time zone file with one transition, at the epoch, from +1
// hour "AAA" to +2 hours "BBB".
var otherRules = []byte("TZif" + "\x00" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\x00\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" + // UT indicators, standard indicators, leap seconds
	"\x00\x00\x00\x01" + "\x00\x00\x00\x02" + "\x00\x00\x00\x08" + // transitions, types, characters
	"\x00\x00\x00\x00" + "\x01" +
	"\x00\x00\x0e\x10\x00\x00" + "\x00\x00\x1c\x20\x00\x04" +
	"AAA\x00BBB\x00")

func TestUnknownZoneIsAnErrorOfItsOwn(t *testing.T) {
	t.Parallel()
	e := Encoder{zones: zoneTable{zones: []zone{{kind: zoneNamed, name: "Nowhere/Land"}}}}
	if err := e.BeginSet(nil); err != nil {
		t.Fatal(err)
	}
	_, err := Decode(e.Finish(Header{}))
	if !errors.Is(err, ErrZone) || errors.Is(err, ErrCorrupt) {
		t.Fatalf("Decode: %v, want ErrZone and not ErrCorrupt", err)
	}
}

func TestTooManyZonesAreRefused(t *testing.T) {
	t.Parallel()
	var e Encoder
	if err := e.BeginSet(column("t")); err != nil {
		t.Fatal(err)
	}
	for i := range maxZones {
		if err := e.Row([]driver.Value{time.Unix(0, 0).In(time.FixedZone("", i+1))}); err != nil {
			t.Fatalf("zone %d: %v", i, err)
		}
	}
	mustDecode(t, e.Finish(Header{}))
	if err := e.Row([]driver.Value{time.Unix(0, 0).In(time.FixedZone("", -1))}); !errors.Is(err, ErrUnsupported) {
		t.Fatalf("one zone more: %v, want ErrUnsupported", err)
	}
}
