package protocol

import (
	"strconv"
	"strings"
)

// Era is the register that says which history of the server the tags beside it
// belong to. A server that was promoted, or restarted from a snapshot, has
// tags that may be older than the database, and nothing in a tag tells.
//
// The history is named by Redis's replication ID: it changes when a master
// starts and when a replica is promoted, also when the same process becomes
// master a second time (its run ID would not change then).
//
// Processes need not have the same quarantine, but whoever has a shorter one
// must not take for over what another's lease may still do. So the longest that
// somebody has needed stands in the era, behind its token, and is everybody's.
type Era struct {
	History    string
	Token      string // "token~longest"
	Quarantine Millis // not settled before; zero when that is over
}

// Longest is the longest quarantine that a lease has needed, zero where none is
// known. One of days is nobody's.
func (e Era) Longest() Millis {
	digits := e.Token[strings.LastIndexByte(e.Token, '~')+1:]
	if len(digits) == len(e.Token) || len(digits) > maxSpanDigits {
		return 0
	}
	longest, _ := parseMillis(digits)
	return longest
}

// maxSpanDigits is how many digits the milliseconds of a day have.
const maxSpanDigits = 8

// eraToken is a fresh token with a quarantine behind it.
func eraToken(fresh string, longest Millis) string {
	if longest == 0 {
		return fresh
	}
	return fresh + "~" + strconv.FormatInt(int64(longest), 10)
}

// Within returns the rules by which all processes of an era go.
func (r Rules) Within(e Era) Rules {
	r.Quarantine = max(r.Quarantine, e.Longest())
	if r.LongestLease > 0 {
		r.LongestLease = max(r.LongestLease, e.Longest())
	}
	return r
}

// ParseEra reads "history token quarantine". Anything else is the zero Era.
func ParseEra(value string) Era {
	f := strings.Split(value, " ")
	if len(f) != 3 || f[0] == "" || f[1] == "" {
		return Era{}
	}
	until, ok := parseMillis(f[2])
	if !ok {
		return Era{}
	}
	return Era{f[0], f[1], until}
}

// String is what ParseEra reads.
func (e Era) String() string {
	return e.History + " " + e.Token + " " + strconv.FormatInt(int64(e.Quarantine), 10)
}

// ObserveEra is what every check, begin and end does first: it says whether
// the tags of this history can be believed, and what the era has become. In a
// new history nothing is settled for one quarantine: writes that began in the
// old one, and were forgotten, are decided by then.
func (r Rules) ObserveEra(e Era, history string, now Millis, fresh string) (next Era, settled bool) {
	within := r.Within(e)
	switch {
	case e.History != history && (r.has(EpochCheck) || e.Token == ""):
		e = within.newEra(history, now, fresh)
	case e.Quarantine == 0:
	case e.Quarantine <= now:
		longest := e.Longest()
		if longest == 0 {
			longest = r.Quarantine
		}
		e.Token, e.Quarantine = eraToken(fresh, longest), 0
	default:
		e.Quarantine = within.clamp(e.Quarantine, now)
	}
	return e, e.Quarantine == 0
}

func (r Rules) newEra(history string, now Millis, fresh string) Era {
	e := Era{History: history, Token: eraToken(fresh, r.Quarantine)}
	if r.has(EpochQuarantine) && r.Quarantine > 0 {
		e.Quarantine = now + r.Quarantine
	}
	return e
}

// BeginEra is what a begin does to the era it has observed. A longer lease than
// there was begins another, as if everything had been lost: in this one it was
// waited for less.
func (r Rules) BeginEra(e Era, lease, now Millis, fresh string) Era {
	if lease <= e.Longest() {
		return e
	}
	return r.Within(e).newEra(e.History, now, fresh)
}
