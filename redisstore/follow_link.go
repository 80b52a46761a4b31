package redisstore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// link is a connection on which a master tells what changes.
type link struct {
	following *following
	addr      string // "" where there is one server only
	conn      net.Conn
	in        *bufio.Reader
	trusts    []*trust // under the following's mu

	mu       sync.Mutex
	out      *bufio.Writer // guarded by mu, as all below
	awaiting []request     // whose answers have not come, in order
	whole    bool          // the server does not know the script: send its text
	lost     bool
}

// request is a check that was sent: for a set, or as a heartbeat.
type request struct {
	trust *trust
	call  call

	set    *followed // nil: a heartbeat
	part   int       // which of the set's calls
	doubts uint32    // of the set when it was sent

	sent time.Time // of a heartbeat
	era  string    // which everybody else finds; likewise
}

// connect opens a link to the server that a client talks to, and has it begin
// to tell.
func (f *following) connect(ctx context.Context, addr string, client *redis.Client) (*link, error) {
	opt := client.Options()
	conn, err := opt.Dialer(ctx, opt.Network, opt.Addr)
	if err != nil {
		return nil, err
	}
	l := &link{
		following: f, addr: addr, conn: conn, in: bufio.NewReaderSize(conn, 16<<10), out: bufio.NewWriterSize(conn, 16<<10),
		whole: true,
	}
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	if err := l.greet(ctx, opt); err != nil {
		_ = conn.Close()
		return nil, err
	}
	_ = conn.SetDeadline(time.Time{})
	return l, nil
}

// refusal is an error that the server answered with.
type refusal string

func (r refusal) Error() string { return string(r) }

// RedisError makes it an error as go-redis knows them.
func (refusal) RedisError() {}

// greet sends what must come first: RESP3, in which a server can say what
// nobody asked, the user, the database, and tracking.
func (l *link) greet(ctx context.Context, opt *redis.Options) error {
	user, password, err := credentials(ctx, opt)
	if err != nil {
		return err
	}
	hello := []any{"hello", "3"}
	if password != "" {
		if user == "" {
			user = "default"
		}
		hello = append(hello, "auth", user, password)
	}
	if opt.ClientName != "" {
		hello = append(hello, "setname", opt.ClientName)
	}
	commands := [][]any{hello, {"select", opt.DB}, {"client", "tracking", "on"}}
	if opt.DB == 0 {
		commands = slices.Delete(commands, 1, 2)
	}
	for _, c := range commands {
		writeCommand(l.out, c...)
	}
	if err := l.out.Flush(); err != nil {
		return err
	}
	for _, c := range commands {
		answer, err := readMessage(l.in)
		if err != nil {
			return err
		}
		if answer.kind == kindError {
			return fmt.Errorf("%v: %w", c[0], refusal(answer.text))
		}
	}
	return nil
}

// credentials are the client's, as it would find them.
func credentials(ctx context.Context, opt *redis.Options) (user, password string, err error) {
	switch {
	case opt.CredentialsProviderContext != nil:
		return opt.CredentialsProviderContext(ctx)
	case opt.CredentialsProvider != nil:
		user, password = opt.CredentialsProvider()
		return user, password, nil
	}
	return opt.Username, opt.Password, nil
}

// sendAll sends requests, those of one connection together.
func sendAll(requests []request) {
	byLink := map[*link][]request{}
	for _, r := range requests {
		byLink[r.trust.link] = append(byLink[r.trust.link], r)
	}
	for l, rs := range byLink {
		l.send(rs)
	}
}

func (l *link) send(requests []request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lost {
		return
	}
	sp := l.following.space
	st := sp.store
	_ = l.conn.SetWriteDeadline(time.Now().Add(l.following.bound))
	for _, r := range requests {
		form := st.scripts.form(st.program.check)
		command := []any{"evalsha", form.sha}
		if l.whole {
			command = []any{"eval", form.text}
			l.whole = false
		}
		command = append(command, r.call.keys...)
		writeCommand(l.out, append(command, nextCheckToken(), sp.quarantine.Load(), st.history)...)
		l.awaiting = append(l.awaiting, r)
	}
	if l.out.Flush() != nil {
		_ = l.conn.Close() // the reader sees it
	}
}

// receive takes in, in order, what the server sends. It returns when the
// connection is of no use any more, and everything known by it forgotten.
func (l *link) receive() {
	err := l.receiveAll()
	_ = l.conn.Close()
	l.mu.Lock()
	l.lost, l.awaiting = true, nil
	l.mu.Unlock()
	l.following.lost(l)
	l.following.failed(err)
}

func (l *link) receiveAll() error {
	// Heartbeats are answered several times within the bound.
	silence := max(2*l.following.bound, time.Second)
	for {
		_ = l.conn.SetReadDeadline(time.Now().Add(silence))
		m, err := readMessage(l.in)
		if err != nil {
			return err
		}
		if m.kind == kindPush {
			l.pushed(m)
		} else if err := l.answered(m); err != nil {
			return err
		}
	}
}

// pushed takes in what the server tells unasked. What is not understood could
// mean anything.
func (l *link) pushed(m message) {
	f := l.following
	if len(m.parts) == 2 && m.parts[0].text == "invalidate" && m.parts[1].kind == kindArray {
		for _, key := range m.parts[1].parts {
			f.changed(l, key.text)
		}
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, t := range l.trusts { // everything was removed, or who knows
		f.doubtShard(t.shard)
	}
}

// answered takes in an answer. An error other than that the script is unknown
// means that this server is not, or is no longer, the one to follow.
func (l *link) answered(m message) error {
	r, ok := l.next()
	if !ok {
		return errUnexpected
	}
	if m.kind == kindError {
		return l.refused(&r, refusal(m.text))
	}
	a, err := parseCheck(r.call.shard, m.text)
	if err != nil {
		return err
	}
	if r.set != nil {
		l.following.answered(&r, a)
		return nil
	}
	return l.following.beaten(&r, a)
}

func (l *link) next() (r request, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.awaiting) == 0 {
		return r, false
	}
	r = l.awaiting[0]
	l.awaiting = l.awaiting[1:]
	return r, true
}

// refused handles an error. Once the script has been sent as a text the server
// knows it.
func (l *link) refused(r *request, err refusal) error {
	switch {
	case isUnknownScript(err):
	case isUnknownFlag(err):
		l.following.space.store.scripts.plain.Store(true)
	default:
		return err
	}
	l.mu.Lock()
	l.whole = true
	l.mu.Unlock()
	if r.set != nil {
		r.set.asked.Store(false) // the next to need it asks again
	}
	return nil
}

// beats keeps what is known to be relied on: it sends heartbeats, and looks for
// connections where there are none.
func (f *following) beats() {
	ticker := time.NewTicker(f.bound / beatsPerBound)
	defer ticker.Stop()
	var last time.Time
	for {
		select {
		case <-f.ctx.Done():
			return
		case <-ticker.C:
		case <-f.kick:
			if time.Since(last) < f.bound/beatsPerBound {
				continue // the ticker comes soon
			}
		}
		if last = time.Now(); f.paused(last) {
			continue
		}
		if err := f.beat(); err != nil {
			f.failed(err)
		}
	}
}

func (f *following) paused(now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return now.Before(f.pause)
}

const (
	// beatsPerBound is how many heartbeats there are within the bound: one may
	// be late, or lost with its connection, before anything is asked for.
	beatsPerBound = 4
	// refusedPause is how long a server is left alone that does not want to be
	// followed: it is too old, or the user lacks a right.
	refusedPause = 30 * time.Second
)

// beat sends a heartbeat for each shard in use. Before it, the era is asked for
// on the road that all commands take: a server that was replaced while nobody
// told it, nor us, still answers.
func (f *following) beat() error {
	shards := f.inUse()
	if len(shards) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(f.ctx, f.bound)
	defer cancel()
	sent := time.Now()
	all, calls := f.space.schemaCalls(nil), make([]call, len(shards))
	for i, shard := range shards {
		calls[i] = all[shard]
	}
	answers, err := f.space.runChecks(ctx, calls, nil)
	if err != nil {
		return err
	}
	requests := make([]request, 0, len(shards))
	for i, shard := range shards {
		t, err := f.trustIn(ctx, shard)
		if err != nil {
			return err
		}
		requests = append(requests, request{trust: t, call: calls[i], sent: sent, era: answers[i].era()})
	}
	sendAll(requests)
	return nil
}

func (f *following) inUse() (shards []int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for shard, n := range f.used {
		if n > 0 {
			shards = append(shards, shard)
		}
	}
	return shards
}

// trustIn returns the trust in a shard on the connection to its present
// master.
func (f *following) trustIn(ctx context.Context, shard int) (*trust, error) {
	addr, client, err := f.masterOf(ctx, shard)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	t, l := f.shards[shard], f.links[addr]
	f.mu.Unlock()
	if t != nil && t.link == l {
		return t, nil
	}
	if l == nil {
		if l, err = f.connect(ctx, addr, client); err != nil {
			return nil, err
		}
	}
	return f.adopt(l, shard)
}

// adopt makes a connection the one that a shard is followed on.
func (f *following) adopt(l *link, shard int) (*trust, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		_ = l.conn.Close()
		return nil, context.Canceled
	}
	if f.links[l.addr] == nil {
		f.links[l.addr] = l
		f.done.Go(l.receive)
	} else if f.links[l.addr] != l {
		return nil, errUnexpected
	}
	f.doubtShard(shard) // what was known by another connection, to another master
	t := &trust{link: l, shard: shard}
	l.trusts = append(l.trusts, t)
	f.shards[shard] = t
	poke(f.wake) // something may have waited for it
	return t, nil
}

// masterOf returns the client of a shard's present master.
func (f *following) masterOf(ctx context.Context, shard int) (string, *redis.Client, error) {
	if cluster, ok := f.space.store.scripts.client.(*redis.ClusterClient); ok {
		master, err := cluster.MasterForKey(ctx, f.space.keys.era(shard))
		if err != nil {
			return "", nil, err
		}
		return master.Options().Addr, master, nil
	}
	return "", f.space.store.scripts.client.(*redis.Client), nil
}

// maxDisagreements is how many heartbeats in a row may find another era than
// commands do. One can: the era changes in between.
const maxDisagreements = 3

var errReplaced = errors.New("cachedsql: redis: followed server has been replaced")

// beaten takes in the answer to a heartbeat.
func (f *following) beaten(r *request, a answer) error {
	now := time.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.follows(r.trust, a)
	if a.era() != r.era {
		f.doubtShard(r.trust.shard)
		if r.trust.disagrees++; r.trust.disagrees >= maxDisagreements {
			return errReplaced
		}
		return nil
	}
	r.trust.disagrees = 0
	// The server tells of these, too. What is not settled because of them may
	// become settled, or not, as time passes and nothing changes.
	if !a.settled || a.tokens != r.trust.common {
		r.trust.common = a.tokens
		f.doubtShard(r.trust.shard)
	}
	if f.shards[r.trust.shard] != r.trust {
		return nil // the shard has moved on
	}
	until := f.decide.ReliedOn(f.clock(r.sent), f.clock(now), f.bound)
	r.trust.until.Store(int64(max(until, time.Duration(r.trust.until.Load()))))
	return nil
}

// failed reports a refusal, once for each cause. An outage is nothing to
// report: nobody relies on what is known then, and others notice it too.
func (f *following) failed(err error) {
	if answered := refusal(""); !errors.As(err, &answered) || isPassing(answered) {
		return
	}
	f.mu.Lock()
	known := f.told == err.Error()
	f.told, f.pause = err.Error(), time.Now().Add(refusedPause)
	f.mu.Unlock()
	if !known && f.report != nil {
		f.report(fmt.Errorf("cachedsql: redis: tags cannot be followed: %w", err))
	}
}

// isPassing reports an error that says something of the moment only.
func isPassing(err refusal) bool {
	return slices.ContainsFunc(passing, func(prefix string) bool { return redis.HasErrorPrefix(err, prefix) })
}

var passing = []string{
	"MOVED", "ASK", "TRYAGAIN", "READONLY", "LOADING", "NOREPLICAS", "CLUSTERDOWN", "MASTERDOWN", "BUSY", "MISCONF",
}

// era is the token of the era that an answer belongs to.
func (a *answer) era() string {
	era, _, _ := strings.Cut(a.schema, " ")
	return era
}
