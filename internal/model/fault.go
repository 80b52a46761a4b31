package model

// fail offers everything that can go wrong in Redis.
func (m *machine) fail(s *state, out *steps) {
	m.failover(s, out)
	if s.Used.Flushes < m.Budget.Flushes {
		next := *s
		next.Used.Flushes++
		next.Primary = server{}
		out.add(next, "FLUSHALL")
	}
	for t := range m.Tags {
		if s.Used.TagLoss < m.Budget.TagLoss && s.Primary.Tags[t].Token != 0 {
			next := *s
			next.Used.TagLoss++
			next.Primary.Tags[t] = register{}
			out.add(next, "Redis evicts tag %d", t)
		}
		if s.Used.TagLoss < m.Budget.TagLoss && s.Primary.Presence[t].Current {
			next := *s
			next.Used.TagLoss++
			next.Primary.Presence[t] = presence{}
			out.add(next, "Redis evicts the registrations of shard %d", t)
		}
	}
	if s.Used.EntryLoss < m.Budget.EntryLoss && s.Primary.Entry.Present {
		next := *s
		next.Used.EntryLoss++
		next.Primary.Entry = entry{}
		out.add(next, "Redis evicts the entry")
	}
}

// failover makes the replica the primary, with what had reached it. A restart
// from a snapshot is the same thing.
func (m *machine) failover(s *state, out *steps) {
	if s.Used.Failovers >= m.Budget.Failovers {
		return
	}
	if s.Replica != s.Primary {
		next := *s
		next.Replica = next.Primary
		out.add(next, "the replica catches up")
	}
	next := *s
	next.Used.Failovers++
	next.Primary = next.Replica
	for t := range m.Tags {
		next.Primary.Eras[t].Current, next.Replica.Eras[t].Current = false, false
		next.Primary.Presence[t].Current, next.Replica.Presence[t].Current = false, false
	}
	out.add(next, "FAILOVER: writes that had not reached the replica are lost")
}
