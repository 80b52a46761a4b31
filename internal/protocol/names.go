package protocol

import "slices"

// Wildcard is the tag that is part of every vector. A write that may concern
// anything, a schema change above all, changes it alone. A table that is
// really called that invalidates too much, which is the harmless side.
const Wildcard = "*"

// CanonicalTags sorts the names of a set and says whether a write to the set
// is one to the wildcard: if it is named, and if nothing is named at all. A
// write of which nobody knows what it touches must not touch nothing.
func CanonicalTags(names []string) (sorted []string, wildcard bool) {
	sorted = slices.Clone(names)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	if i, found := slices.BinarySearch(sorted, Wildcard); found {
		return slices.Delete(sorted, i, i+1), true
	}
	return sorted, len(sorted) == 0
}
