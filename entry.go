package cachedsql

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cachedsql/cachedsql/internal/seal"
)

// readEntry asks the store for the entry under key and for the tags. All
// entries come from the store through here. Where the entry cannot be trusted,
// there is none, and refused says why.
func (sp *space) readEntry(ctx context.Context, key Key, tags TagSet) (r Reading, refused, err error) {
	err = sp.cache.gate.call(ctx, func(ctx context.Context) (err error) {
		if memory, ok := sp.store.(lender); ok {
			r, err = memory.lend(ctx, key, tags)
		} else {
			r, err = sp.store.Read(ctx, key, tags, nil)
		}
		return err
	})
	if err != nil || r.Entry == nil {
		return r, nil, err
	}
	refused = sp.open(key, &r)
	return r, refused, nil
}

// fillEntry gives the store an entry for ttl. All entries go to the store
// through here, or through fillEntryAlong.
func (sp *space) fillEntry(ctx context.Context, key Key, entry []byte, ttl time.Duration) error {
	entry = sp.sealed(key, entry, ttl)
	return sp.cache.gate.call(ctx, func(ctx context.Context) error {
		if memory, ok := sp.store.(lender); ok {
			return memory.keep(ctx, key, entry, ttl)
		}
		return sp.store.Fill(ctx, key, entry, ttl)
	})
}

// alongFiller is a Space that can store an entry along with what it is asked
// next. Where it does, it asks for the entry, and calls done when it knows whether
// that is stored. Where it returns false, it does not call done.
type alongFiller interface {
	FillAlong(key Key, ttl time.Duration, entry func() []byte, done func(stored bool)) bool
}

// fillEntryAlong is fillEntry for an entry that is in no hurry.
func (sp *space) fillEntryAlong(key Key, ttl time.Duration, entry func() []byte, done func(stored bool)) bool {
	store, ok := sp.store.(alongFiller)
	return ok && store.FillAlong(key, ttl, func() []byte { return sp.sealed(key, entry(), ttl) }, done)
}

func (sp *space) sealed(key Key, entry []byte, ttl time.Duration) []byte {
	if sp.sealer == nil {
		return entry
	}
	return sp.sealer.ring.Seal(sp.sealer.place, key[:], entry, time.Now().Add(ttl))
}

// sealer protects the entries of one space.
type sealer struct {
	ring  *seal.Ring
	place *seal.Place
}

// newSealer returns nil where entries are stored as they are: without keys, and
// in a store of this process, in whose memory the rows are anyway.
//
// Where they are kept is a part of what they are: prefix and namespace are what
// the store has in its names beside the key. A store shared by two programs
// with the same secret does not give one the rows of the other.
func newSealer(c *Cache, namespace string) *sealer {
	if c.ring == nil || c.inline {
		return nil
	}
	prefix := ""
	if named, ok := c.store.(interface{ KeyPrefix() string }); ok {
		prefix = named.KeyPrefix()
	}
	return &sealer{c.ring, seal.NewPlace(prefix, namespace)}
}

var errNoEntryKey = errors.New("sealed, and no key is configured here")

// opened returns an entry without its seal, or says why it is refused.
func (sp *space) opened(key Key, stored []byte) (entry []byte, refused error) {
	switch {
	case sp.sealer != nil:
		entry, refused = sp.sealer.ring.Open(sp.sealer.place, key[:], stored, time.Now())
	case seal.IsSealed(stored):
		refused = errNoEntryKey
	default:
		return stored, nil
	}
	if refused != nil {
		return nil, fmt.Errorf("cachedsql: entry refused: %w", refused)
	}
	return entry, nil
}

// refuseEntry tells of an entry that cannot be trusted. It stays where it is, unless
// nobody can use it: a process with other keys may.
func (c *conn) refuseEntry(ctx context.Context, l *lookup, err error) {
	c.emit(ctx, l.plan, Event{Outcome: Unauthentic, Rule: l.route.ruleName(), Err: err})
	c.cache.warnRefused(l.route.backend.space.name, err)
	if errors.Is(err, seal.ErrForged) {
		c.deleteEntry(l)
	}
}

// warnRefused says it in the log, since it may be an attack, and not for each.
func (c *Cache) warnRefused(namespace string, err error) {
	if !c.refusedWarned.due() {
		return
	}
	c.config.Logger.Warn("cachedsql: a stored entry was refused and the database asked; said once a minute at most",
		"namespace", namespace, "so_far", c.counts.outcomes[Unauthentic].Load(), "error", err)
}

// deleteEntry removes the entry of a lookup, in background.
func (c *conn) deleteEntry(l *lookup) {
	sp, key := l.route.backend.space, l.key
	c.cache.tasks.may(func() {
		_ = c.cache.gate.call(context.Background(), func(ctx context.Context) error { return sp.store.Delete(ctx, key) })
	})
}
