package model

import (
	"fmt"
	"strings"
)

// step is one thing that can happen.
type step struct {
	next   state
	text   string
	stale  bool
	places places
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
// read it meets has a shortest trace.
type explorer struct {
	*machine
	seen *visited
	from ancestry
}

// Explore looks at every state of the configuration, at most limit of them,
// until it meets a stale read. It tells progress, where that is not nil, of
// each level.
func Explore(c Config, limit int64, progress func(Result)) Result {
	e := &explorer{machine: newMachine(c), seen: newVisited()}
	result, out := Result{}, &steps{m: e.machine}
	first := e.initial()
	now := &level{}
	e.found(now, &first, 0, 0)
	for ; now.states != 0 && result.States < limit; result.Depth++ {
		next := &level{first: e.from.states}
		for id, s := range now.all() {
			e.machine.steps(s, out)
			result.Steps += int64(len(out.all))
			for k := range out.all {
				if out.all[k].stale {
					result.Trace = e.trace(id, k)
					return e.sum(result, out)
				}
				e.found(next, &out.all[k].next, id, k)
			}
		}
		now = next
		if result = e.sum(result, out); progress != nil {
			progress(result)
		}
	}
	result.Complete = now.states == 0
	return result
}

func (e *explorer) sum(r Result, out *steps) Result {
	r.States, r.Hits, r.Fills = int64(e.from.states), out.hits, out.fills
	return r
}

// found adds a state to a level unless it was seen before.
func (e *explorer) found(l *level, s *state, parent uint32, choice int) {
	if e.seen.add(s) {
		e.from.add(parent, choice)
		l.add(s)
	}
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

// trace walks from the start to a state and one step further, and says what
// happens.
func (e *explorer) trace(id uint32, last int) (lines []string) {
	m := newMachine(e.Config)
	m.names = true
	s := m.initial()
	out := &steps{m: m}
	for _, choice := range append(e.from.way(id), last) {
		m.steps(&s, out)
		st := out.all[choice]
		lines = append(lines, st.text)
		s = st.next
		m.places = st.places.after(m.places)
	}
	lines[len(lines)-1] += "   <== STALE"
	return lines
}
