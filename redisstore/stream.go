package redisstore

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
)

var _ cachedsql.EventStream = (*Store)(nil)

// The events of all processes are one Redis Stream, in the slot of the reports:
//
//	{p:!}e      what happened, one event an entry
const (
	// streamLength is about how many events are kept: some megabytes.
	streamLength = 10_000
	// streamKept is for how long they are when no process adds any.
	streamKept  = 24 * time.Hour
	streamField = "e"

	// MaxEvents is the most that one call of Events returns.
	MaxEvents = 1000
)

func (s *Store) streamKey() string { return s.reportBase() + "e" }

// AppendEvents implements [cachedsql.EventStream]. A server that is full
// refuses.
func (s *Store) AppendEvents(ctx context.Context, events []cachedsql.StreamEvent) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	pipe := s.scripts.client.Pipeline()
	for i := range events {
		text, err := json.Marshal(&events[i])
		if err != nil {
			return fmt.Errorf("cachedsql: redis: event: %w", err)
		}
		pipe.XAdd(ctx, &redis.XAddArgs{Stream: s.streamKey(), MaxLen: streamLength, Approx: true, Values: []any{streamField, text}})
	}
	pipe.PExpire(ctx, s.streamKey(), streamKept)
	_, err := pipe.Exec(ctx)
	return wrap("add events", err)
}

// Event is something that happened in a process, as an Inspector sees it.
type Event struct {
	// ID is its place in the stream, to go on from.
	ID string `json:"id"`
	// Arrived is when it was told, by the server's clock.
	Arrived time.Time `json:"arrived"`
	cachedsql.StreamEvent
}

// TablesByCount returns the tables of the event, those first to which most
// writes were announced.
func (e *Event) TablesByCount() []string {
	return slices.SortedFunc(maps.Keys(e.Tables), func(a, b string) int {
		return cmp.Or(cmp.Compare(e.Tables[b], e.Tables[a]), cmp.Compare(a, b))
	})
}

// unreadableEvent is the Kind of what another version, or somebody else, has
// written.
const unreadableEvent = "unreadable"

// Events returns at most limit events that came after the one with the ID
// after, the oldest first. With after "" they are the newest. Events older than
// some thousand are gone, whoever has not read them.
func (i *Inspector) Events(ctx context.Context, after string, limit int) ([]Event, error) {
	if err := i.store.usable(ctx); err != nil {
		return nil, err
	}
	limit = min(max(limit, 1), MaxEvents)
	if after == "" {
		found, err := i.store.scripts.client.XRevRangeN(ctx, i.store.streamKey(), "+", "-", int64(limit)).Result()
		slices.Reverse(found)
		return readEvents(found), wrap("read events", err)
	}
	if !ValidEventID(after) {
		return nil, fmt.Errorf("cachedsql: redis: %q is not the ID of an event", after)
	}
	found, err := i.store.scripts.client.XRangeN(ctx, i.store.streamKey(), "("+after, "+", int64(limit)).Result()
	return readEvents(found), wrap("read events", err)
}

// ValidEventID reports whether an ID can be that of an event.
func ValidEventID(id string) bool {
	ms, seq, ok := strings.Cut(id, "-")
	_, err := strconv.ParseUint(ms, 10, 63)
	_, err2 := strconv.ParseUint(seq, 10, 64)
	return ok && err == nil && err2 == nil
}

func readEvents(found []redis.XMessage) []Event {
	events := make([]Event, len(found))
	for n, m := range found {
		e := &events[n]
		text, _ := m.Values[streamField].(string)
		if err := json.Unmarshal([]byte(text), &e.StreamEvent); err != nil || e.Kind == "" {
			e.StreamEvent = cachedsql.StreamEvent{Kind: unreadableEvent}
		}
		e.ID = m.ID
		ms, _, _ := strings.Cut(m.ID, "-")
		if n, err := strconv.ParseInt(ms, 10, 64); err == nil {
			e.Arrived = time.UnixMilli(n)
		}
	}
	return events
}
