package zone

import (
	"os"
	"testing"
	"time"
)

func load(t *testing.T, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Skip(err)
	}
	return l
}

// named returns the rules of a zone under another name, as Local has them.
func named(t *testing.T, name, rules string) *time.Location {
	t.Helper()
	data, err := os.ReadFile("/usr/share/zoneinfo/" + rules)
	if err != nil {
		t.Skip(err)
	}
	l, err := time.LoadLocationFromTZData(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestRulesAreThoseOfTheZoneAndNotItsName(t *testing.T) {
	t.Parallel()
	berlin := Rules(load(t, "Europe/Berlin"))
	if got := Rules(named(t, "Local", "Europe/Berlin")); got != berlin {
		t.Errorf("Local with the rules of Berlin: got %s, want %s", got, berlin)
	}
	for _, other := range []*time.Location{
		time.UTC, load(t, "Europe/Paris"), load(t, "America/New_York"), named(t, "Local", "America/New_York"),
		time.FixedZone("CET", 3600), time.FixedZone("CEST", 7200),
	} {
		if Rules(other) == berlin {
			t.Errorf("%v has the rules of Berlin", other)
		}
	}
	if Rules(time.UTC) == Rules(time.FixedZone("", 60)) {
		t.Error("UTC has the rules of a zone one minute east of it")
	}
}
