package protocol

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Presence is the register of the writers that want to go on writing when they
// cannot reach the server (on_cache_down: wait). A registration is a lease on
// everything, given in advance: it begins at the moment it lapses, which its
// writer keeps moving ahead while it reaches the server, and ends one absence
// later.
//
//	register   lapses one term from now       again and again, while all is well
//	lapse      nothing is settled             the writer may write without begin
//	end        a token all depends on is new  the writer no longer may
//
// So a writer that is cut off waits until its registration must have lapsed,
// and then writes what it likes: nobody serves or stores anything until it has
// come back, announced what it wrote and registered anew, or until the absence
// is over. A writer that died looks the same as one that is cut off.
//
// The register belongs to a history of the server, as the tags do. One of
// another history, or a missing one, may have lost registrations: somebody
// unknown stands in for them, who lapsed just now.
type Presence struct {
	History string
	Writers []Registration // those that lapse first come first
}

// Registration is one writer's, or that of the unknown.
type Registration struct {
	Writer       string
	Lapses, Ends Millis
}

// ParsePresence reads "history writer:lapses:ends ...". Anything else is the
// zero Presence.
func ParsePresence(value string) Presence {
	history, rest, more := strings.Cut(value, " ")
	p := Presence{History: history}
	for more {
		var field string
		field, rest, more = strings.Cut(rest, " ")
		f := strings.Split(field, ":")
		if len(f) != 3 || f[0] == "" {
			return Presence{}
		}
		lapses, ok := parseMillis(f[1])
		ends, ok2 := parseMillis(f[2])
		if !ok || !ok2 {
			return Presence{}
		}
		p.Writers = append(p.Writers, Registration{f[0], lapses, ends})
	}
	return p
}

// String is what ParsePresence reads.
func (p Presence) String() string {
	b := []byte(p.History)
	for _, w := range p.Writers {
		b = append(b, ' ')
		b = append(b, w.Writer...)
		b = strconv.AppendInt(append(b, ':'), int64(w.Lapses), 10)
		b = strconv.AppendInt(append(b, ':'), int64(w.Ends), 10)
	}
	return string(b)
}

// ObservePresence is what a reader's check does to the register: it says
// whether anybody may be writing without begin, and what the register has
// become. Where a registration has ended, swept is true and [Rules.EndSchema]
// must be done in the same step to the schema tag, which everything depends on:
// results read before the lapse may still be on their way to the store, and
// nobody is left who would announce what made them outdated.
//
// Where the first of them lapses within one term, all is well, and the others
// are not looked at.
func (r Rules) ObservePresence(p Presence, history string, now Millis) (next Presence, settled, swept bool) {
	if r.allIsWell(p, history, now) {
		return p, true, false
	}
	return r.sweepPresence(p, history, now)
}

func (r Rules) allIsWell(p Presence, history string, now Millis) bool {
	return p.History == history && len(p.Writers) != 0 && p.Writers[0].Lapses > now && p.Writers[0].Lapses <= now+r.Term
}

// othersAreWell reports whether a request changes nothing but its own writer's
// registration: that is there, and will lapse last.
func (r Rules) othersAreWell(p Presence, history, writer string, lapses, now Millis) bool {
	return r.allIsWell(p, history, now) && lapses > now && p.Writers[len(p.Writers)-1].Lapses <= lapses &&
		slices.ContainsFunc(p.Writers, func(w Registration) bool { return w.Writer == writer })
}

// sweepPresence looks at all of them.
func (r Rules) sweepPresence(p Presence, history string, now Millis) (next Presence, settled, swept bool) {
	if p.History != history && (r.has(PresenceEpoch) || p.History == "") {
		p = Presence{History: history}
		if r.has(PresenceQuarantine) {
			p.Writers = []Registration{{quarantineMarker, now, now + r.Term + r.Absence}}
		}
	}
	next = Presence{History: p.History}
	settled = true
	for _, w := range p.Writers {
		if w.Ends <= now {
			swept = true
			continue
		}
		w = r.clampRegistration(w, now)
		next.Writers = append(next.Writers, w)
		settled = settled && w.Lapses > now
	}
	next.sort()
	return next, settled || !r.has(HonourAbsence), swept && r.has(BumpAtAbsenceEnd)
}

// clampRegistration mends what was written before the server's clock was set
// back. It may have lapsed by the clock that its writer goes by.
func (r Rules) clampRegistration(w Registration, now Millis) Registration {
	if w.Lapses > now+r.Term {
		w.Lapses = now
	}
	w.Ends = min(w.Ends, now+r.Term+r.Absence)
	return w
}

// Register makes a writer's registration lapse at a moment of the server's
// clock that the writer has named. Not "one term from now": a request that
// arrives late, after its writer gave up on it, would make it count as present
// when it has been writing for a while. ok is false where the request came so
// late, or there are too many.
func (r Rules) Register(p Presence, history, writer string, lapses, now Millis) (next Presence, swept, ok bool) {
	if !r.has(NamedLapse) {
		lapses = now + r.Term
	}
	next = p
	if !r.othersAreWell(p, history, writer, min(lapses, now+r.Term), now) {
		next, _, swept = r.sweepPresence(p, history, now)
	}
	next.Writers = slices.Clone(next.Writers)
	at := slices.IndexFunc(next.Writers, func(w Registration) bool { return w.Writer == writer })
	lapses = min(lapses, now+r.Term)
	if lapses <= now || at < 0 && r.MaxWriters > 0 && len(next.Writers) >= r.MaxWriters {
		return next, swept, false
	}
	w := Registration{writer, lapses, lapses + r.Absence}
	if at >= 0 {
		was := next.Writers[at]
		w.Lapses, w.Ends = max(w.Lapses, was.Lapses), max(w.Ends, was.Ends)
		next.Writers = slices.Delete(next.Writers, at, at+1)
	}
	if at >= 0 || r.has(RegisterAnew) {
		next.Writers = append(next.Writers, w)
	}
	next.sort()
	return next, swept, true
}

// Withdraw removes the registration of a writer that will not write any more,
// and has announced everything.
func (r Rules) Withdraw(p Presence, history, writer string, now Millis) (next Presence, swept bool) {
	next, _, swept = r.sweepPresence(p, history, now)
	next.Writers = slices.DeleteFunc(next.Writers, func(w Registration) bool { return w.Writer == writer })
	return next, swept
}

func (p *Presence) sort() {
	slices.SortStableFunc(p.Writers, func(a, b Registration) int { return cmp.Compare(a.Lapses, b.Lapses) })
}

// Sight is a look at a server's clock: at some moment between two of the local
// monotonic clock it showed Server.
type Sight struct {
	Server         Millis
	Sent, Received time.Duration
}

// NextLapse is the moment to name in a request that is sent now: one term
// ahead by the server's clock, or a little more.
func (r Rules) NextLapse(s Sight, now time.Duration) Millis {
	return s.Server + WholeMillis(now-s.Sent) + r.Term
}

// Away is the span of the local monotonic clock in which a writer that cannot
// reach the server may write without begin.
type Away struct{ From, Until time.Duration }

// Away says when a registration must have lapsed, and when it may have ended.
// requested is the latest moment that any request has named, answered or not,
// and ends what the last answer acknowledged, or the end that follows from it.
// A quarter of a term is for clocks that do not run equally fast.
func (r Rules) Away(s Sight, requested, ends Millis) Away {
	return Away{
		From:  s.Received + (requested - s.Server + r.Term/4).duration() + time.Millisecond,
		Until: s.Sent + (ends - s.Server - 1).duration(),
	}
}

// MayWriteAway reports whether a write may be sent without begin. As much as
// MayCommit leaves of a lease must be left of the absence.
func (r Rules) MayWriteAway(a Away, now, lease time.Duration) bool {
	return (now >= a.From || !r.has(LapseWait)) && (now+lease/2 < a.Until || !r.has(AbsenceLimit))
}

func (m Millis) duration() time.Duration { return time.Duration(m) * time.Millisecond }
