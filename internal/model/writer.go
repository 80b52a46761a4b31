package model

import (
	"time"

	"github.com/cachedsql/cachedsql/internal/protocol"
)

// leaseTime is what a writer's own clock compares with; only the ratio counts.
const leaseTime = time.Second

// sinceBegin is the age of a writer's lease by its own clock.
func (w *writer) sinceBegin() time.Duration {
	if w.Old {
		return leaseTime
	}
	return 0
}

// write offers every step a writer can take.
func (m *machine) write(s *state, w int, out *steps) {
	wr := &s.Writers[w]
	switch wr.Step {
	case beginning:
		m.beginTags(s, w, out)
		m.renewOld(s, w, out)
	case begun:
		m.sendCommit(s, w, out)
		m.renewOld(s, w, out)
	case inFlight, crashedInFlight, unknown:
		m.decide(s, w, out)
	case committed, aborted:
		m.endTags(s, w, out)
	}
	m.lateBegin(s, w, out)
	m.crash(s, w, out)
	m.away(s, w, out)
	m.lateRegistration(s, w, out)
}

// at returns the writer at another step, with nothing begun.
func (w writer) at(step writerStep) writer { return writer{Step: step, Link: w.Link} }

func (m *machine) beginTags(s *state, w int, out *steps) {
	if s.Writers[w].Link.Cut {
		return
	}
	for t := range m.Tags {
		if m.Writes[w]&bit(t) == 0 || s.Writers[w].Begun&bit(t) != 0 {
			continue
		}
		next := *s
		m.begin(&next, w, t)
		wr := &next.Writers[w]
		if wr.Begun |= bit(t); wr.Begun == m.Writes[w] {
			wr.Step = begun
		}
		out.add(next, "W%d begins tag %d", m.writers[w], t)
		if s.Used.LostReply < m.Budget.LostReply {
			next := *s
			m.begin(&next, w, t)
			next.Used.LostReply++
			next.Writers[w] = next.Writers[w].at(over)
			next.forget(w)
			out.add(next, "W%d begins tag %d, the reply is lost: the write is refused", m.writers[w], t)
		}
	}
}

// renewOld is the begin that follows when half of the lease is over.
func (m *machine) renewOld(s *state, w int, out *steps) {
	wr := s.Writers[w]
	if wr.Begun == 0 {
		return
	}
	next := *s
	if !wr.Old {
		next.Writers[w].Old = true
		out.add(next, "W%d: half of the lease is over", m.writers[w])
		return
	}
	next.Writers[w] = wr.at(beginning)
	next.forget(w)
	out.add(next, "W%d begins anew", m.writers[w])
}

func (m *machine) sendCommit(s *state, w int, out *steps) {
	wr := &s.Writers[w]
	if !m.rules.MayCommit(wr.sinceBegin(), leaseTime) {
		return
	}
	next := *s
	next.Writers[w].Step = inFlight
	out.add(next, "W%d sends COMMIT", m.writers[w])
}

// decide is what becomes of a COMMIT in flight.
func (m *machine) decide(s *state, w int, out *steps) {
	wr := s.Writers[w]
	done, failed := committed, aborted
	if wr.Step != inFlight {
		done, failed = over, over
		if wr.Step == crashedInFlight && m.waits(w) {
			done, failed = crashed, crashed // it does not register any more
		}
	}
	next := *s
	next.Commits++
	next.Writers[w].Step = done
	next.forget(w)
	out.add(next, "W%d: COMMIT takes effect, #%d", m.writers[w], next.Commits)

	next = *s
	next.Writers[w].Step = failed
	next.forget(w)
	out.add(next, "W%d: COMMIT fails", m.writers[w])

	switch wr.Step {
	case inFlight:
		m.renewInFlight(s, w, out)
		if s.Used.LostReply < m.Budget.LostReply {
			next := *s
			next.Used.LostReply++
			next.Writers[w].Step = unknown
			out.add(next, "W%d loses its connection during COMMIT: the outcome is unknown", m.writers[w])
		}
	case unknown:
		if m.rules.MayEnd(protocol.Unknown) {
			m.endTags(s, w, out)
		}
	}
}

func (m *machine) renewInFlight(s *state, w int, out *steps) {
	if s.Used.Renewals >= m.Budget.Renewals || s.Writers[w].Link.Cut {
		return
	}
	for t := range m.Tags {
		if m.Writes[w]&bit(t) != 0 {
			next := *s
			next.Used.Renewals++
			m.begin(&next, w, t)
			out.add(next, "W%d renews its lease on tag %d", m.writers[w], t)
		}
	}
}

// lateBegin is a renewal that the network kept until its writer was through.
func (m *machine) lateBegin(s *state, w int, out *steps) {
	step := s.Writers[w].Step
	if s.Used.LateBegins >= m.Budget.LateBegins || step < committed {
		return
	}
	for t := range m.Tags {
		if m.Writes[w]&bit(t) != 0 {
			next := *s
			next.Used.LateBegins++
			m.begin(&next, w, t)
			out.add(next, "a renewal of W%d (%v) arrives late at tag %d", m.writers[w], step, t)
		}
	}
}

func (m *machine) endTags(s *state, w int, out *steps) {
	wr := s.Writers[w]
	if wr.Link.Cut {
		return
	}
	for t := range m.Tags {
		if m.Writes[w]&bit(t) == 0 || wr.End&bit(t) != 0 {
			continue
		}
		next := *s
		m.end(&next, w, t)
		next.told(m, w, t)
		n := &next.Writers[w]
		if n.End |= bit(t); n.End == m.Writes[w] && wr.Step != unknown {
			*n = n.at(over)
		}
		out.add(next, "W%d (%v) ends tag %d", m.writers[w], wr.Step, t)
	}
	if wr.Step != unknown && !wr.Link.Owes && s.Used.LostReply < m.Budget.LostReply {
		next := *s
		next.Used.LostReply++
		next.Writers[w] = wr.at(over)
		out.add(next, "W%d cannot reach Redis to end", m.writers[w])
	}
}

func (m *machine) crash(s *state, w int, out *steps) {
	wr := s.Writers[w]
	if s.Used.Crashes >= m.Budget.Crashes || wr.Step > aborted || wr.Step == beginning && wr.Begun == 0 {
		return
	}
	next := *s
	next.Used.Crashes++
	if wr.Step == inFlight {
		next.Writers[w].Step = crashedInFlight
	} else {
		next.Writers[w] = wr.at(crashed)
		next.forget(w)
	}
	out.add(next, "W%d CRASHES (%v)", m.writers[w], wr.Step)
}

// expire lets deadlines pass.
func (m *machine) expire(s *state, out *steps) {
	for t := range m.Tags {
		r := s.Primary.Tags[t]
		for i := range markers {
			marker := bit(i)
			if r.Leases&^r.Passed&marker == 0 {
				continue
			}
			who := marker
			switch marker {
			case quarantined:
				who = r.QuarantineFor
			case overflow:
				who = r.OverflowFor
			}
			next := *s
			if !m.outlived(&next, who, t, i < maxWriters) {
				continue
			}
			next.Primary.Tags[t].Passed |= marker
			out.add(next, "the deadline of %s on tag %d passes", m.marker(i), t)
		}
		if e := s.Primary.Eras[t]; e.Quarantine == running {
			next := *s
			if m.outlived(&next, e.QuarantineFor, t, false) {
				next.Primary.Eras[t].Quarantine = passed
				out.add(next, "the quarantine of era %d passes", t)
			}
		}
	}
}

// outlived reports whether a deadline that protects the writers may pass. Not
// while a COMMIT is in flight; and who has not sent one learns by its own clock
// that it is too late.
func (m *machine) outlived(s *state, who uint8, t int, own bool) bool {
	for w := range m.Writes {
		wr := &s.Writers[w]
		if who&bit(w) == 0 {
			continue
		}
		if relies := !own || !wr.Link.Owes || wr.Link.Told&bit(t) != 0; wr.Step.flying() && relies && !m.has(CommitWindow) {
			return false
		}
		if wr.Step == begun || wr.Step == beginning && (wr.Begun&bit(t) != 0 || !own && wr.Begun != 0) {
			wr.Old = true
		}
	}
	return true
}
