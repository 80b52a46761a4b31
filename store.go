package cachedsql

import (
	"context"
	"errors"
	"time"
)

// A Store keeps cached results (entries) and what makes them valid (tags).
// Package redisstore has the one for production; a Cache without a Store uses
// one in the process's memory. Every implementation passes package storetest.
//
// A Store is safe for concurrent use. Any error from a method means only that
// the store could not be asked; the caller then goes on without it.
type Store interface {
	// Space returns the keyspace of one namespace. It does no I/O.
	Space(namespace string) Space
	// Ping reports whether the store answers.
	Ping(ctx context.Context) error
	// Close releases what the Store opened itself.
	Close() error
}

// A Space is one namespace of a Store. The order of events that its methods
// must keep is described in docs/consistency.md.
type Space interface {
	// Tags prepares a set of tag names for the calls below. Names are
	// arbitrary text, without duplicates. The result may be kept and shared;
	// it does no I/O.
	//
	// Read and Check look at WildcardTag and SchemaTag besides the set's own
	// names, whether they are listed or not. Begin and End change exactly the
	// names listed: a write that may concern every table lists WildcardTag, a
	// schema change WildcardTag and SchemaTag.
	Tags(names []string) TagSet

	// Read fetches the entry under key, if there is one, and checks the tags,
	// in one round trip. The order of the two does not matter. The returned
	// entry may use buf's memory, and is the caller's to change unless it is
	// Shared.
	Read(ctx context.Context, key Key, tags TagSet, buf []byte) (Reading, error)

	// Check is Read without an entry.
	Check(ctx context.Context, tags TagSet) (Reading, error)

	// Fill stores an entry for ttl. It compares nothing: an entry computed
	// under an old version can never be a hit.
	Fill(ctx context.Context, key Key, entry []byte, ttl time.Duration) error

	// Delete removes an entry, if it is there.
	Delete(ctx context.Context, key Key) error

	// Begin gives every tag a fresh token and a lease of the writer, before
	// the write can be visible to anybody. Calling it again renews the lease.
	// It returns after every tag's change is acknowledged. Schema is the
	// token after the call.
	Begin(ctx context.Context, writer WriterID, tags TagSet, lease time.Duration) (Schema, error)

	// End gives every tag a fresh token and removes the writer's lease. Where
	// SchemaTag is among them, nothing is settled from then on until no lease
	// is left that was given before: those writes did not know of the change.
	// The same follows when a lease on SchemaTag runs out.
	End(ctx context.Context, writer WriterID, tags TagSet) (Schema, error)

	// Declare adds to the names that all processes of the namespace agree on,
	// and returns all of them. Names are arbitrary text, not empty; none is
	// ever removed. Where one of them is new, or the store finds that it has
	// lost those it had, SchemaTag gets a fresh token in the same step.
	//
	// So if the token is still Schema after a Begin, the names that this call
	// returned were all there were when the write began.
	Declare(ctx context.Context, names []string) (Declared, error)
}

// Declared is what Space.Declare found.
type Declared struct {
	// Names are all names ever declared, each with how long it cannot be
	// relied on yet: until then, a write may be under way that began before
	// the name was declared and has not seen another Schema since.
	Names map[string]time.Duration
	// Schema is the token after the call.
	Schema Schema
	// Kept is for how long, at least, no name that was declared before can have
	// been lost. Zero: one may have been just now.
	Kept time.Duration
}

// TagSet is a prepared set of tags; only the Space that made it knows its
// inside.
type TagSet interface {
	// Names returns the tag names as given to Space.Tags.
	Names() []string
}

// Key names an entry: a fingerprint of statement, arguments and session.
type Key [24]byte

// Vector identifies the versions of all tags of a set at one moment. Equal
// vectors mean that no write to any of the tags began in between.
type Vector [16]byte

// Schema is SchemaTag's token. When it changes, what is known of the
// database's catalog has to be read again.
type Schema string

// Tags with a meaning of their own.
const (
	// WildcardTag is what every entry depends on.
	WildcardTag = "*"
	// SchemaTag is what every entry depends on, too; its token is Schema.
	SchemaTag = "!schema"
)

// WriterID names one write; it is never used twice.
type WriterID [16]byte

// Reading is what one round trip to the store found.
type Reading struct {
	// Entry is the stored bytes, nil if there is none.
	Entry []byte
	// Vector is the tags' versions. It may be compared, and stored with an
	// entry, only if Settled.
	Vector Vector
	// Settled is false while a write to one of the tags is under way or may
	// be: then nothing may be served and nothing stored.
	Settled bool
	// Shared is nil, or common to all who were given the same Entry: nobody may
	// change that then.
	Shared *SharedEntry
	// Schema is SchemaTag's token, also when not Settled.
	Schema Schema
}

// ErrStoreFull is in the chain of Fill's error where the store answers but has
// no room for entries.
var ErrStoreFull = errors.New("cachedsql: store is full")

// ErrStoreClosed is returned by the methods of a closed Store.
var ErrStoreClosed = errors.New("cachedsql: store is closed")
