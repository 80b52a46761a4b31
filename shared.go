package cachedsql

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cachedsql/cachedsql/internal/rowcodec"
)

// SharedEntry is what readers have in common who were given the same
// Reading.Entry: it is opened and decoded once for all of them. A Store makes
// one with [NewSharedEntry] for each entry that it gives to several readers.
type SharedEntry struct {
	readers int
	// owner is the space whose lookups share it. Another Cache on the same store
	// may have other keys, and has to judge the entry by those.
	owner atomic.Pointer[space]

	opening sync.Once
	opened  []byte
	refused error

	decoding sync.Once
	result   *rowcodec.Result
	err      error
}

// NewSharedEntry returns what a number of readers are to have in common.
func NewSharedEntry(readers int) *SharedEntry { return &SharedEntry{readers: readers} }

// boxFrom is how many readers make it worth to decode every value once and for
// all: that takes as long as reading them one by one does three times.
const boxFrom = 4

// open takes the seal off a reading's entry. Where others have the same entry
// it is left as it is, for to open it may be to change it.
func (sp *space) open(key Key, r *Reading) (refused error) {
	s := r.Shared
	switch {
	case s == nil:
		r.Entry, refused = sp.opened(key, r.Entry)
		return refused
	case !s.owner.CompareAndSwap(nil, sp) && s.owner.Load() != sp:
		r.Shared = nil
		r.Entry, refused = sp.opened(key, slices.Clone(r.Entry))
		return refused
	}
	s.opening.Do(func() {
		entry := r.Entry
		if sp.sealer != nil {
			entry = slices.Clone(entry)
		}
		s.opened, s.refused = sp.opened(key, entry)
	})
	r.Entry = s.opened
	return s.refused
}

// decode returns the result that a reading's entry holds.
func (r *Reading) decode() (*rowcodec.Result, error) {
	s := r.Shared
	if s == nil {
		return rowcodec.Decode(r.Entry)
	}
	s.decoding.Do(func() {
		s.result, s.err = rowcodec.Decode(r.Entry)
		if s.err == nil && s.readers >= boxFrom {
			s.result, s.err = s.result.Boxed()
		}
	})
	return s.result, s.err
}
