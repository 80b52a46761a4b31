package cachedsql

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// An EventStream is a Store that also takes what happens in processes, for an
// operator's tools. Package redisstore's is one.
type EventStream interface {
	// AppendEvents adds events at the end. The oldest go when there are many.
	AppendEvents(ctx context.Context, events []StreamEvent) error
}

// StreamEvent is what a process tells of something that happened, for people
// who watch. It is told once in a while, after the fact, and may be lost:
// nothing may depend on it. It never holds argument values.
type StreamEvent struct {
	// Kind is one of the Stream constants.
	Kind string `json:"kind"`
	// Instance, Host and PID say in which process, see Instance.
	Instance string `json:"instance"`
	Host     string `json:"host,omitempty"`
	PID      int    `json:"pid,omitempty"`
	// Time is when it last happened, by the clock of the process.
	Time time.Time `json:"time"`
	// Tables are how often writes to each table were announced since the last
	// event of this kind.
	Tables map[string]int64 `json:"tables,omitempty"`
	// QueryID and Rule are those of the statement, if there is one.
	QueryID string `json:"query_id,omitempty"`
	Rule    string `json:"rule,omitempty"`
	// Message is an error's text, or what else is to be said.
	Message string `json:"message,omitempty"`
	// Count is how often it happened, since one event may stand for many.
	Count int64 `json:"count"`
	// Duration is how long it took, where that means something.
	Duration time.Duration `json:"duration_ns,omitempty"`
	// Dropped is how many events the process could not tell before this one.
	Dropped int64 `json:"dropped,omitempty"`
}

// The kinds of events in a stream.
const (
	// StreamStarted and StreamStopped: a Cache was made, or closed.
	StreamStarted = "started"
	StreamStopped = "stopped"
	// StreamInvalidated: writes were announced; see Tables.
	StreamInvalidated = "invalidate"
	// StreamCorrupt: a stored entry could not be used.
	StreamCorrupt = "corrupt"
	// StreamUnauthentic: a stored entry was refused, see Unauthentic.
	StreamUnauthentic = "unauthentic"
	// StreamStoreFailed: a call to the store failed.
	StreamStoreFailed = "store_failed"
	// StreamOutage: the store can be used again after Duration.
	StreamOutage = "outage"
	// StreamRules: other rules are in force; their version is the Message.
	StreamRules = "rules"
	// StreamNote: something an operator should know.
	StreamNote = "note"
)

// StreamKinds returns all kinds, those first that are looked for most.
func StreamKinds() []string {
	return []string{
		StreamInvalidated, StreamRules, StreamStarted, StreamStopped,
		StreamOutage, StreamStoreFailed, StreamCorrupt, StreamUnauthentic, StreamNote,
	}
}

const (
	// streamedPerReport is how often events are told in a report's interval.
	streamedPerReport = 5
	// maxPending bounds the events that wait to be told.
	maxPending = 50
	// maxStreamTables bounds the tables of one event.
	maxStreamTables = 50
	// maxMessageBytes bounds the text of one.
	maxMessageBytes = 400

	// farewellDeadline is how much the last events may hold up a Close.
	farewellDeadline = 200 * time.Millisecond
)

// pending are the events that wait to be told. The same thing happening again
// is counted, not listed, so that a storm of errors stays small.
type pending struct {
	mu      sync.Mutex
	events  map[pendingKey]*StreamEvent // under mu
	dropped int64                       // under mu; told with the next events
	untold  atomic.Int64                // all that were ever dropped
	off     bool                        // nobody takes them; set before first use
}

type pendingKey struct{ kind, queryID, message string }

// add notes an event. It does no I/O.
func (p *pending) add(e StreamEvent) {
	if p.off {
		return
	}
	e.Message, e.Time = shortened(e.Message, maxMessageBytes), time.Now()
	e.Count = max(e.Count, 1)
	key := pendingKey{e.Kind, e.QueryID, e.Message}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch there := p.events[key]; {
	case there != nil:
		there.Count += e.Count
		there.Duration = max(there.Duration, e.Duration)
		there.Time = e.Time
	case len(p.events) >= maxPending:
		p.dropped += e.Count
		p.untold.Add(e.Count)
	default:
		if p.events == nil {
			p.events = map[pendingKey]*StreamEvent{}
		}
		p.events[key] = &e
	}
}

// take returns what waits, in the order of time, and how many were dropped.
func (p *pending) take() (events []StreamEvent, dropped int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range p.events {
		events = append(events, *e)
	}
	slices.SortFunc(events, func(a, b StreamEvent) int { return a.Time.Compare(b.Time) })
	dropped = p.dropped
	p.events, p.dropped = nil, 0
	return events, dropped
}

// lost counts events that could not be told.
func (p *pending) lost(events []StreamEvent, dropped int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropped += dropped
	for i := range events {
		if events[i].Kind != StreamInvalidated { // what it counts is told with the next one
			p.dropped += events[i].Count
			p.untold.Add(events[i].Count)
		}
	}
}

// notice passes on what operators are to know of an event.
func (c *Cache) notice(e *Event) {
	switch e.Outcome {
	case Invalidated:
		c.tables.announced(e.Tags, time.Now())
	case Corrupt, Unauthentic, StoreFailed, Note:
		s := StreamEvent{Kind: e.Outcome.String(), QueryID: e.QueryID, Rule: e.Rule}
		if e.Err != nil {
			s.Message = messageOf(e.Err)
		}
		c.pending.add(s)
	}
}

// messageOf returns an error's text without the arguments that Redis quotes
// when it does not know a command: one of them may be a result.
func messageOf(err error) string {
	text, _, _ := strings.Cut(err.Error(), ", with args beginning with")
	return text
}

// streamer hands events to a store, on the reporter's goroutine.
type streamer struct {
	cache   *Cache
	stream  EventStream
	self    *Instance
	told    map[string]int64 // announcements by table
	failing bool
}

// newStreamer returns nil where nobody takes events.
func newStreamer(c *Cache, self *Instance) *streamer {
	stream, ok := c.store.(EventStream)
	if !ok {
		return nil
	}
	c.pending.add(StreamEvent{Kind: StreamStarted, Message: self.Version})
	return &streamer{cache: c, stream: stream, self: self, told: map[string]int64{}}
}

// send tells what has happened since the last time.
func (s *streamer) send(deadline time.Duration) {
	if s == nil || s.cache.gate.down.Load() {
		return
	}
	events, dropped := s.cache.pending.take()
	invalidated, now := s.invalidated()
	if invalidated.Count != 0 {
		events = append(events, invalidated)
	}
	if len(events) == 0 {
		s.cache.pending.lost(nil, dropped)
		return
	}
	for i := range events {
		e := &events[i]
		e.Instance, e.Host, e.PID = s.self.ID, s.self.Host, s.self.PID
	}
	events[0].Dropped = dropped
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	err := s.stream.AppendEvents(ctx, events)
	if err == nil {
		maps.Copy(s.told, now)
	} else {
		s.cache.pending.lost(events, dropped)
	}
	if err != nil && !s.failing {
		s.cache.config.Logger.Warn("cachedsql: events for operators not stored", "error", err)
	}
	s.failing = err != nil
}

// invalidated adds up the announcements that have not been told, and returns
// the counts that then will have been.
func (s *streamer) invalidated() (e StreamEvent, now map[string]int64) {
	e = StreamEvent{Kind: StreamInvalidated, Tables: map[string]int64{}, Time: time.Now()}
	now = map[string]int64{}
	more := map[string]int64{}
	for _, t := range s.cache.tables.each() {
		if n := t.Invalidations - s.told[t.Table]; n != 0 {
			more[t.Table], now[t.Table] = n, t.Invalidations
			e.Count += n
		}
	}
	names := slices.SortedFunc(maps.Keys(more), func(a, b string) int {
		return cmp.Or(cmp.Compare(more[b], more[a]), cmp.Compare(a, b))
	})
	for i, name := range names {
		if i >= maxStreamTables {
			name = OtherTables
		}
		e.Tables[name] += more[names[i]]
	}
	return e, now
}

// stopped tells that the Cache is closed.
func (s *streamer) stopped() {
	if s == nil {
		return
	}
	s.cache.pending.add(StreamEvent{Kind: StreamStopped, Message: fmt.Sprintf("after %v", time.Since(s.self.Started).Round(time.Second))})
	s.send(farewellDeadline)
}
