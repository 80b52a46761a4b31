package redisstore

import (
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cachedsql/cachedsql"
)

// along are SETs of small entries that wait for the next lookup and are sent in
// front of it. By itself a SET costs about as much as the lookup of a miss, most
// of it for system calls and for a thread that wakes up; along with a lookup it
// costs its bytes. Being in front, it is found by who asks again at once.
//
// Where fills are rarely followed by a lookup at once, as in a program that has
// little to do, they go by themselves at once.
//
// Nothing relies on it. What no lookup has come for, and what was not stored for
// whatever reason, goes by itself, as if this were not there: that also finds out
// what is wrong.
type along struct {
	news atomic.Bool // there were fills since the last lookup, or some wait still

	mu     sync.Mutex
	last   time.Time // when the last fill came; zero since a lookup has; guarded by mu
	quick  bool      // the lookup after a fill came soon, the last time; guarded by mu
	rest   time.Time // until when none is taken; guarded by mu
	wait   []*fill   // guarded by mu
	bytes  int       // of them; guarded by mu
	armed  bool      // a timer for giveUp runs; guarded by mu
	closed bool      // guarded by mu
}

// fill is a SET that waits, or is on its way.
type fill struct {
	command []byte
	since   time.Time
	stored  bool
	done    func(stored bool)
}

const (
	// longestAlong is how many bytes an entry has at most that goes along with
	// a lookup, whose answer comes that much later.
	longestAlong = 4 << 10
	// mostAlong is about how many bytes go along with one lookup, mostWaiting
	// about how many wait.
	mostAlong   = 16 << 10
	mostWaiting = 64 << 10
	// soon is when a lookup has to follow a fill to be worth waiting for, the
	// next time.
	soon = time.Millisecond
	// alongPatience is how long a fill waits that none follows after all. With
	// less, the timer takes as much as what is saved: it wakes a thread.
	alongPatience = 20 * time.Millisecond
	// alongRest is how long none is taken where those that went along with a
	// lookup were not answered. They may have been delivered and go again by
	// themselves, which a server that is slow needs least of all.
	alongRest = time.Second
)

// FillAlong stores an entry along with what is asked next, if that seems to be
// soon. It calls done when it is known whether the entry is stored, from a
// goroutine that must not be held up. Where it reports false, done is not called.
func (sp *space) FillAlong(key cachedsql.Key, ttl time.Duration, entry func() []byte, done func(stored bool)) bool {
	w := sp.store.wire
	if ttl <= 0 || !w.usable() {
		return false
	}
	now := time.Now()
	if !w.along.comes(now) {
		return false
	}
	e := entry()
	return len(e) <= longestAlong && w.along.add(&fill{command: appendSet(sp.keys.entry(key), e, ttl), since: now, done: done})
}

// comes notes that there is a fill, and reports whether it may wait.
func (a *along) comes(now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last = now
	a.news.Store(true)
	return a.quick && !a.closed && a.bytes <= mostWaiting && !now.Before(a.rest)
}

func appendSet(key string, entry []byte, ttl time.Duration) []byte {
	ms := strconv.FormatInt(max(ttl.Milliseconds(), 1), 10)
	b := make([]byte, 0, len(key)+len(entry)+len(ms)+64)
	b = appendWord(append(b, "*5\r\n$3\r\nSET\r\n"...), key)
	b = append(appendHead(b, '$', len(entry)), entry...)
	return appendWord(append(b, "\r\n$2\r\nPX\r\n"...), ms)
}

func (a *along) add(f *fill) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return false
	}
	a.wait = append(a.wait, f)
	a.bytes += len(f.command)
	a.news.Store(true)
	if !a.armed {
		a.watch(alongPatience)
	}
	return true
}

// watch makes giveUp look after a while. Nobody stops the timer: where lookups
// come all the time it costs less to let it find nothing. It is a new one each
// time, since one made in a bubble (testing/synctest) is of no use outside. It
// needs mu.
func (a *along) watch(after time.Duration) {
	a.armed = true
	time.AfterFunc(after, a.giveUp)
}

// take returns what goes along with a lookup.
func (a *along) take() []*fill {
	if !a.news.Load() {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.last.IsZero() {
		a.quick = time.Since(a.last) < soon
		a.last = time.Time{}
	}
	n, bytes := 0, 0
	for n < len(a.wait) && bytes < mostAlong {
		bytes += len(a.wait[n].command)
		n++
	}
	return a.first(n)
}

// first takes those that have waited longest. It needs mu.
func (a *along) first(n int) []*fill {
	taken := a.wait[:n:n]
	if a.wait = slices.Clone(a.wait[n:]); len(a.wait) == 0 {
		a.wait = nil
	}
	for _, f := range taken {
		a.bytes -= len(f.command)
	}
	a.news.Store(len(a.wait) > 0 || !a.last.IsZero())
	return taken
}

// unanswered notes that nobody knows what became of fills that were sent.
func (a *along) unanswered(fills []*fill) {
	if len(fills) == 0 {
		return
	}
	a.mu.Lock()
	a.rest = time.Now().Add(alongRest)
	a.mu.Unlock()
}

// giveUp gives back what has waited for too long.
func (a *along) giveUp() { ended(a.late(time.Now())) }

func (a *along) late(now time.Time) []*fill {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.armed = false
	n := 0
	for n < len(a.wait) && now.Sub(a.wait[n].since) >= alongPatience {
		n++
	}
	late := a.first(n)
	if n > 0 {
		a.quick = false
	}
	if len(a.wait) > 0 {
		a.watch(alongPatience - now.Sub(a.wait[0].since))
	}
	return late
}

// close gives back all that wait.
func (a *along) close() {
	a.mu.Lock()
	a.closed = true
	all := a.first(len(a.wait))
	a.mu.Unlock()
	ended(all)
}

// ended says what became of fills.
func ended(fills []*fill) {
	for _, f := range fills {
		f.done(f.stored)
	}
}

// readFills reads the answers to those that went along. A refusal is none to the
// lookup: the server may be full.
func (r replies) readFills(fills []*fill) error {
	for _, f := range fills {
		switch kind, _, err := r.head(); {
		case err != nil:
			return err
		case kind != '+' && kind != '-':
			return errReply
		default:
			f.stored = kind == '+'
		}
	}
	return nil
}
