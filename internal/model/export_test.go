package model

// StandsFor counts the states that those explored stand for: each for itself,
// and for the one with the first two writers exchanged, where that is another.
func StandsFor(c Config) (states int64) {
	e := &explorer{machine: newMachine(c), seen: newVisited()}
	first, out := e.initial(), &steps{m: e.machine}
	now := &level{}
	e.found(now, &first, 0, 0)
	for now.states != 0 {
		next := &level{first: e.from.states}
		for id, s := range now.all() {
			states++
			other := *s
			if other.swapWriters(0, 1); other != *s {
				states++
			}
			e.machine.steps(s, out)
			for k := range out.all {
				e.found(next, &out.all[k].next, id, k)
			}
		}
		now = next
	}
	return states
}
