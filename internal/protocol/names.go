package protocol

import "slices"

// Names is the register of what has been declared in a namespace: columns
// whose values have tags of their own, say, which a writer has to change and
// could not guess. It is written like a tag, and a name stands with the moment
// from which on it can be relied on, where a lease has its deadline.
//
// A register that is missing was lost, or never was: both are the same to
// whoever looked at it before, and the schema tag tells them.
type Names = Tag

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
	for _, n := range names.Leases {
		next.Leases = append(next.Leases, Lease{n.Marker, r.clamp(n.Deadline, now)})
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
