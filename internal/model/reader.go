package model

// read offers every step a reader can take: the entry and each tag are looked
// at in any order, the database is asked at any time after, and what it
// answered arrives in Redis at any time after that, or never.
func (m *machine) read(s *state, i int, out *steps) {
	m.landFill(s, i, out)
	switch s.Readers[i].Step {
	case idle:
		m.startRead(s, i, out)
	case looking:
		m.look(s, i, out)
	case missed:
		m.ask(s, i, out)
	case asked:
		m.answer(s, i, out)
	case restamping:
		m.restamp(s, i, out)
	}
}

func (m *machine) landFill(s *state, i int, out *steps) {
	f := s.Readers[i].Fill
	if !f.Present {
		return
	}
	next := *s
	next.Primary.Entry = f
	next.Readers[i].Fill = entry{}
	out.fills++
	out.add(next, "the fill of R%d arrives, snapshot #%d", m.readers[i], f.Snapshot)
}

// startRead begins a read together with its first look at Redis: the latest
// moment, for which the promise is strictest.
func (m *machine) startRead(s *state, i int, out *steps) {
	r := &s.Readers[i]
	if int(r.Reads) >= m.Reads {
		return
	}
	if m.has(OldSnapshot) && !r.Pinned {
		next := *s
		next.Readers[i].Pinned, next.Readers[i].Snapshot = true, s.Commits
		out.add(next, "R%d opens a REPEATABLE READ transaction, snapshot #%d", m.readers[i], s.Commits)
	}
	next := *s
	next.Readers[i].Step, next.Readers[i].Floor, next.Readers[i].Settled = looking, s.Commits, true
	m.look(&next, i, out)
}

func (m *machine) look(s *state, i int, out *steps) {
	entryBit := bit(m.Tags)
	if s.Readers[i].Got&entryBit == 0 {
		next := *s
		r := &next.Readers[i]
		r.Got |= entryBit
		r.Entry = s.Primary.Entry
		m.found(&next, i, out, "R%d reads the entry", m.readers[i])
	}
	for t := range m.Tags {
		if s.Readers[i].Got&bit(t) == 0 {
			next := *s
			m.see(&next, i, t)
			m.found(&next, i, out, "R%d checks tag %d", m.readers[i], t)
		}
	}
}

// see notes what a check of one shard finds.
func (m *machine) see(s *state, i, t int) {
	settled := m.observe(s, t)
	r := &s.Readers[i]
	r.Got |= bit(t)
	r.Settled = r.Settled && settled
	r.Vector[2*t], r.Vector[2*t+1] = s.Primary.read(t)
}

// found decides when everything has been looked at.
func (m *machine) found(s *state, i int, out *steps, text string, args ...any) {
	r := &s.Readers[i]
	if r.Got != bit(m.Tags+1)-1 {
		out.add(*s, text, args...)
		return
	}
	if r.Entry.Present && !r.Pinned && m.rules.IsHit(r.Entry.Vector.id(), r.Vector.id(), r.Settled) {
		out.hits++
		m.finish(s, i, r.Entry.Snapshot, out, text+": HIT, snapshot #%d", append(args, r.Entry.Snapshot)...)
		return
	}
	r.Step, r.Entry = missed, entry{}
	out.add(*s, text+": miss, settled %v", append(args, r.Settled)...)
}

// ask sends the query. The answer has the snapshot of that moment.
func (m *machine) ask(s *state, i int, out *steps) {
	m.join(s, i, out)
	next := *s
	r := &next.Readers[i]
	if !r.Pinned {
		r.Snapshot = s.Commits
	}
	if m.has(VectorAfterQuery) {
		r.Step, r.Got, r.Settled = restamping, bit(m.Tags), true
		out.add(next, "R%d asks the database, snapshot #%d", m.readers[i], r.Snapshot)
		return
	}
	if !m.Flight && !m.has(FlightByKey) {
		m.answer(&next, i, out)
		return
	}
	r.Step = asked
	out.add(next, "R%d asks the database, snapshot #%d", m.readers[i], r.Snapshot)
}

// join takes the answer of a query that another reader has under way.
func (m *machine) join(s *state, i int, out *steps) {
	r := &s.Readers[i]
	for k := range m.Readers {
		o := &s.Readers[k]
		same := r.Settled && o.Settled && r.Vector == o.Vector
		if k == i || o.Step != asked || !(m.has(FlightByKey) || m.Flight && same) {
			continue
		}
		next := *s
		m.finish(&next, i, o.Snapshot, out, "R%d joins the query of R%d: snapshot #%d", m.readers[i], m.readers[k], o.Snapshot)
	}
}

// restamp takes the vector again, after the query.
func (m *machine) restamp(s *state, i int, out *steps) {
	for t := range m.Tags {
		if s.Readers[i].Got&bit(t) == 0 {
			next := *s
			m.see(&next, i, t)
			if r := &next.Readers[i]; r.Got == bit(m.Tags+1)-1 {
				r.Step = asked
			}
			out.add(next, "R%d takes the version of tag %d after its query", m.readers[i], t)
		}
	}
}

func (m *machine) answer(s *state, i int, out *steps) {
	next := *s
	r := &next.Readers[i]
	snapshot := r.Snapshot
	if m.rules.MayFill(r.Settled) {
		r.Fill = entry{Present: true, Snapshot: snapshot, Vector: r.Vector}
	}
	if r.Pinned {
		r.Floor = 0 // its own transaction may see its own snapshot
	}
	m.finish(&next, i, snapshot, out, "R%d has the database's answer, snapshot #%d; fills: %v", m.readers[i], snapshot, m.rules.MayFill(r.Settled))
}

// finish hands the result to the application. It is stale if a commit that was
// visible before the read began is not in it.
func (m *machine) finish(s *state, i int, snapshot uint8, out *steps, text string, args ...any) {
	r := &s.Readers[i]
	stale := snapshot < r.Floor
	*r = reader{Reads: r.Reads + 1, Fill: r.Fill}
	if stale {
		out.addStale(*s, text, args...)
		return
	}
	out.add(*s, text, args...)
}
