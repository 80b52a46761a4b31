package model

import (
	"strconv"
	"strings"

	"github.com/cachedsql/cachedsql/internal/protocol"
)

// machine makes the steps of a configuration.
type machine struct {
	Config
	rules protocol.Rules

	names  bool // describe steps
	places      // what to call who is in each place
}

func newMachine(c Config) *machine { return &machine{Config: c, rules: c.rules(), places: samePlaces} }

// marker is what to call one in a text.
func (m *machine) marker(i int) string {
	if i < maxWriters {
		i = int(m.writers[i])
	}
	return markers[i]
}

// tokenNames are the tokens' texts: numbers, so that a counter works.
var tokenNames = func() (names [256]string) {
	for i := 1; i < len(names); i++ {
		names[i] = strconv.Itoa(i)
	}
	return names
}()

func tokenOf(text string) uint8 {
	digits, _, _ := strings.Cut(text, "~") // of an era
	n, _ := strconv.Atoi(digits)
	return uint8(n)
}

// fresh is a token nobody has used. Where tags count, only the eras' tokens are
// fresh ones; they start above what is counted to.
func (m *machine) fresh(s *state) string { return tokenNames[m.freshFrom()+s.Tokens+1] }

func (m *machine) freshFrom() uint8 {
	if m.counts() {
		return 128
	}
	return 0
}

// used notes a token that has been given out.
func (m *machine) used(s *state, token uint8) {
	if from := m.freshFrom(); token > from {
		s.Tokens = max(s.Tokens, token-from)
	}
}

var markers = [...]string{"w0", "w1", "w2", "q", "o"}

func markerBit(name string) uint8 {
	for i, m := range markers {
		if m == name {
			return 1 << i
		}
	}
	panic("model: marker " + name)
}

// tag makes the register what internal/protocol knows.
func (r *register) tag() protocol.Tag {
	t := protocol.Tag{Token: tokenNames[r.Token]}
	for i, name := range markers {
		if bit := uint8(1) << i; r.Leases&bit != 0 {
			deadline := ahead
			if r.Passed&bit != 0 {
				deadline = behind
			}
			t.Leases = append(t.Leases, protocol.Lease{Marker: name, Deadline: deadline})
		}
	}
	return t
}

// set takes the register's next value over.
func (r *register) set(t protocol.Tag) {
	r.Token, r.Leases, r.Passed = tokenOf(t.Token), 0, 0
	for _, l := range t.Leases {
		bit := markerBit(l.Marker)
		r.Leases |= bit
		if l.Deadline <= now {
			r.Passed |= bit
		}
	}
	if r.Leases&quarantined == 0 {
		r.QuarantineFor = 0
	}
	if r.Leases&overflow == 0 {
		r.OverflowFor = 0
	}
}

// touch is what every script does first: look at the era of the shard.
func (m *machine) touch(s *state, t int) (settled bool) {
	e := &s.Primary.Eras[t]
	p := protocol.Era{Token: tokenNames[e.Token], History: "old"}
	if e.Current {
		p.History = "now"
	}
	switch e.Quarantine {
	case running:
		p.Quarantine = ahead
	case passed:
		p.Quarantine = behind
	}
	next, settled := m.rules.ObserveEra(p, "now", now, m.fresh(s))
	replaced := tokenOf(next.Token) != e.Token
	e.Current, e.Token = next.History == "now", tokenOf(next.Token)
	m.used(s, e.Token)
	switch {
	case next.Quarantine == 0:
		e.Quarantine, e.QuarantineFor = noQuarantine, 0
	case replaced:
		e.Quarantine, e.QuarantineFor = running, m.endangered(s)
	}
	return settled
}

// change runs one of internal/protocol's functions on a tag. A tag that comes
// into being stands in for every write that may have been forgotten with it.
func (m *machine) change(s *state, t int, f func(protocol.Tag) protocol.Tag) {
	r := &s.Primary.Tags[t]
	missing := r.Token == 0
	r.set(f(r.tag()))
	m.used(s, r.Token)
	if missing && r.Leases&quarantined != 0 {
		r.QuarantineFor = m.endangered(s)
	}
}

// observe is what a reader's check does to one shard.
func (m *machine) observe(s *state, t int) (settled bool) {
	eraSettled := m.touch(s, t)
	m.change(s, t, func(tag protocol.Tag) (next protocol.Tag) {
		next, settled = m.rules.Observe(tag, now, m.fresh(s))
		return next
	})
	return m.observePresence(s, t) && settled && eraSettled
}

// begin leases a tag for a writer.
func (m *machine) begin(s *state, w, t int) {
	m.touch(s, t)
	m.change(s, t, func(tag protocol.Tag) protocol.Tag {
		return m.rules.Begin(tag, markers[w], span, now, m.fresh(s))
	})
	if r := &s.Primary.Tags[t]; r.Leases&bit(w) == 0 && r.Leases&overflow != 0 {
		r.OverflowFor |= bit(w)
	}
}

// end takes a writer's lease from a tag.
func (m *machine) end(s *state, w, t int) {
	m.touch(s, t)
	m.change(s, t, func(tag protocol.Tag) protocol.Tag {
		return m.rules.End(tag, markers[w], now, m.fresh(s))
	})
}

// read returns the tokens of one shard.
func (s *server) read(t int) (eraToken, token uint8) { return s.Eras[t].Token, s.Tags[t].Token }

// id packs a vector into what the protocol compares.
func (v vector) id() (id [16]byte) {
	copy(id[:], v[:])
	return id
}

func bit(i int) uint8 { return 1 << i }

// endangered are the writers whose COMMIT may take effect on the strength of
// what Redis has been told already.
func (m *machine) endangered(s *state) (mask uint8) {
	for w := range m.Writes {
		wr := &s.Writers[w]
		if wr.Step == begun || wr.Step == beginning && wr.Begun != 0 || wr.Step.flying() {
			mask |= bit(w)
		}
	}
	return mask
}

// forget takes a writer out of what shared markers stand for: it is decided,
// or begins anew and is protected from then on by what it begins.
func (s *state) forget(w int) {
	for _, srv := range []*server{&s.Primary, &s.Replica} {
		for t := range srv.Tags {
			srv.Tags[t].QuarantineFor &^= bit(w)
			srv.Tags[t].OverflowFor &^= bit(w)
			srv.Eras[t].QuarantineFor &^= bit(w)
		}
	}
}
