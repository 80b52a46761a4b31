package protocol

import (
	"slices"
	"strconv"
	"strings"
)

// Markers that are no writer's. Writers' names are longer.
const (
	quarantineMarker = "q" // a write whose lease was lost with the tag's value
	schemaMarker     = "s" // on the schema tag: writes that began before its last change
	overflowMarker   = "o" // any writer beyond Rules.MaxLeases
)

// maxDeadlineDigits keeps deadlines exact in Lua, whose numbers are doubles.
const maxDeadlineDigits = 15

// Tag is the register of one tag. The zero Tag is one that is missing: never
// written, evicted, deleted, or not readable as a tag.
type Tag struct {
	Token  string
	Leases []Lease
}

// Lease says that a write may become visible until its deadline.
type Lease struct {
	Marker   string
	Deadline Millis
}

// Missing reports whether nothing is known about the tag.
func (t Tag) Missing() bool { return t.Token == "" }

// ParseTag reads "token marker:deadline marker:deadline ...". Anything else is
// a missing tag.
func ParseTag(value string) Tag {
	token, rest, more := strings.Cut(value, " ")
	t := Tag{Token: token}
	for more {
		var field string
		field, rest, more = strings.Cut(rest, " ")
		lease, ok := parseLease(field)
		if !ok {
			return Tag{}
		}
		t.Leases = append(t.Leases, lease)
	}
	return t
}

func parseLease(field string) (Lease, bool) {
	marker, digits, _ := strings.Cut(field, ":")
	deadline, ok := parseMillis(digits)
	return Lease{marker, deadline}, ok && marker != ""
}

func parseMillis(digits string) (Millis, bool) {
	if len(digits) == 0 || len(digits) > maxDeadlineDigits {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 63)
	return Millis(n), err == nil
}

// String is what ParseTag reads.
func (t Tag) String() string {
	if len(t.Leases) == 0 {
		return t.Token
	}
	b := []byte(t.Token)
	for _, l := range t.Leases {
		b = append(b, ' ')
		b = append(b, l.Marker...)
		b = append(b, ':')
		b = strconv.AppendInt(b, int64(l.Deadline), 10)
	}
	return string(b)
}

// Observe is what a reader's check does to a tag: it says whether the tag is
// settled, and what it has become. A missing tag comes into being, and leases
// that have run out are swept. fresh is a token nobody has used.
//
// Sweeping changes the token. Entries could do without, since begin already
// changed it and nothing was filled since. But what is kept beside the cache
// under a tag's token, as the catalog is under the schema tag's, may have been
// read between the begin of a writer that died and its COMMIT taking effect;
// only another token at the end tells that it has to be read again.
func (r Rules) Observe(t Tag, now Millis, fresh string) (next Tag, settled bool) {
	if t.Missing() {
		t = r.recreate(t, now, fresh)
		return t, len(t.Leases) == 0
	}
	if len(t.Leases) == 0 {
		return t, true
	}
	next = Tag{t.Token, r.live(t.Leases, "", now)}
	outdates := func(l Lease) bool { return l.Deadline <= now && l.Marker != schemaMarker }
	if slices.ContainsFunc(t.Leases, outdates) && r.has(BumpAtSweep) {
		next.Token = r.token(t, fresh)
	}
	return next, len(next.Leases) == 0
}

// Begin is what a writer does to a tag before its write can be visible, and
// again to renew its lease.
func (r Rules) Begin(t Tag, writer string, lease, now Millis, fresh string) Tag {
	next := r.mark(t, writer, now, fresh)
	if !r.has(BumpAtBegin) && !t.Missing() {
		next.Token = t.Token
	}
	if !r.has(LeaseSet) {
		next.Leases = nil
	}
	next.Leases = r.grant(next.Leases, writer, now+lease)
	return next
}

// End is what a writer does to a tag after its write is decided. An end that
// comes late, twice, or from a writer that never began is harmless: it removes
// nobody else's lease, and one more token costs a miss.
func (r Rules) End(t Tag, writer string, now Millis, fresh string) Tag {
	next := r.mark(t, writer, now, fresh)
	if !r.has(LeaseSet) {
		next.Leases = nil
	}
	return next
}

// EndSchema is End for the schema tag: with it ends a change of the schema. A
// write that began before the change was judged without it, by what was known
// of triggers, keys and dimensions then, and its statement may run after it;
// so its leases may be on other tags than those it changes. Nothing is settled
// until the last such write has ended or renewed its lease, which tells it.
func (r Rules) EndSchema(t Tag, writer string, now Millis, fresh string) Tag {
	if t.Missing() {
		return r.recreate(t, now, fresh)
	}
	return r.hold(Tag{r.token(t, fresh), r.live(t.Leases, writer, now)}, now)
}

// ObserveSchema is Observe for the schema tag. A writer whose lease has run out
// ended its change of the schema with it.
func (r Rules) ObserveSchema(t Tag, now Millis, fresh string) (next Tag, settled bool) {
	next, _ = r.Observe(t, now, fresh)
	died := func(l Lease) bool {
		return l.Deadline <= now && l.Marker != quarantineMarker && l.Marker != schemaMarker
	}
	if !t.Missing() && slices.ContainsFunc(t.Leases, died) {
		next = r.hold(next, now)
	}
	return next, len(next.Leases) == 0
}

// hold keeps the schema tag from being settled. When that is over its token
// stays: what was read of the catalog meanwhile is current.
func (r Rules) hold(t Tag, now Millis) Tag {
	if r.Quarantine <= 0 || !r.has(SchemaQuarantine) {
		return t
	}
	leases := slices.DeleteFunc(t.Leases, func(l Lease) bool { return l.Marker == schemaMarker })
	return Tag{t.Token, append(leases, Lease{schemaMarker, now + r.Quarantine})}
}

// mark changes the token and removes the writer's own lease.
func (r Rules) mark(t Tag, writer string, now Millis, fresh string) Tag {
	if t.Missing() {
		return r.recreate(t, now, fresh)
	}
	return Tag{r.token(t, fresh), r.live(t.Leases, writer, now)}
}

// recreate makes a tag about which nothing is known. Somebody may have begun
// a write under the value that was lost, so it starts with a lease for them.
func (r Rules) recreate(t Tag, now Millis, fresh string) Tag {
	next := Tag{Token: r.token(t, fresh)}
	if r.Quarantine > 0 && r.has(TagQuarantine) {
		next.Leases = []Lease{{quarantineMarker, now + r.Quarantine}}
	}
	return next
}

// live returns the leases that have not run out, without the writer's own.
func (r Rules) live(leases []Lease, writer string, now Millis) []Lease {
	var kept []Lease
	for _, l := range leases {
		if l.Marker == writer || l.Deadline <= now {
			continue
		}
		l.Deadline = r.clamp(l.Deadline, now)
		kept = append(kept, l)
	}
	return kept
}

// clamp brings down a deadline that was written under another server's clock,
// or before this one's was set back, so that it blocks for one lease at most.
func (r Rules) clamp(deadline, now Millis) Millis {
	if r.LongestLease > 0 {
		return min(deadline, now+r.LongestLease)
	}
	return deadline
}

// grant adds a lease, or where there are too many extends the shared one. The
// end of a writer that has no lease of its own leaves the shared one alone,
// for it cannot know who else relies on it: that one runs out.
func (r Rules) grant(leases []Lease, writer string, deadline Millis) []Lease {
	if r.MaxLeases == 0 || len(leases) < r.MaxLeases {
		return append(leases, Lease{writer, deadline})
	}
	if i := slices.IndexFunc(leases, isOverflow); i >= 0 {
		leases[i].Deadline = max(leases[i].Deadline, deadline)
		return leases
	}
	return append(leases, Lease{overflowMarker, deadline})
}

func isOverflow(l Lease) bool { return l.Marker == overflowMarker }

// token is the next token of a tag.
func (r Rules) token(t Tag, fresh string) string {
	if r.has(UniqueTokens) {
		return fresh
	}
	n, _ := strconv.Atoi(t.Token)
	return strconv.Itoa(n + 1)
}
