package redisstore

import (
	"bytes"
	"errors"
	"slices"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql/internal/protocol"
)

// A transaction is the second way to check tags. It reads what head.lua reads,
// at one moment as that does, and judges it as settled.lua does: anything but
// the server's own history and tags without leases is left for the script,
// which alone changes registers. It takes the server half as long.
//
// DEL of a key that never exists is in it because it is a write: a replica, a
// master that lost its replicas, and a server that cannot save refuse the whole
// for it, as they refuse the script.
//
// A connection could learn the server's history once, and INFO be left out. It
// would not be as safe: a server can be demoted, given another's data and
// promoted again, and its connections live through that.
type transaction struct {
	values []byte // all that MGET found, one after the other
	ends   []int  // where each value ends; negative if it is missing
	at     int    // how many of them have been judged
	from   int    // where the next one starts
	info   []byte
	now    protocol.Millis // the server's, where writers register
	tokens []byte          // of a set
	parts  [][]byte        // of tokens, one for each call
}

const (
	multiCommand = "*1\r\n$5\r\nMULTI\r\n"
	infoCommand  = "*2\r\n$4\r\nINFO\r\n$11\r\nreplication\r\n"
	timeCommand  = "*1\r\n$4\r\nTIME\r\n"
	execCommand  = "*1\r\n$4\r\nEXEC\r\n"
	getCommand   = "*2\r\n$3\r\nGET\r\n"
)

// appendLookup appends all that is sent to ask for sets and entries.
func appendLookup(b []byte, sp *space, sets []*tagSet, gets []*get) []byte {
	if len(sets) > 0 {
		b = append(b, multiCommand...)
		for _, set := range sets {
			for i := range set.checks {
				b = append(b, set.checks[i].mget...)
			}
		}
		b = append(b, sp.keys.noop...)
		b = append(b, infoCommand...)
		if sp.store.registers() {
			b = append(b, timeCommand...)
		}
		b = append(b, execCommand...)
	}
	for _, g := range gets {
		b = appendWord(append(b, getCommand...), g.key)
	}
	return b
}

// read takes in all answers. A serverError means that the transaction was
// refused; after any error nothing was found, and after any but declined the
// connection is of no use.
func (t *transaction) read(r replies, sp *space, sets []*tagSet, gets []*get, found []finding) error {
	if len(sets) > 0 {
		if err := t.readExec(r, sets, sp.store.registers(), len(gets)); err != nil {
			return err
		}
		history, err := historyOf(t.info, sp.store.history)
		if err != nil {
			return err
		}
		for i, set := range sets {
			t.judge(sp, set, history, &found[i])
		}
	}
	for _, g := range gets {
		g.take(r.text())
		if g.err != nil && !isAnswer(g.err) {
			return g.err
		}
	}
	return nil
}

// commandsOf is how many commands there are between MULTI and EXEC.
func commandsOf(sets []*tagSet, timed bool) int {
	commands := 2
	if timed {
		commands++
	}
	for _, set := range sets {
		commands += len(set.checks)
		if timed {
			commands += len(set.checks)
		}
	}
	return commands
}

// drop reads the answers that nobody waits for any more.
func (r replies) drop(q *trip) error {
	err := r.skipAll(len(q.along))
	if len(q.sets) > 0 && err == nil {
		err = r.dropExec(1 + commandsOf(q.sets, q.space.store.registers()))
	}
	if err == nil {
		err = r.skipAll(len(q.gets))
	}
	return err
}

// dropExec reads the answers up to that of EXEC. If that alone is refused, what
// is sent next would be queued.
func (r replies) dropExec(before int) error {
	if err := r.skipAll(before); err != nil {
		return err
	}
	if err := r.skip(); err != nil && !redis.HasErrorPrefix(err, "EXECABORT") {
		return err
	}
	return nil
}

// skipAll passes over answers, refusals among them.
func (r replies) skipAll(answers int) error {
	for range answers {
		if err := r.skip(); err != nil && !isAnswer(err) {
			return err
		}
	}
	return nil
}

// declined is why the server has discarded a transaction, where all answers have
// been read. A server that is full discards each.
type declined struct{ serverError }

func (r declined) Unwrap() error { return r.serverError }

func isDeclined(err error) bool {
	var is declined
	return errors.As(err, &is)
}

// refused reads the answers that are left after a refusal: of the transaction up
// to that of EXEC, and behind it.
func (r replies) refused(why serverError, left, behind int) error {
	if r.skipAll(left) != nil {
		return why
	}
	if err := r.skip(); !redis.HasErrorPrefix(err, "EXECABORT") {
		return why // it may still be there
	}
	if r.skipAll(behind) != nil {
		return why
	}
	return declined{why}
}

// readExec reads the answers up to that of EXEC, and if one is a refusal those
// behind it as well.
func (t *transaction) readExec(r replies, sets []*tagSet, timed bool, behind int) error {
	commands := commandsOf(sets, timed)
	for i := range 1 + commands { // OK, and then QUEUED
		if kind, rest, err := r.head(); err != nil {
			return err
		} else if kind == '-' {
			return r.refused(serverError(rest), commands-i, behind)
		} else if kind != '+' {
			return errReply
		}
	}
	if n, err := r.size('*'); err != nil {
		return err
	} else if n != commands {
		return errReply
	}
	t.values, t.ends, t.at, t.from = t.values[:0], t.ends[:0], 0, 0
	for _, set := range sets {
		for i := range set.checks {
			if err := t.readCheck(r, set.checks[i].tags, timed); err != nil {
				return err
			}
		}
	}
	if err := r.skip(); err != nil { // DEL
		return err
	}
	var err error
	if t.info, _, err = r.appendText(t.info[:0]); err != nil && !isAnswer(err) {
		return err // else a server without it, or a user who may not: see historyOf
	}
	if timed {
		t.now, err = readTime(r)
		return err
	}
	return nil
}

// readTime reads what TIME answers. It comes after the registrations: whoever
// has not lapsed by it had not when they were read.
func readTime(r replies) (protocol.Millis, error) {
	n, err := r.size('*')
	if err == nil && n != 2 {
		err = errReply
	}
	if err != nil {
		return 0, err
	}
	var parts [2]int64
	for i := range parts {
		text, err := r.text()
		if err != nil {
			return 0, err
		}
		if parts[i], err = strconv.ParseInt(string(text), 10, 64); err != nil {
			return 0, errReply
		}
	}
	return protocol.Millis(parts[0]*1000 + parts[1]/1000), nil
}

// readCheck reads the tags of a call, and the beginning of the register of
// registrations where there is one.
func (t *transaction) readCheck(r replies, tags int, timed bool) error {
	if err := t.readValues(r, tags); err != nil || !timed {
		return err
	}
	values, isText, err := r.appendText(t.values)
	if err == nil && !isText {
		err = errReply
	}
	t.values, t.ends = values, append(t.ends, len(values))
	return err
}

func (t *transaction) readValues(r replies, keys int) error {
	if n, err := r.size('*'); err != nil {
		return err
	} else if n != keys {
		return errReply
	}
	for range keys {
		values, isText, err := r.appendText(t.values)
		if err != nil {
			return err
		}
		t.values = values
		if isText {
			t.ends = append(t.ends, len(values))
		} else {
			t.ends = append(t.ends, -1)
		}
	}
	return nil
}

// replicationID is how long a replication ID is.
const replicationID = 40

// historyOf finds the server's history as head.lua does.
func historyOf(info []byte, otherwise any) ([]byte, error) {
	if bytes.Contains(info, []byte("role:slave")) {
		return nil, serverError("READONLY a replica cannot tell what is current")
	}
	name := []byte("master_replid:")
	if at := bytes.Index(info, name); at >= 0 {
		if id := info[at+len(name):]; len(id) >= replicationID {
			return id[:replicationID], nil
		}
	}
	if known, _ := otherwise.(string); known != "" {
		return []byte(known), nil
	}
	return nil, serverError("NOREPLID INFO shows no master_replid")
}

// judge says what a set's tags are, if they are settled. It takes the set's
// values off the front of those read.
func (t *transaction) judge(sp *space, set *tagSet, history []byte, f *finding) {
	t.tokens, t.parts = slices.Grow(t.tokens[:0], len(t.values)+len(t.ends)), t.parts[:0]
	settled, schema := true, 0
	for i := range set.checks {
		start := len(t.tokens)
		for k := range set.checks[i].tags {
			v := t.next()
			if k == 0 {
				v = settledEra(v, history, sp.store.suffix)
			} else {
				t.tokens = append(t.tokens, ' ')
			}
			if len(v) == 0 || bytes.IndexByte(v, ' ') >= 0 {
				settled = false
			}
			t.tokens = append(t.tokens, v...)
			if k == 1 {
				schema = len(t.tokens) - start
			}
		}
		if sp.store.registers() && !sp.store.nobodyAway(t.next(), history, t.now) {
			settled = false
		}
		t.parts = append(t.parts, t.tokens[start:])
	}
	if set.busy.Load() == settled {
		set.busy.Store(!settled)
	}
	if settled {
		f.done, f.Settled, f.Vector = true, true, protocol.Vector(t.parts...)
		f.Schema = sp.schemaOf(t.parts[len(t.parts)-1][:schema])
	}
}

// next returns the next value, nil if it is missing.
func (t *transaction) next() []byte {
	end := t.ends[t.at]
	t.at++
	if end < 0 {
		return nil
	}
	v := t.values[t.from:end]
	t.from = end
	return v
}

// settledEra returns the token of an era of this history that is not in
// quarantine, nil otherwise. suffix is what the store adds to the history.
func settledEra(era, history []byte, suffix string) []byte {
	rest, ok := cutHistory(era, history, suffix)
	if !ok {
		return nil
	}
	token, ok := bytes.CutSuffix(rest, []byte(" 0"))
	if !ok || len(token) == 0 || token[0] != ' ' {
		return nil
	}
	return token[1:]
}

func cutHistory(value, history []byte, suffix string) (rest []byte, ok bool) {
	rest, ok = bytes.CutPrefix(value, history)
	if !ok || len(rest) < len(suffix) || string(rest[:len(suffix)]) != suffix {
		return nil, false
	}
	return rest[len(suffix):], true
}

// nobodyAway says of the register of registrations what away.lua does: whether
// whoever lapses first does so within one term from now.
func (s *Store) nobodyAway(presence, history []byte, now protocol.Millis) bool {
	rest, ok := cutHistory(presence, history, s.suffix)
	if !ok || len(rest) == 0 {
		return ok
	}
	_, fields, found := bytes.Cut(rest, []byte{':'})
	digits, _, ended := bytes.Cut(fields, []byte{':'})
	lapses, err := strconv.ParseInt(string(digits), 10, 64)
	return found && ended && err == nil && rest[0] == ' ' &&
		protocol.Millis(lapses) > now && protocol.Millis(lapses) <= now+s.rules.Term
}
