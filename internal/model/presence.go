package model

import (
	"cmp"
	"slices"

	"github.com/cachedsql/cachedsql/internal/protocol"
)

// presence is the register of one shard's registrations: which there are, and
// how far each has come.
type presence struct {
	Current       bool  // of the server's present history
	Writers       uint8 // as bits, with that of the unknown
	Lapsed, Ended uint8 // those of them that have lapsed or ended
	QuarantineFor uint8 // whom the unknown one stands for
}

// link is what a writer in wait mode knows and owes.
type link struct {
	Cut        bool  // it cannot reach Redis
	Registered bool  // every shard has acknowledged, and nothing has ended since
	Renewed    uint8 // shards that have acknowledged, while not all have
	Waited     bool  // its registration must have lapsed
	Owes       bool  // a COMMIT sent without begin has not been told to all tags
	Told       uint8 // tags that have been told
}

func (m *machine) waits(w int) bool { return m.Waits&bit(w) != 0 }

// register makes the register what internal/protocol knows.
func (p *presence) register() protocol.Presence {
	r := protocol.Presence{}
	if p.Writers != 0 || p.Current {
		r.History = "old"
	}
	if p.Current {
		r.History = "now"
	}
	for i, name := range markers {
		b := bit(i)
		if p.Writers&b == 0 {
			continue
		}
		lapses := ahead
		switch {
		case p.Ended&b != 0:
			lapses = behind - span
		case p.Lapsed&b != 0:
			lapses = behind
		}
		r.Writers = append(r.Writers, protocol.Registration{Writer: name, Lapses: lapses, Ends: lapses + span})
	}
	// As it is kept: who lapses first comes first, and time changes no order.
	slices.SortStableFunc(r.Writers, func(a, b protocol.Registration) int { return cmp.Compare(a.Lapses, b.Lapses) })
	return r
}

func (p *presence) set(r protocol.Presence) {
	*p = presence{Current: r.History == "now", QuarantineFor: p.QuarantineFor}
	for _, w := range r.Writers {
		b := markerBit(w.Writer)
		p.Writers |= b
		if w.Lapses <= now {
			p.Lapsed |= b
		}
		if w.Ends <= now {
			p.Ended |= b
		}
	}
	if p.Writers&quarantined == 0 {
		p.QuarantineFor = 0
	}
}

// changePresence runs one of internal/protocol's functions on the register of
// a shard. The tag stands in for the schema tag beside it: another token in
// every vector.
func (m *machine) changePresence(s *state, t int, f func(protocol.Presence) (protocol.Presence, bool)) {
	p := &s.Primary.Presence[t]
	known := p.Current
	next, swept := f(p.register())
	p.set(next)
	if !known && p.Writers&quarantined != 0 {
		p.QuarantineFor = m.absent(s)
	}
	if swept {
		m.change(s, t, func(tag protocol.Tag) protocol.Tag { return m.rules.End(tag, "", now, m.fresh(s)) })
	}
}

// absent are the writers that may write without begin on the strength of what
// was registered.
func (m *machine) absent(s *state) (mask uint8) {
	for w := range m.Writes {
		if l := &s.Writers[w].Link; l.Registered || l.Owes {
			mask |= bit(w)
		}
	}
	return mask
}

// observePresence is the part of a reader's check that looks at registrations.
func (m *machine) observePresence(s *state, t int) (settled bool) {
	if m.Waits == 0 {
		return true
	}
	m.changePresence(s, t, func(p protocol.Presence) (next protocol.Presence, swept bool) {
		next, settled, swept = m.rules.ObservePresence(p, "now", now)
		return next, swept
	})
	return settled
}

// away offers the steps that only a writer in wait mode takes.
func (m *machine) away(s *state, w int, out *steps) {
	if !m.waits(w) || s.Writers[w].Step.dead() {
		return
	}
	l := s.Writers[w].Link
	switch {
	case !l.Cut && s.Used.Cuts < m.Budget.Cuts:
		next := *s
		next.Used.Cuts++
		next.Writers[w].Link.Cut = true
		out.add(next, "W%d is CUT OFF from Redis", m.writers[w])
	case l.Cut:
		next := *s
		next.Writers[w].Link.Cut = false
		out.add(next, "W%d reaches Redis again", m.writers[w])
	}
	if l.Cut && l.Registered && !l.Waited && !m.counted(s, w) {
		next := *s
		next.Writers[w].Link.Waited = true
		out.add(next, "W%d has waited until its registration must have lapsed", m.writers[w])
	}
	m.sendAway(s, w, out)
	m.tellInFlight(s, w, out)
	m.renewRegistration(s, w, out)
}

// counted reports whether a shard counts the writer as present.
func (m *machine) counted(s *state, w int) bool {
	for t := range m.Tags {
		if p := &s.Primary.Presence[t]; p.Current && p.Writers&^p.Lapsed&bit(w) != 0 {
			return true
		}
	}
	return false
}

// sendAway is a COMMIT without begin.
func (m *machine) sendAway(s *state, w int, out *steps) {
	wr := &s.Writers[w]
	if wr.Step != beginning || !wr.Link.Cut {
		return
	}
	// The writer's own clock, in units of a quarter of a lease.
	at, window := 2*leaseTime, protocol.Away{From: 3 * leaseTime}
	if wr.Link.Waited {
		window.From = leaseTime
	}
	if wr.Link.Registered {
		window.Until = 4 * leaseTime
	}
	if !m.rules.MayWriteAway(window, at, leaseTime) {
		return
	}
	next := *s
	n := &next.Writers[w]
	n.Step, n.Begun, n.Link.Owes, n.Link.Told = inFlight, 0, true, 0
	next.forget(w)
	out.add(next, "W%d sends COMMIT without begin", m.writers[w])
}

// tellInFlight leases the tags of a COMMIT whose outcome is not known yet when
// its writer reaches Redis again.
func (m *machine) tellInFlight(s *state, w int, out *steps) {
	wr := &s.Writers[w]
	if wr.Link.Cut || !wr.Link.Owes || wr.Step != inFlight && wr.Step != unknown && wr.Step != over {
		return
	}
	for t := range m.Tags {
		if m.Writes[w]&bit(t)&^wr.Link.Told != 0 {
			next := *s
			m.begin(&next, w, t)
			next.told(m, w, t)
			out.add(next, "W%d (%v) leases tag %d for the COMMIT it sent without", m.writers[w], wr.Step, t)
		}
	}
}

// told notes that a tag has been told of a COMMIT that was sent without begin.
func (s *state) told(m *machine, w, t int) {
	l := &s.Writers[w].Link
	if !l.Owes {
		return
	}
	if l.Told |= bit(t); l.Told == m.Writes[w] {
		l.Owes, l.Told = false, 0
	}
}

// renewRegistration is what a writer does all the time while it reaches Redis
// and owes nothing.
func (m *machine) renewRegistration(s *state, w int, out *steps) {
	l := s.Writers[w].Link
	if l.Cut || l.Owes && !m.has(RegisterFirst) {
		return
	}
	for t := range m.Tags {
		next := *s
		m.registerIn(&next, w, t)
		n := &next.Writers[w].Link
		n.Waited = false
		if !n.Registered {
			if n.Renewed |= bit(t); n.Renewed == bit(m.Tags)-1 {
				n.Registered, n.Renewed = true, 0
			}
		}
		next.Primary.Presence[t].QuarantineFor &^= bit(w)
		if next != *s {
			out.add(next, "W%d registers in shard %d", m.writers[w], t)
		}
	}
}

func (m *machine) registerIn(s *state, w, t int) {
	m.changePresence(s, t, func(p protocol.Presence) (next protocol.Presence, swept bool) {
		next, swept, _ = m.rules.Register(p, "now", markers[w], ahead, now)
		return next, swept
	})
}

// lateRegistration is a request that its writer gave up on, and that the
// network kept until the moment it names had passed.
func (m *machine) lateRegistration(s *state, w int, out *steps) {
	if !m.waits(w) || s.Used.LateRegistrations >= m.Budget.LateRegistrations || !s.Writers[w].Link.Waited {
		return
	}
	for t := range m.Tags {
		next := *s
		next.Used.LateRegistrations++
		m.changePresence(&next, t, func(p protocol.Presence) (after protocol.Presence, swept bool) {
			after, swept, _ = m.rules.Register(p, "now", markers[w], behind, now)
			return after, swept
		})
		out.add(next, "a registration of W%d arrives late in shard %d", m.writers[w], t)
	}
}

// lapse lets registrations lapse and end.
func (m *machine) lapse(s *state, out *steps) {
	if m.Waits == 0 {
		return
	}
	for t := range m.Tags {
		p := s.Primary.Presence[t]
		for i := range markers {
			b := bit(i)
			switch {
			case !p.Current || (p.Writers&^p.Ended)&b == 0:
			case p.Lapsed&b == 0:
				next := *s
				next.Primary.Presence[t].Lapsed |= b
				out.add(next, "the registration of %s lapses in shard %d", m.marker(i), t)
			default:
				who := b
				if b == quarantined {
					who = p.QuarantineFor
				}
				next := *s
				if m.outlivedAbsence(&next, who) {
					next.Primary.Presence[t].Ended |= b
					out.add(next, "the registration of %s ends in shard %d", m.marker(i), t)
				}
			}
		}
	}
}

// outlivedAbsence reports whether the absence of the writers may end: not while
// a COMMIT is in flight on the strength of it; and who has not sent one learns
// by its own clock that it is too late.
func (m *machine) outlivedAbsence(s *state, who uint8) bool {
	for w := range m.Writes {
		wr := &s.Writers[w]
		if who&bit(w) == 0 {
			continue
		}
		if wr.Link.Owes && wr.Step.flying() && !m.has(AbsenceWindow) {
			return false
		}
		wr.Link.Registered, wr.Link.Renewed = false, 0
	}
	return true
}
