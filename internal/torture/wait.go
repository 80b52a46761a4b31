//go:build unix

package main

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/cachedsql/cachedsql"
)

// cutOff keeps one process away from Redis, mostly long enough for it to go on
// without, and sometimes for longer than it may. What it sent meanwhile arrives
// when that is over, or never.
func (r *run) cutOff(ctx context.Context) error {
	p := r.workers[r.anyWorker()].proxy
	p.hold.Store(true)
	pause(ctx, 2*absence)
	if rand.IntN(2) == 0 {
		p.cut()
	}
	p.hold.Store(false)
	return nil
}

// Absence is that of the store behind the steps.
func (s stepStore) Absence() (term, absence time.Duration) {
	if a, ok := s.Store.(interface {
		Absence() (term, absence time.Duration)
	}); ok {
		return a.Absence()
	}
	return 0, 0
}

// Absence is that of the store behind the breakage.
func (s brokenStore) Absence() (term, absence time.Duration) {
	return stepStore{Store: s.Store}.Absence()
}

func (s stepSpace) Registration(id cachedsql.WriterID) cachedsql.Registration {
	if r, ok := s.Space.(cachedsql.Registrar); ok {
		return r.Registration(id)
	}
	return nil
}

// endless writes without Redis for longer than it may.
type endless struct{ cachedsql.Space }

func (s endless) Registration(id cachedsql.WriterID) cachedsql.Registration {
	return endlessRegistration{s.Space.(cachedsql.Registrar).Registration(id)}
}

type endlessRegistration struct{ cachedsql.Registration }

func (r endlessRegistration) Away() (from, until time.Time) {
	from, until = r.Registration.Away()
	if until.IsZero() {
		return from, until
	}
	return from, until.Add(time.Hour)
}
