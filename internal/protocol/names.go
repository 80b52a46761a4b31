package protocol

import "slices"

// Names is the register of what has been declared in a namespace: columns
// whose values have tags of their own, say, which a writer has to change and
// could not guess. It is written like a tag, and a name stands with the moment
// from which on it can be relied on, where a lease has its deadline.
//
// A register that is missing was lost, or never was: both are the same to
// whoever looked at it before, and the schema tag tells them. To others the new
// register tells for how long it has been there, by a name of its own that
// stands in it for one quarantine: somebody may still rely on what was lost.
type Names = Tag

// lostNames stands in a register for the names that were in the one before.
const lostNames = "!"

// Declare is what every process does before it relies on names, its own or
// those of others. Where the register changes by it, or had been lost, the
// schema tag has a fresh token in the same step. So whoever knows a schema
// token and the names that came with it knows all names there were at any
// moment at which the token was still the same.
//
// A name can be relied on one quarantine after it was declared. A write that
// began before may not know of it; by then it has ended, or has renewed its
// lease and been told another schema token.
func (r Rules) Declare(names Names, schema Tag, declare []string, now Millis, fresh string) (Names, Tag) {
	changed := names.Missing()
	next := Names{Token: names.Token}
	if changed && r.Quarantine > 0 {
		next.Leases = []Lease{{lostNames, now + r.Quarantine}}
	}
	for _, n := range names.Leases {
		if n.Marker != lostNames || n.Deadline > now {
			next.Leases = append(next.Leases, Lease{n.Marker, r.clamp(n.Deadline, now)})
		}
	}
	for _, name := range declare {
		if slices.ContainsFunc(next.Leases, func(l Lease) bool { return l.Marker == name }) {
			continue
		}
		next.Leases = append(next.Leases, Lease{name, now + r.Quarantine})
		changed = true
	}
	schema, _ = r.ObserveSchema(schema, now, fresh)
	if !changed {
		return next, schema
	}
	next.Token = fresh
	return next, r.End(schema, "", now, fresh)
}

// Kept is for how long at least every name that was declared has been in the
// register: since it came into being, and since the server's history began. It
// is at most one quarantine, and as long where nothing is known to be lost.
func (r Rules) Kept(names Names, era Era, now Millis) Millis {
	if longest := era.Longest(); longest > 0 && longest < r.Quarantine {
		return 0 // what was lost was waited for by a shorter one
	}
	r = r.Within(era)
	kept := r.Quarantine - max(era.Quarantine-now, 0)
	for _, n := range names.Leases {
		if n.Marker == lostNames {
			kept = min(kept, r.Quarantine-max(n.Deadline-now, 0))
		}
	}
	return max(kept, 0)
}
