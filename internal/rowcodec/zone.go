package rowcodec

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
	"time"
)

// How a zone in the payload's table is to be made again.
const (
	zoneFixed = iota // time.FixedZone
	zoneNamed        // time.LoadLocation
)

// zone is one time zone of an entry being written. UTC and Local have tags of
// their own and never become zones.
type zone struct {
	kind   byte
	name   string
	offset int // of a fixed zone, seconds east of UTC
}

// zoneTable collects the zones of an entry.
type zoneTable struct {
	zones []zone

	// The last location looked up and the span of time for which the answer
	// holds. Almost every result has at most one.
	last       *time.Location
	start, end time.Time
	index      int
}

func (z *zoneTable) reset() { *z = zoneTable{zones: z.zones[:0]} }

// find returns the number of t's location in the table.
func (z *zoneTable) find(t time.Time) (int, error) {
	loc := t.Location()
	if loc == z.last && !t.Before(z.start) && (z.end.IsZero() || t.Before(z.end)) {
		return z.index, nil
	}
	zn, err := describe(t)
	if err != nil {
		return 0, err
	}
	if len(z.zones) == maxZones {
		return 0, fmt.Errorf("%w of more than %d time zones", ErrUnsupported, maxZones)
	}
	z.last, z.index = loc, z.add(zn)
	z.start, z.end = t.ZoneBounds()
	return z.index, nil
}

func (z *zoneTable) add(zn zone) int {
	for i := range z.zones {
		if z.zones[i] == zn {
			return i
		}
	}
	z.zones = append(z.zones, zn)
	return len(z.zones) - 1
}

// describe finds how t's location can be made again. A Location does not say
// where it comes from: it counts as fixed if it has no transition and carries
// its zone's name, as time.FixedZone makes them; otherwise it counts as loaded
// by name if loading the name gives the same zone around t.
func describe(t time.Time) (zone, error) {
	name, offset := t.Zone()
	start, end := t.ZoneBounds()
	loc := t.Location().String()
	if loc == name && start.IsZero() && end.IsZero() {
		return zone{kind: zoneFixed, name: name, offset: offset}, nil
	}
	if loc != "Local" { // LoadLocation would give another process its own
		if again, err := loadLocation(loc); err == nil && sameZone(t, t.In(again)) {
			return zone{kind: zoneNamed, name: loc}, nil
		}
	}
	return zone{}, fmt.Errorf("%w of time zone %q", ErrUnsupported, loc)
}

func sameZone(a, b time.Time) bool {
	aName, aOffset := a.Zone()
	bName, bOffset := b.Zone()
	aStart, aEnd := a.ZoneBounds()
	bStart, bEnd := b.ZoneBounds()
	return aName == bName && aOffset == bOffset && aStart.Equal(bStart) && aEnd.Equal(bEnd)
}

func (z *zoneTable) appendTo(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(z.zones)))
	for _, zn := range z.zones {
		dst = appendText(append(dst, zn.kind), zn.name)
		if zn.kind == zoneFixed {
			dst = appendZigzag(dst, int64(zn.offset))
		}
	}
	return dst
}

// readZones makes the locations of a payload's table.
func readZones(s string, i int) ([]*time.Location, int, error) {
	n, i := readCount(s, i)
	switch {
	case i == failed || n > maxZones:
		return nil, failed, nil
	case n == 0:
		return nil, i, nil
	}
	zones := make([]*time.Location, n)
	for k := range zones {
		var err error
		if zones[k], i, err = readZone(s, i); err != nil || i == failed {
			return nil, failed, err
		}
	}
	return zones, i, nil
}

func readZone(s string, i int) (*time.Location, int, error) {
	if i >= len(s) {
		return nil, failed, nil
	}
	kind := s[i]
	name, i := readText(s, i+1)
	if i == failed {
		return nil, failed, nil
	}
	name = strings.Clone(name) // a Location outlives the entry
	switch kind {
	case zoneNamed:
		loc, err := loadLocation(name)
		if err != nil {
			return nil, failed, fmt.Errorf("%w: %w", ErrZone, err)
		}
		return loc, i, nil
	case zoneFixed:
		offset, i := readZigzag(s, i)
		if i == failed || int64(int32(offset)) != offset {
			return nil, failed, nil
		}
		return time.FixedZone(name, int(offset)), i, nil
	}
	return nil, failed, nil
}

// locations remembers what time.LoadLocation read from disk. Its size is
// bounded by the number of zones there are, or maxLocations should names come
// from somebody with an imagination.
var locations struct {
	sync.RWMutex
	byName map[string]*time.Location
}

const maxLocations = 1024

func loadLocation(name string) (*time.Location, error) {
	locations.RLock()
	loc := locations.byName[name]
	locations.RUnlock()
	if loc != nil {
		return loc, nil
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, err
	}
	locations.Lock()
	defer locations.Unlock()
	if locations.byName == nil {
		locations.byName = make(map[string]*time.Location)
	}
	if len(locations.byName) < maxLocations {
		locations.byName[name] = loc
	}
	return loc, nil
}
