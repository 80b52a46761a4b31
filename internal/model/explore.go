package model

import (
	"fmt"
	"hash/maphash"
	"strings"
)

// step is one thing that can happen.
type step struct {
	next   state
	text   string
	stale  bool
	places [maxReaders]uint8
}

// steps collects what can happen in a state.
type steps struct {
	m           *machine
	all         []step
	hits, fills int64
}

func (o *steps) add(next state, text string, args ...any)      { o.put(next, false, text, args) }
func (o *steps) addStale(next state, text string, args ...any) { o.put(next, true, text, args) }

func (o *steps) put(next state, stale bool, text string, args []any) {
	places := o.m.canonical(&next)
	if o.m.names {
		text = fmt.Sprintf(text, args...)
	}
	o.all = append(o.all, step{next, text, stale, places})
}

func (m *machine) steps(s *state, out *steps) {
	out.all = out.all[:0]
	for w := range m.Writes {
		m.write(s, w, out)
	}
	m.expire(s, out)
	m.lapse(s, out)
	m.fail(s, out)
	for i := range m.Readers {
		m.read(s, i, out)
	}
}

// Result is what an exploration found.
type Result struct {
	States, Steps, Hits, Fills int64
	Depth                      int
	Complete                   bool     // every reachable state was seen
	Trace                      []string // to the first stale read; nil if there is none
}

// String is a line for a log.
func (r Result) String() string {
	return fmt.Sprintf("%d states, %d steps, depth %d, %d hits, %d fills, complete %v", r.States, r.Steps, r.Depth, r.Hits, r.Fills, r.Complete)
}

// Counterexample is the trace, a numbered line for each step.
func (r Result) Counterexample() string {
	var b strings.Builder
	for i, line := range r.Trace {
		fmt.Fprintf(&b, "%3d. %s\n", i+1, line)
	}
	return b.String()
}

// explorer goes through the states breadth first, so that the first stale
// read it meets has a shortest trace. It remembers states by 128 bits of hash.
type explorer struct {
	*machine
	seeds  [2]maphash.Seed
	seen   map[[2]uint64]struct{}
	parent []int32  // of each state, in the order found
	choice []uint16 // which of the parent's steps led to it
}

// Explore looks at every state of the configuration, at most limit of them,
// until it meets a stale read.
func Explore(c Config, limit int64) Result {
	e := &explorer{machine: newMachine(c), seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, seen: map[[2]uint64]struct{}{}}
	first := e.initial()
	e.found(&first, -1, 0)
	result := Result{}
	level, ids := []state{first}, []int32{0}
	out := &steps{m: e.machine}
	for ; len(level) != 0 && result.States < limit; result.Depth++ {
		var nextLevel []state
		var nextIDs []int32
		for n := range level {
			e.machine.steps(&level[n], out)
			for k := range out.all {
				st := &out.all[k]
				result.Steps++
				if st.stale {
					result.Trace = e.trace(ids[n], k)
					return e.sum(result, out)
				}
				if id, isNew := e.found(&st.next, ids[n], k); isNew {
					nextLevel, nextIDs = append(nextLevel, st.next), append(nextIDs, id)
				}
			}
		}
		level, ids = nextLevel, nextIDs
		result.States = int64(len(e.parent))
	}
	result.Complete = len(level) == 0
	return e.sum(result, out)
}

func (e *explorer) sum(r Result, out *steps) Result {
	r.States, r.Hits, r.Fills = int64(len(e.parent)), out.hits, out.fills
	return r
}

// initial is a Redis that has been in use: the tags are there and settled.
func (m *machine) initial() (s state) {
	for t := range m.Tags {
		s.Primary.Eras[t] = era{Current: true, Token: tokenOf(m.fresh(&s))}
		m.used(&s, s.Primary.Eras[t].Token)
		s.Primary.Tags[t].Token = 1
		if m.Waits != 0 {
			s.Primary.Presence[t] = presence{Current: true, Writers: m.Waits}
		}
	}
	for w := range m.Writes {
		s.Writers[w].Link.Registered = m.waits(w)
	}
	s.Replica = s.Primary
	m.canonical(&s)
	return s
}

func (e *explorer) found(s *state, parent int32, choice int) (id int32, isNew bool) {
	key := [2]uint64{maphash.Comparable(e.seeds[0], *s), maphash.Comparable(e.seeds[1], *s)}
	if _, known := e.seen[key]; known {
		return 0, false
	}
	e.seen[key] = struct{}{}
	e.parent = append(e.parent, parent)
	e.choice = append(e.choice, uint16(choice))
	return int32(len(e.parent) - 1), true
}

// trace walks from the start to a state and one step further, and says what
// happens.
func (e *explorer) trace(id int32, last int) []string {
	choices := []int{last}
	for ; e.parent[id] >= 0; id = e.parent[id] {
		choices = append(choices, int(e.choice[id]))
	}
	m := newMachine(e.Config)
	m.names = true
	for i := range m.readers {
		m.readers[i] = uint8(i)
	}
	s := m.initial()
	out := &steps{m: m}
	var lines []string
	for i := len(choices) - 1; i >= 0; i-- {
		m.steps(&s, out)
		st := out.all[choices[i]]
		lines = append(lines, st.text)
		s = st.next
		was := m.readers
		for i, place := range st.places {
			m.readers[i] = was[place]
		}
	}
	lines[len(lines)-1] += "   <== STALE"
	return lines
}
