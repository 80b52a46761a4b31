package model

import (
	"fmt"
	"time"

	"github.com/cachedsql/cachedsql/internal/protocol"
)

// The near cache of one process, which a server tells of changes: one tag,
// writers that commit once each, and a connection on which requests, answers
// and messages travel in order, or are lost with it. What is made of them is
// decided by internal/protocol.
//
// The moments that count are those at which a write has begun. A hit keeps the
// promise if it misses no write that had begun when the heartbeat was sent that
// it relies on: any such write may have begun longer than the bound ago. It
// also must not miss a write of its own process that has returned.

// NearConfig says who takes part, what may go wrong, and what is left out.
type NearConfig struct {
	Name string
	// Writers commit once each. The first is the process's own if OwnWrites.
	Writers   int
	OwnWrites bool
	// Losses is how often the connection may be lost.
	Losses uint8
	// Deaths is how many writers may die between Begin and End.
	Deaths uint8
	// TellsFirst: a server tells of a change that a check makes itself before
	// it answers the check, as servers before 7.0.5 do.
	TellsFirst bool
	// Without leaves ingredients of the protocol out.
	Without protocol.Ingredient
	// Mistakes are those that no decision can prevent.
	Mistakes NearMistake
}

// NearMistake is a set of deviations in how messages travel and entries come
// in.
type NearMistake uint8

const (
	// SecondConnection tells of changes on another connection than answers.
	SecondConnection NearMistake = 1 << iota
	// Overtaking lets an answer overtake the message before it, as in
	// broadcasting mode.
	Overtaking
	// StampWhenStored puts an entry under the version that is known when it
	// comes in.
	StampWhenStored
	// AnswersOutliveDoubts believes the answer to a check that was sent before
	// a message which came first.
	AnswersOutliveDoubts
)

func (c *NearConfig) has(m NearMistake) bool { return c.Mistakes&m != 0 }

const nearQueue = 3

type nearKind uint8

const (
	noMessage nearKind = iota
	tellChange
	checkTag  // asked, or answered
	heartbeat // likewise
)

// nearMessage is a request on its way, or what the server sends.
type nearMessage struct {
	Kind    nearKind
	Token   uint8
	Settled bool
	Current bool  // a check: there has been no doubt since it was sent
	Begun   uint8 // a heartbeat: the writes that had begun when it was sent
}

type nearWriter uint8

const (
	waiting nearWriter = iota
	writing
	shown // and not ended
	ended
	died
)

// nearState is everything there is at one moment.
type nearState struct {
	Tag     register
	Commits uint8
	Seen    [maxWriters]uint8 // the number of each writer's commit
	Writers [maxWriters]nearWriter
	Losses  uint8
	Deaths  uint8

	Up, Tracked     bool
	Asked, Told     [nearQueue]nearMessage
	Aside           [nearQueue]nearMessage // of a second connection
	Known, Settled  bool
	Token           uint8
	Trusted         bool
	Base            uint8 // the writes that had begun when the bound began to run
	Permit, Queried bool  // an entry is on its way in
	PermitToken     uint8
	PermitSnapshot  uint8
	Entry           entry
	Tokens          uint8
}

// nearMachine makes the steps.
type nearMachine struct {
	NearConfig
	rules protocol.Rules
	out   []nearStep
	hits  int64
}

type nearStep = stepTo[nearState]

// stepTo leads to another state, or to a stale hit.
type stepTo[S any] struct {
	next  S
	text  string
	stale bool
}

// breadthFirst looks at every state that can be reached, at most limit of them,
// until it meets a stale hit.
func breadthFirst[S comparable](first S, limit int, steps func(S) []stepTo[S]) (r Result) {
	type origin struct {
		from S
		text string
	}
	seen := map[S]origin{first: {}}
	level := []S{first}
	for ; len(level) != 0 && len(seen) < limit; r.Depth++ {
		var next []S
		for _, s := range level {
			for _, st := range steps(s) {
				r.Steps++
				if st.stale {
					r.Trace = []string{st.text}
					for at := s; at != first; at = seen[at].from {
						r.Trace = append([]string{seen[at].text}, r.Trace...)
					}
					r.States = int64(len(seen))
					return r
				}
				if _, known := seen[st.next]; !known {
					seen[st.next] = origin{s, st.text}
					next = append(next, st.next)
				}
			}
		}
		level = next
	}
	r.States, r.Complete = int64(len(seen)), len(level) == 0
	return r
}

// ExploreNear looks at every state of the configuration, at most limit of
// them, until it meets a hit that breaks the promise.
func ExploreNear(c NearConfig, limit int) Result {
	m := &nearMachine{NearConfig: c, rules: protocol.Rules{Quarantine: span, LongestLease: span, Without: c.Without}}
	first := nearState{Up: true, Tokens: 1}
	first.Tag.Token = 1
	r := breadthFirst(first, limit, func(s nearState) []nearStep { m.steps(s); return m.out })
	r.Hits, r.Fills = m.hits, m.hits
	return r
}

func (m *nearMachine) add(s nearState, text string, args ...any) {
	s.rename()
	m.out = append(m.out, nearStep{next: s, text: fmt.Sprintf(text, args...)})
}

// rename gives tokens names in the order of their appearance.
func (s *nearState) rename() {
	var names renaming
	names.token(&s.Tag.Token)
	names.token(&s.Token)
	names.token(&s.PermitToken)
	names.token(&s.Entry.Vector[0])
	for _, q := range []*[nearQueue]nearMessage{&s.Asked, &s.Told, &s.Aside} {
		for i := range q {
			names.token(&q[i].Token)
		}
	}
	s.Tokens = names.next
}

func (s *nearState) fresh() string { return tokenNames[s.Tokens+1] }

func push(q *[nearQueue]nearMessage, msg nearMessage) bool {
	for i := range q {
		if q[i].Kind == noMessage {
			q[i] = msg
			return true
		}
	}
	return false
}

func pop(q *[nearQueue]nearMessage) nearMessage {
	msg := q[0]
	copy(q[:], q[1:])
	q[nearQueue-1] = nearMessage{}
	return msg
}

// changeTag runs one of internal/protocol's functions on the tag, and tells of
// it whoever has asked. It reports whether the network has room for that.
func (m *nearMachine) changeTag(s *nearState, f func(protocol.Tag) protocol.Tag) bool {
	before := s.Tag
	s.Tag.set(f(s.Tag.tag()))
	s.Tokens = max(s.Tokens, s.Tag.Token)
	if s.Tag == before || !s.Up || !s.Tracked {
		return true
	}
	s.Tracked = false
	if m.has(SecondConnection) {
		return push(&s.Aside, nearMessage{Kind: tellChange})
	}
	return push(&s.Told, nearMessage{Kind: tellChange})
}

func (m *nearMachine) steps(s nearState) {
	m.out = m.out[:0]
	for w := range m.Writers {
		m.write(s, w)
	}
	m.expire(s)
	m.ask(s)
	m.serve(s)
	m.receive(s)
	m.lose(s)
	m.fill(s)
	m.hit(s)
}

func (m *nearMachine) own(w int) bool { return m.OwnWrites && w == 0 }

// held reports whether the process writes to the tag.
func (m *nearMachine) held(s *nearState) bool {
	return m.OwnWrites && (s.Writers[0] == writing || s.Writers[0] == shown)
}

func (m *nearMachine) write(s nearState, w int) {
	switch s.Writers[w] {
	case waiting:
		if m.own(w) && m.rules.Without&protocol.HoldOwnWrites == 0 {
			m.doubt(&s)
		}
		s.Writers[w] = writing
		if m.changeTag(&s, func(t protocol.Tag) protocol.Tag { return m.rules.Begin(t, markers[w], span, now, s.fresh()) }) {
			m.add(s, "W%d begins", w)
		}
	case writing:
		s.Commits++
		s.Seen[w], s.Writers[w] = s.Commits, shown
		m.add(s, "W%d: COMMIT takes effect, #%d", w, s.Commits)
	case shown:
		m.endWrite(s, w)
	}
}

func (m *nearMachine) endWrite(s nearState, w int) {
	if s.Deaths < m.Deaths && !m.own(w) {
		dead := s
		dead.Deaths++
		dead.Writers[w] = died
		m.add(dead, "W%d dies", w)
	}
	s.Writers[w] = ended
	if m.own(w) && m.rules.Without&protocol.HoldOwnWrites == 0 {
		m.doubt(&s)
	}
	if m.changeTag(&s, func(t protocol.Tag) protocol.Tag { return m.rules.End(t, markers[w], now, s.fresh()) }) {
		m.add(s, "W%d ends", w)
	}
}

// expire lets the leases of the dead run out.
func (m *nearMachine) expire(s nearState) {
	for w := range m.Writers {
		if s.Writers[w] == died && s.Tag.Leases&^s.Tag.Passed&bit(w) != 0 {
			next := s
			next.Tag.Passed |= bit(w)
			m.add(next, "the lease of W%d runs out", w)
		}
	}
}

// ask sends a check or a heartbeat.
func (m *nearMachine) ask(s nearState) {
	check := s
	if push(&check.Asked, nearMessage{Kind: checkTag, Current: true}) && !s.Known && !s.asks(checkTag) {
		m.add(check, "a check is sent")
	}
	if !s.asks(heartbeat) && push(&s.Asked, nearMessage{Kind: heartbeat, Begun: m.begun(&s)}) {
		m.add(s, "a heartbeat is sent")
	}
}

func (s *nearState) asks(kind nearKind) bool {
	for _, q := range [][nearQueue]nearMessage{s.Asked, s.Told} {
		for _, msg := range q {
			if msg.Kind == kind && (kind != checkTag || msg.Current) {
				return true
			}
		}
	}
	return false
}

func (m *nearMachine) begun(s *nearState) (mask uint8) {
	for w := range m.Writers {
		if s.Writers[w] != waiting {
			mask |= bit(w)
		}
	}
	return mask
}

// serve has the server carry out what was asked first.
func (m *nearMachine) serve(s nearState) {
	if !s.Up || s.Asked[0].Kind == noMessage {
		return
	}
	msg := pop(&s.Asked)
	if msg.Kind == heartbeat {
		if !push(&s.Told, msg) {
			return // what the process does not read holds the server up
		}
		if m.has(Overtaking) {
			for i := nearQueue - 1; i > 0; i-- {
				if s.Told[i] == msg && s.Told[i-1].Kind == tellChange {
					s.Told[i], s.Told[i-1] = s.Told[i-1], s.Told[i]
					break
				}
			}
		}
		m.add(s, "the heartbeat is carried out")
		return
	}
	m.serveCheck(s, msg)
}

// serveCheck looks at the tag. What the check itself changes is told, too.
func (m *nearMachine) serveCheck(s nearState, msg nearMessage) {
	s.Tracked = false // what it changes is told by itself
	tag := s.Tag
	var settled bool
	m.changeTag(&s, func(t protocol.Tag) (next protocol.Tag) {
		next, settled = m.rules.Observe(t, now, s.fresh())
		return next
	})
	msg.Token, msg.Settled = s.Tag.Token, settled
	changed := s.Tag != tag
	s.Tracked = !changed
	ok := true
	tell := func() {
		if changed {
			ok = ok && push(&s.Told, nearMessage{Kind: tellChange})
		}
	}
	if m.TellsFirst {
		tell()
	}
	ok = push(&s.Told, msg) && ok
	if !m.TellsFirst {
		tell()
	}
	if ok {
		m.add(s, "the check is carried out: settled %v", settled)
	}
}

// followed is what the process knows, as the protocol has it. Whether a check
// was sent since the last doubt is all that counting doubts is for.
func (s *nearState) followed() protocol.Followed {
	f := protocol.Followed{Doubts: 1, Known: s.Known, Settled: s.Settled}
	f.Vector[0] = s.Token
	return f
}

func (s *nearState) take(f protocol.Followed) {
	s.Known, s.Settled, s.Token = f.Known, f.Settled, f.Vector[0]
	if f.Doubts == 1 {
		return
	}
	for _, q := range []*[nearQueue]nearMessage{&s.Asked, &s.Told} {
		for i := range q {
			q[i].Current = false
		}
	}
}

func (m *nearMachine) doubt(s *nearState) { s.take(m.rules.Doubt(s.followed())) }

// receive takes in the first message of a connection.
func (m *nearMachine) receive(s nearState) {
	if s.Aside[0].Kind != noMessage {
		next := s
		pop(&next.Aside)
		m.doubt(&next)
		m.add(next, "on the second connection: the tag has changed")
	}
	if s.Told[0].Kind == noMessage {
		return
	}
	switch msg := pop(&s.Told); msg.Kind {
	case tellChange:
		m.doubt(&s)
		m.add(s, "told: the tag has changed")
	case checkTag:
		var vector [16]byte
		vector[0] = msg.Token
		doubts := uint32(0)
		if msg.Current || m.has(AnswersOutliveDoubts) {
			doubts = 1
		}
		s.take(m.rules.Told(s.followed(), doubts, vector, msg.Settled, m.held(&s)))
		m.add(s, "the check is answered, settled %v: known %v", msg.Settled, s.Known)
	case heartbeat:
		const sent, answered, bound = 1 * time.Second, 2 * time.Second, time.Second
		s.Trusted, s.Base = true, msg.Begun
		if m.rules.ReliedOn(sent, answered, bound) != sent+bound {
			s.Base = m.begun(&s)
		}
		m.add(s, "the heartbeat is answered")
	}
}

// lose takes the connection away, and has the process notice at any time after.
func (m *nearMachine) lose(s nearState) {
	if s.Trusted {
		next := s
		next.Trusted, next.Base = false, 0
		m.add(next, "the bound has passed")
	}
	if s.Up && s.Losses < m.Losses {
		next := s
		next.Losses++
		next.Up, next.Tracked = false, false
		next.Asked, next.Told, next.Aside = [nearQueue]nearMessage{}, [nearQueue]nearMessage{}, [nearQueue]nearMessage{}
		m.add(next, "the connection is lost with what is on it")
	}
	if !s.Up {
		s.take(m.rules.Lost(s.followed()))
		s.Up, s.Trusted, s.Base = true, false, 0
		s.Asked = [nearQueue]nearMessage{}
		m.add(s, "the process notices, and connects again")
	}
}

// fill brings an entry in: the tag is checked on the ordinary road, the
// database asked, the result kept, with any time in between.
func (m *nearMachine) fill(s nearState) {
	switch {
	case !s.Permit:
		_, settled := m.rules.Observe(s.Tag.tag(), now, s.fresh())
		if s.Tag.Passed != 0 || !m.rules.MayFill(settled) || s.Entry.Present && s.Entry.Vector[0] == s.Tag.Token {
			return
		}
		s.Permit, s.PermitToken = true, s.Tag.Token
		m.add(s, "a miss: the version is read")
	case !s.Queried:
		s.Queried, s.PermitSnapshot = true, s.Commits
		m.add(s, "the database answers, snapshot #%d", s.Commits)
	default:
		s.Entry = entry{Present: true, Snapshot: s.PermitSnapshot, Vector: vector{s.PermitToken}}
		if m.has(StampWhenStored) {
			s.Entry.Vector[0] = s.Token
		}
		s.Permit, s.Queried, s.PermitToken, s.PermitSnapshot = false, false, 0, 0
		m.add(s, "the entry comes in, snapshot #%d", s.Entry.Snapshot)
	}
}

// hit serves the entry if it may be.
func (m *nearMachine) hit(s nearState) {
	until := time.Duration(0)
	if s.Trusted {
		until = 1
	}
	if !s.Entry.Present || !m.rules.MayRely(0, until) || !m.rules.IsNearHit(s.Entry.Vector.id(), s.followed()) {
		return
	}
	m.hits++
	for w := range m.Writers {
		missed := s.Seen[w] > s.Entry.Snapshot
		returned := m.own(w) && s.Writers[w] == ended
		if missed && (returned || s.Base&bit(w) != 0 || !s.Trusted) {
			m.out = append(m.out, nearStep{
				next: s, stale: true, text: fmt.Sprintf("HIT, snapshot #%d: misses W%d's #%d", s.Entry.Snapshot, w, s.Seen[w]),
			})
		}
	}
}
