package model

// places say who is where: readers are told apart by nothing, nor are writers
// that write the same and do the same without Redis, so they can change places.
type places struct {
	readers [maxReaders]uint8
	writers [maxWriters]uint8
}

// samePlaces is everybody where they were.
var samePlaces = func() (p places) {
	for i := range p.readers {
		p.readers[i] = uint8(i)
	}
	for i := range p.writers {
		p.writers[i] = uint8(i)
	}
	return p
}()

// after is who is where when what was before is followed by p.
func (p places) after(was places) (now places) {
	for i, place := range p.readers {
		now.readers[i] = was.readers[place]
	}
	for i, place := range p.writers {
		now.writers[i] = was.writers[place]
	}
	return now
}

// canonical sorts writers and readers, and renames tokens by order of
// appearance: what looks the same then behaves the same.
//
// It returns who is in which place now.
func (c *Config) canonical(s *state) places {
	now := samePlaces
	c.sortWriters(s, &now)
	c.sortReaders(s, &now)
	if !c.counts() { // a counter's tokens mean something
		s.rename(c.Readers)
	}
	return now
}

func (c *Config) sortReaders(s *state, now *places) {
	for i := 1; i < c.Readers; i++ {
		for j := i; j > 0 && s.Readers[j].rank() < s.Readers[j-1].rank(); j-- {
			s.Readers[j], s.Readers[j-1] = s.Readers[j-1], s.Readers[j]
			now.readers[j], now.readers[j-1] = now.readers[j-1], now.readers[j]
		}
	}
}

func (c *Config) sortWriters(s *state, now *places) {
	if c.TellApart {
		return
	}
	for i := 1; i < len(c.Writes); i++ {
		for j := i; j > 0 && c.alike(j, j-1) && s.writerBefore(j, j-1); j-- {
			s.swapWriters(j, j-1)
			now.writers[j], now.writers[j-1] = now.writers[j-1], now.writers[j]
		}
	}
}

// alike reports whether two writers differ in nothing but what has happened.
func (c *Config) alike(a, b int) bool {
	return c.Writes[a] == c.Writes[b] && c.Waits>>a&1 == c.Waits>>b&1
}

// writerBefore orders writers by themselves, and then by what Redis has of
// them. Those of which neither is before the other are the same.
func (s *state) writerBefore(a, b int) bool {
	if wa, wb := s.Writers[a].rank(), s.Writers[b].rank(); wa != wb {
		return wa < wb
	}
	for m := range s.masks {
		if x, y := *m>>a&1, *m>>b&1; x != y {
			return x < y
		}
	}
	return false
}

func (s *state) swapWriters(a, b int) {
	s.Writers[a], s.Writers[b] = s.Writers[b], s.Writers[a]
	for m := range s.masks {
		if differ := (*m>>a ^ *m>>b) & 1; differ != 0 {
			*m ^= bit(a) | bit(b)
		}
	}
}

// masks yields every byte of a state that has a bit for each writer.
func (s *state) masks(yield func(*uint8) bool) {
	for _, srv := range [...]*server{&s.Primary, &s.Replica} {
		for t := range maxTags {
			r, e, p := &srv.Tags[t], &srv.Eras[t], &srv.Presence[t]
			for _, m := range [...]*uint8{
				&r.Leases, &r.Passed, &r.QuarantineFor, &r.OverflowFor, &e.QuarantineFor,
				&p.Writers, &p.Lapsed, &p.Ended, &p.QuarantineFor,
			} {
				if !yield(m) {
					return
				}
			}
		}
	}
}

// rank is all of a writer.
func (w *writer) rank() (k uint64) {
	for _, v := range [...]uint8{
		uint8(w.Step), w.Begun, w.End, w.Link.Renewed, w.Link.Told,
		flag(w.Old)<<4 | flag(w.Link.Cut)<<3 | flag(w.Link.Registered)<<2 | flag(w.Link.Waited)<<1 | flag(w.Link.Owes),
	} {
		k = k<<8 | uint64(v)
	}
	return k
}

// rank orders readers by what does not depend on token names.
func (r *reader) rank() (k uint64) {
	for _, v := range [...]uint8{
		uint8(r.Step), r.Reads, r.Floor, r.Got, flag(r.Settled)<<3 | flag(r.Pinned)<<2 | flag(r.Entry.Present)<<1 | flag(r.Fill.Present),
		r.Snapshot, r.Entry.Snapshot, r.Fill.Snapshot,
	} {
		k = k<<8 | uint64(v)
	}
	return k
}

func flag(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// rename gives tokens their names by order of appearance.
func (s *state) rename(readers int) {
	var names renaming
	names.server(&s.Primary)
	names.server(&s.Replica)
	for i := range readers {
		r := &s.Readers[i]
		names.vector(&r.Vector)
		names.vector(&r.Entry.Vector)
		names.vector(&r.Fill.Vector)
	}
	s.Tokens = names.next
}

type renaming struct {
	names [256]uint8
	next  uint8
}

func (n *renaming) token(t *uint8) {
	if *t == 0 {
		return
	}
	if n.names[*t] == 0 {
		n.next++
		n.names[*t] = n.next
	}
	*t = n.names[*t]
}

func (n *renaming) vector(v *vector) {
	for i := range v {
		n.token(&v[i])
	}
}

func (n *renaming) server(s *server) {
	for t := range s.Tags {
		n.token(&s.Eras[t].Token)
		n.token(&s.Tags[t].Token)
	}
	n.vector(&s.Entry.Vector)
}
