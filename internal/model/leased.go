package model

import (
	"fmt"
	"time"

	"github.com/cachedsql/cachedsql/internal/protocol"
)

// The near cache of one process that serves without asking for a while, and
// writers that wait: one table, one tag, the register of what was declared, and
// a clock. Here time is not abstract: it counts, and every step may take any of
// it. What is made of it is decided by internal/protocol.
//
// A hit keeps the promise if it misses no write that has become visible.

// LeasedConfig says who takes part, what may go wrong, and what is left out.
type LeasedConfig struct {
	Name string
	// Writers commit once each. The first knows what was declared at the
	// beginning; the others have asked for nothing yet.
	Writers int
	// Evictions is how often what was declared may be lost, and Failovers how
	// often everything.
	Evictions, Failovers uint8
	// Without leaves ingredients of the protocol out.
	Without protocol.Ingredient
	// Mistakes are those that no decision can prevent.
	Mistakes LeasedMistake
}

// LeasedMistake is a set of deviations in what is measured.
type LeasedMistake uint8

const (
	// ShortWait lets a writer wait for less than the bound.
	ShortWait LeasedMistake = 1 << iota
	// WaitFromSending begins the wait when begin is sent.
	WaitFromSending
	// KeptForgotten takes what is declared for all there ever was.
	KeptForgotten
)

func (c *LeasedConfig) has(m LeasedMistake) bool { return c.Mistakes&m != 0 }

// Times, in ticks of the clock. A registers' quarantine lasts longer than the
// longest bound, and the clock runs for longer than that together with a bound.
const (
	leasedBound   time.Duration = 2
	leasedLongest time.Duration = 3
	leasedNames   uint8         = 4
	leasedHorizon uint8         = 6
)

const leasedTable = "table"

type leasedStep uint8

const (
	notBegun leasedStep = iota
	beginSent
	beginDone
	beginAcked
	visible
	finished
)

type leasedWriter struct {
	Step     leasedStep
	Under    uint8 // the schema token it knows bounds by; 0: none
	Knows    bool  // the table's bound is among them
	Certain  uint8 // nobody relies on lost ones from then on
	Sent     uint8 // when begin was
	Begun    uint8 // when it was acknowledged
	Returned uint8 // the schema token that came with it
}

type leasedCheck struct {
	Phase   uint8 // 0: none, 1: sent, 2: carried out
	Sent    uint8
	Token   uint8
	Schema  uint8
	Settled bool
	Until   uint8 // once it is answered
}

// leasedState is everything there is at one moment.
type leasedState struct {
	Clock   uint8
	Commits uint8
	Seen    [maxWriters]uint8 // the number of each writer's commit
	Writers [maxWriters]leasedWriter

	Tag      register
	Schema   uint8
	Names    bool  // the register is there
	Declared bool  // with the table's bound
	Born     uint8 // when it came into being, after one was lost
	Reborn   bool  // one was
	Forgot   bool  // the server has lost everything, and nobody has noticed
	History  uint8 // when the present history began
	Failed   bool  // it is not the first

	Evictions, Failovers uint8

	Relies       uint8 // the schema token that the reader declared its bound under
	Check, Found leasedCheck
	Permit       bool // an entry is on its way in
	PermitToken  uint8
	Filled       bool // once is enough
	Entry        entry
	Tokens       uint8
}

type leasedMachine struct {
	LeasedConfig
	tags, names protocol.Rules
	out         []stepTo[leasedState]
	hits        int64
}

// ExploreLeased looks at every state of the configuration, at most limit of
// them, until it meets a hit that breaks the promise.
func ExploreLeased(c LeasedConfig, limit int) Result {
	m := &leasedMachine{
		LeasedConfig: c,
		tags:         protocol.Rules{Quarantine: span, LongestLease: span, Without: c.Without},
		names:        protocol.Rules{Quarantine: protocol.Millis(leasedNames), Without: c.Without},
	}
	first := leasedState{Tokens: 2, Schema: 2, Names: true}
	first.Tag.Token = 1
	first.Writers[0].Under = first.Schema
	first.Entry = entry{Present: true, Vector: vector{1}}
	r := breadthFirst(first, limit, func(s leasedState) []stepTo[leasedState] { m.steps(s); return m.out })
	r.Hits, r.Fills = m.hits, m.hits
	return r
}

func (m *leasedMachine) add(s leasedState, text string, args ...any) {
	clock := s.Clock
	m.forget(&s)
	var names renaming
	names.token(&s.Tag.Token)
	names.token(&s.Schema)
	names.token(&s.Relies)
	names.token(&s.Entry.Vector[0])
	names.token(&s.PermitToken)
	for _, c := range []*leasedCheck{&s.Check, &s.Found} {
		names.token(&c.Token)
		names.token(&c.Schema)
	}
	for w := range m.Writers {
		names.token(&s.Writers[w].Under)
		names.token(&s.Writers[w].Returned)
	}
	s.Tokens = names.next
	m.out = append(m.out, stepTo[leasedState]{next: s, text: fmt.Sprintf("%d: ", clock) + fmt.Sprintf(text, args...)})
}

// forget clears what makes no difference any more, so that there are fewer
// states.
func (m *leasedMachine) forget(s *leasedState) {
	late := func(moment uint8) bool { return moment <= s.Clock }
	if late(s.Found.Until) {
		s.Found = leasedCheck{}
	}
	if m.Without&protocol.LeaseFromSending == 0 && s.Check.Phase != 0 && late(s.Check.Sent+uint8(leasedBound)) {
		s.Check = leasedCheck{} // what is answered so late is not served
	}
	if s.Relies != s.Schema && s.Relies != s.Found.Schema && s.Relies != s.Check.Schema {
		s.Relies = 0
	}
	if late(s.Born + leasedNames) {
		s.Born, s.Reborn = 0, false
	}
	if late(s.History + leasedNames) {
		s.History, s.Failed = 0, false
	}
	for w := range m.Writers {
		x := &s.Writers[w]
		if late(x.Certain) {
			x.Certain = 0
		}
		if !m.has(WaitFromSending) {
			x.Sent = 0
		}
		if x.Step >= visible {
			*x = leasedWriter{Step: x.Step}
		}
	}
}

func (s *leasedState) fresh() string { return tokenNames[s.Tokens+1] }

func (s *leasedState) at(clock uint8) time.Duration { return time.Duration(clock) }

// steps are all that can happen next.
func (m *leasedMachine) steps(s leasedState) {
	m.out = m.out[:0]
	if s.Clock < leasedHorizon {
		next := s
		next.Clock++
		m.add(next, "time passes")
	}
	for w := range m.Writers {
		m.write(s, w)
	}
	m.lose(s)
	m.declare(s)
	m.check(s)
	m.fill(s)
	m.hit(s)
}

// notice is what every script does first.
func (m *leasedMachine) notice(s *leasedState) {
	if s.Forgot {
		s.Forgot = false
		s.History, s.Failed = s.Clock, true
		s.Tag = register{}
		s.Names, s.Declared = false, false
		s.Tokens++
		s.Schema = s.Tokens
	}
}

// changeTag runs one of internal/protocol's functions on the tag.
func (m *leasedMachine) changeTag(s *leasedState, f func(protocol.Tag) protocol.Tag) {
	s.Tag.set(f(s.Tag.tag()))
	s.Tokens = max(s.Tokens, s.Tag.Token)
}

// declared asks for the bounds, and declares the reader's if it is the one that
// asks. It returns for how long none can have been lost.
func (m *leasedMachine) declared(s *leasedState, table ...string) time.Duration {
	m.notice(s)
	names, now := protocol.Names{}, protocol.Millis(s.Clock)
	if s.Names {
		names.Token = "names"
	}
	if s.Names && s.Reborn {
		names.Leases = append(names.Leases, protocol.Lease{Marker: "!", Deadline: protocol.Millis(s.Born + leasedNames)})
	}
	if s.Declared {
		names.Leases = append(names.Leases, protocol.Lease{Marker: leasedTable, Deadline: now})
	}
	lost := names.Missing()
	next, schema := m.names.Declare(names, protocol.Tag{Token: tokenNames[s.Schema]}, table, now, s.fresh())
	if schema.Token == s.fresh() {
		s.Tokens++
		s.Schema = s.Tokens
	}
	s.Names, s.Declared = true, s.Declared || len(table) != 0
	if lost {
		s.Born, s.Reborn = s.Clock, true
	}
	era := protocol.Era{}
	if s.Failed {
		era.Quarantine = protocol.Millis(s.History + leasedNames)
	}
	return time.Duration(m.names.Kept(next, era, now))
}

func (m *leasedMachine) write(s leasedState, w int) {
	x := &s.Writers[w]
	switch x.Step {
	case notBegun:
		x.Step, x.Sent = beginSent, s.Clock
		m.add(s, "W%d sends its begin", w)
	case beginSent:
		m.notice(&s)
		m.changeTag(&s, func(t protocol.Tag) protocol.Tag { return m.tags.Begin(t, markers[w], span, now, s.fresh()) })
		x.Step, x.Returned = beginDone, s.Schema
		m.add(s, "the begin of W%d is carried out", w)
	case beginDone:
		x.Step, x.Begun = beginAcked, s.Clock
		m.add(s, "the begin of W%d is acknowledged", w)
	case beginAcked:
		m.wait(s, w)
	case visible:
		m.notice(&s)
		m.changeTag(&s, func(t protocol.Tag) protocol.Tag { return m.tags.End(t, markers[w], now, s.fresh()) })
		x.Step = finished
		m.add(s, "W%d ends", w)
	}
}

// wait has a writer ask for the bounds if need be, and then become visible when
// it may.
func (m *leasedMachine) wait(s leasedState, w int) {
	x := &s.Writers[w]
	if x.Under == 0 || !m.tags.KnowsBounds(tokenNames[x.Under], tokenNames[x.Returned]) {
		kept := m.declared(&s)
		if m.has(KeptForgotten) {
			kept = leasedLongest
		}
		x.Under, x.Returned, x.Knows = s.Schema, s.Schema, s.Declared
		x.Certain = uint8(max(m.tags.CertainFrom(s.at(s.Clock), kept, leasedLongest), 0))
		m.add(s, "W%d asks for the bounds: declared %v, kept %d", w, x.Knows, kept)
		return
	}
	bound, begun := time.Duration(0), s.at(x.Begun)
	if x.Knows {
		bound = leasedBound
	}
	if m.has(ShortWait) && bound > 0 {
		bound--
	}
	if m.has(WaitFromSending) {
		begun = s.at(x.Sent)
	}
	if s.at(s.Clock) < m.tags.VisibleFrom(begun, bound, s.at(x.Certain)) {
		return
	}
	s.Commits++
	s.Seen[w], x.Step = s.Commits, visible
	m.add(s, "W%d has waited, and COMMIT takes effect, #%d", w, s.Commits)
}

// lose has the server forget.
func (m *leasedMachine) lose(s leasedState) {
	if s.Names && s.Evictions < m.Evictions {
		next := s
		next.Evictions++
		next.Names, next.Declared = false, false
		m.add(next, "what was declared is evicted")
	}
	if !s.Forgot && s.Failovers < m.Failovers {
		s.Failovers++
		s.Forgot = true
		m.add(s, "the server loses everything")
	}
}

// declare has the reader declare its bound.
func (m *leasedMachine) declare(s leasedState) {
	if s.Relies == s.Schema && s.Declared {
		return
	}
	m.declared(&s, leasedTable)
	s.Relies = s.Schema
	m.add(s, "the reader declares its bound")
}

// check has the reader ask for the tag.
func (m *leasedMachine) check(s leasedState) {
	c := &s.Check
	switch c.Phase {
	case 0:
		c.Phase, c.Sent = 1, s.Clock
		m.add(s, "a check is sent")
	case 1:
		m.notice(&s)
		m.changeTag(&s, func(t protocol.Tag) (next protocol.Tag) {
			next, c.Settled = m.tags.Observe(t, now, s.fresh())
			return next
		})
		c.Phase, c.Token, c.Schema = 2, s.Tag.Token, s.Schema
		m.add(s, "the check is carried out: settled %v", c.Settled)
	default:
		s.Found = s.Check
		s.Found.Until = uint8(m.tags.ServedUntil(s.at(c.Sent), s.at(s.Clock), leasedBound))
		s.Check = leasedCheck{}
		m.add(s, "the check is answered, and counts until %d", s.Found.Until)
	}
}

// fill brings an entry in: the tag is checked, then the database asked.
func (m *leasedMachine) fill(s leasedState) {
	if !s.Permit {
		_, settled := m.tags.Observe(s.Tag.tag(), now, s.fresh())
		if s.Forgot || s.Filled || !m.tags.MayFill(settled) || s.Entry.Vector[0] == s.Tag.Token {
			return
		}
		s.Permit, s.PermitToken = true, s.Tag.Token
		m.add(s, "a miss: the version is read")
		return
	}
	s.Entry = entry{Present: true, Snapshot: s.Commits, Vector: vector{s.PermitToken}}
	s.Permit, s.PermitToken, s.Filled = false, 0, true
	m.add(s, "the entry comes in, snapshot #%d", s.Entry.Snapshot)
}

// hit serves the entry if it may be.
func (m *leasedMachine) hit(s leasedState) {
	f := &s.Found
	if f.Phase == 0 || s.Relies == 0 && m.Without&protocol.DeclaredFirst == 0 ||
		!m.tags.MayRelyOnDeclared(tokenNames[s.Relies], tokenNames[f.Schema]) {
		return
	}
	if !m.tags.IsLeasedHit(s.Entry.Vector.id(), vector{f.Token}.id(), f.Settled, s.at(s.Clock), s.at(f.Until)) {
		return
	}
	m.hits++
	for w := range m.Writers {
		if s.Seen[w] > s.Entry.Snapshot {
			m.out = append(m.out, stepTo[leasedState]{
				next: s, stale: true,
				text: fmt.Sprintf("%d: HIT, snapshot #%d: misses W%d's #%d", s.Clock, s.Entry.Snapshot, w, s.Seen[w]),
			})
		}
	}
}
