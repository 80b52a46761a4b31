package storetest

import (
	"crypto/rand"
	"time"

	"github.com/cachedsql/cachedsql"
)

// registrations returns the space's registrations, or skips the part where the
// store has none.
func (f *fixture) registrations() (register func() cachedsql.Registration, absence time.Duration) {
	f.Helper()
	r, ok := f.space.(cachedsql.Registrar)
	if s, can := f.store.(interface {
		Absence() (term, absence time.Duration)
	}); ok && can {
		_, absence = s.Absence()
	}
	if absence == 0 {
		f.Skip("SKIPPED: the store lets nobody write without it")
	}
	return func() cachedsql.Registration {
		var id cachedsql.WriterID
		rand.Read(id[:])
		return r.Registration(id)
	}, absence
}

func (f *fixture) renew(r cachedsql.Registration) {
	f.Helper()
	if err := r.Renew(f.ctx); err != nil {
		f.Fatalf("Renew: %v", err)
	}
}

// renewedAndSettled renews until the tags are settled: the machine may be busy
// for longer than a registration lasts.
func (f *fixture) renewedAndSettled(tags cachedsql.TagSet, all ...cachedsql.Registration) cachedsql.Reading {
	f.Helper()
	for deadline := time.Now().Add(f.patience()); ; {
		for _, r := range all {
			f.renew(r)
		}
		if r := f.check(tags); r.Settled {
			return r
		}
		if time.Now().After(deadline) {
			f.Fatalf("tags %q did not settle within %v while everybody is registered", tags.Names(), f.patience())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// mustBeAway fails the test if the tags are settled in the time in which a
// writer may write without begin.
func (f *fixture) mustBeAway(r cachedsql.Registration, tags cachedsql.TagSet) {
	f.Helper()
	from, until := r.Away()
	sent := time.Now()
	reading := f.check(tags)
	if received := time.Now(); reading.Settled && sent.After(from) && received.Before(until) {
		f.Fatalf("tags are settled, %v after a writer may have begun to write without begin, %v before it may no longer", sent.Sub(from), until.Sub(received))
	}
}

func testRegistration(f *fixture) {
	register, absence := f.registrations()
	tags := f.tags("users")
	writer := register()
	if from, until := writer.Away(); !from.IsZero() || !until.IsZero() {
		f.Fatalf("may be away from %v until %v without a registration", from, until)
	}
	before := f.renewedAndSettled(tags, writer)
	from, until := writer.Away()
	if span := until.Sub(from); time.Until(until) > absence+absence/2 || span < absence/2 {
		f.Fatalf("may be away for %v, until %v from now, with an absence of %v", span, time.Until(until), absence)
	}
	for time.Now().Before(from.Add(absence / 4)) {
		f.mustBeAway(writer, tags)
		time.Sleep(time.Millisecond)
	}
	// It comes back, and has written nothing: whatever was stored is valid.
	if after := f.renewedAndSettled(tags, writer); after.Vector != before.Vector || after.Schema != before.Schema {
		f.Fatal("a writer that has written nothing has changed something")
	}
	if err := writer.Withdraw(f.ctx); err != nil {
		f.Fatalf("Withdraw: %v", err)
	}
	if from, until := writer.Away(); !from.IsZero() || !until.IsZero() {
		f.Fatalf("may be away from %v until %v after its withdrawal", from, until)
	}
	for end := until.Add(absence / 8); time.Now().Before(end); time.Sleep(absence / 16) {
		f.mustStay(before, tags)
	}
}

// testRegistrationEnds: a writer that does not come back keeps readers away
// until it may no longer write, and what was read before is dead by then.
func testRegistrationEnds(f *fixture) {
	register, _ := f.registrations()
	tags := f.tags("users")
	gone, stays := register(), register()
	before := f.renewedAndSettled(tags, gone, stays)
	_, until := gone.Away()
	for time.Now().Before(until) {
		f.renew(stays)
		f.mustBeAway(gone, tags)
		time.Sleep(2 * time.Millisecond)
	}
	if after := f.renewedAndSettled(tags, stays); after.Vector == before.Vector || after.Schema == before.Schema {
		f.Fatal("a registration has ended, and left the vector or the schema as it was")
	}
}
