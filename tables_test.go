package cachedsql

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestTablesAreCountedByTheTagsAnnounced(t *testing.T) {
	t.Parallel()
	var counts tables
	now := time.Unix(1_700_000_000, 0)
	counts.announced([]string{"a/b", "shop.items", "shop.items-old", "shop.items/id/2c", "shop.items/id/3", "shop.items/sku/*"}, now)
	counts.announced([]string{"shop.items", "shop.items/id/*"}, now)
	counts.announced([]string{SchemaTag, WildcardTag}, now)
	want := map[string][2]int64{"a/b": {1, 0}, "shop.items": {2, 1}, "shop.items-old": {1, 0}, WildcardTag: {1, 0}}
	all := MergeTables(0, counts.each())
	if len(all) != len(want) || all[0].Table != "shop.items" {
		t.Errorf("tables: %+v", all)
	}
	for _, got := range all {
		if w := want[got.Table]; got.Invalidations != w[0] || got.ByKey != w[1] || !got.LastInvalidated.Equal(now) {
			t.Errorf("%+v, want %v", got, w)
		}
	}
}

func TestTablesAreBoundedAndNoCountIsLost(t *testing.T) {
	t.Parallel()
	var counts tables
	const names = maxTables + 50
	for i := range names {
		counts.announced([]string{fmt.Sprint("t", i)}, time.Now())
	}
	var sum int64
	all := MergeTables(10, counts.each(), []TableStats{{Table: "t1", Invalidations: 5}})
	for _, s := range all {
		sum += s.Invalidations
	}
	if len(all) != 11 || sum != names+5 || all[0].Table != "t1" || all[10].Table != OtherTables {
		t.Errorf("%d tables, %d announcements: %+v", len(all), sum, all)
	}
}

func TestPendingEventsAreCountedTogetherAndBounded(t *testing.T) {
	t.Parallel()
	var p pending
	for range 1000 {
		p.add(StreamEvent{Kind: StreamNote, Message: "the same"})
	}
	for i := range 2 * maxPending {
		p.add(StreamEvent{Kind: StreamNote, Message: fmt.Sprint(i)})
	}
	events, dropped := p.take()
	var sum int64
	for _, e := range events {
		sum += e.Count
	}
	if len(events) != maxPending || sum+dropped != 1000+2*maxPending || dropped != maxPending+1 {
		t.Errorf("%d events that count %d, %d dropped", len(events), sum, dropped)
	}
	p.lost(events, 3)
	if _, dropped := p.take(); dropped != sum+3 {
		t.Errorf("%d dropped, want %d", dropped, sum+3)
	}
}

// Redis quotes the arguments of a command that it does not know, such as one
// that was renamed.
func TestMessagesQuoteNoArguments(t *testing.T) {
	t.Parallel()
	err := errors.New("cachedsql: redis: fill: ERR unknown command 'set', with args beginning with: 'cachedsql:shop:e1:x' 'secret")
	if got := messageOf(err); strings.Contains(got, "secret") || !strings.Contains(got, "unknown command 'set'") {
		t.Errorf("got %q", got)
	}
}
