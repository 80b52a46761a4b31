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
type Era struct {
	History    string
	Token      string
	Quarantine Millis // not settled before; zero when that is over
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
	switch {
	case e.History != history && (r.has(EpochCheck) || e.Token == ""):
		e = Era{History: history, Token: fresh}
		if r.has(EpochQuarantine) && r.Quarantine > 0 {
			e.Quarantine = now + r.Quarantine
		}
	case e.Quarantine == 0:
	case e.Quarantine <= now:
		e.Token, e.Quarantine = fresh, 0
	default:
		e.Quarantine = r.clamp(e.Quarantine, now)
	}
	return e, e.Quarantine == 0
}
