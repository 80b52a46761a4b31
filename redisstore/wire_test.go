package redisstore

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
)

// calls returns how often the server has executed a command.
func calls(t *testing.T, srv *testredis.Server, command string) (n int) {
	t.Helper()
	info, err := srv.Client(t).Info(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	if _, rest, ok := strings.Cut(info, "cmdstat_"+command+":calls="); ok {
		_, _ = fmt.Sscan(rest[:strings.IndexByte(rest, ',')], &n)
	}
	return n
}

// settledOn returns a space of a server, and a set that is settled.
func settledOn(t *testing.T, url string) (*Store, *space, cachedsql.TagSet) {
	t.Helper()
	s := openURL(t, url, Config{Quarantine: 20 * time.Millisecond})
	sp := s.Space("db").(*space)
	tags := sp.Tags([]string{"users", "orders"})
	for range 5000 {
		if r, err := sp.Check(t.Context(), tags); err == nil && r.Settled {
			return s, sp, tags
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("tags do not settle")
	return nil, nil, nil
}

// oneConnection is settledOn over a server that is far away, with no more
// connections than the one that is there.
func oneConnection(t *testing.T, srv *testredis.Server, rtt time.Duration) (*Store, *space, cachedsql.TagSet) {
	t.Helper()
	s, sp, tags := settledOn(t, "redis://"+testredis.Far(t, srv.Addr, rtt)+"?read_timeout=1m")
	s.wire.mu.Lock()
	s.wire.growing = true
	s.wire.mu.Unlock()
	return s, sp, tags
}

func TestLookupsGoByTransaction(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	_, sp, tags := settledOn(t, srv.URL())
	if err := sp.Fill(t.Context(), cachedsql.Key{1}, []byte("entry"), time.Minute); err != nil {
		t.Fatal(err)
	}
	transactions, scripts := calls(t, srv, "exec"), calls(t, srv, "evalsha")
	for range 10 {
		if r, err := sp.Read(t.Context(), cachedsql.Key{1}, tags, nil); err != nil || !r.Settled || string(r.Entry) != "entry" {
			t.Fatalf("%+v, %v", r, err)
		}
	}
	if n := calls(t, srv, "exec") - transactions; n != 10 {
		t.Errorf("%d transactions for ten lookups", n)
	}
	if n := calls(t, srv, "evalsha") - scripts; n != 0 {
		t.Errorf("%d scripts where none was needed", n)
	}
}

// What a transaction says is settled the script says, too, and with the same
// versions: processes that ask in different ways share entries.
func TestTransactionAgreesWithTheScript(t *testing.T) {
	t.Parallel()
	for _, parameters := range []string{"", "?absence=1m"} {
		t.Run(parameters, func(t *testing.T) {
			t.Parallel()
			agree(t, parameters)
		})
	}
}

func agree(t *testing.T, parameters string) {
	t.Helper()
	srv := testredis.Start(t)
	s, sp, _ := settledOn(t, srv.URL())
	if parameters != "" {
		s = openURL(t, srv.URL()+parameters, Config{Quarantine: 20 * time.Millisecond})
		sp = s.Space("db").(*space)
	}
	client := srv.Client(t)
	random := rand.New(rand.NewPCG(1, 2))
	eras := []string{
		"%s AAA.1 0", "%s AAA.1 0", "%s AAA.1 0", "%s AAA.1 0", "", "%s AAA.1 99999999999999", "%s AAA.1 5", "%s  0", "%s 0", "%s",
		"0123456789012345678901234567890123456789 AAA.1 0", "%sX AAA.1 0", "%s A B 0",
	}
	values := []string{
		"tok.1", "tok.2", "tok.3", "tok.4", "tok.5", "", "-", "tok.6 m:99999999999999", "tok.7 m:5", "tok.8 q:99999999999999", " tok", "tok ",
	}
	history := sp.historyNow(t) + s.suffix
	settled := 0
	for i := range 2000 {
		names := []string{"a", "b", "c"}[:1+random.IntN(3)]
		set := sp.Tags(names).(*tagSet)
		for k, key := range set.checks[0].keys[1:] {
			value := values[random.IntN(len(values))]
			if random.IntN(4) > 0 {
				value = values[random.IntN(4)]
			}
			if s.registers() && k == set.checks[0].tags {
				value = somePresence(random, history)
			}
			if k == 0 {
				value = strings.ReplaceAll(eras[random.IntN(len(eras))], "%s", history)
			}
			if value == "-" {
				client.Del(t.Context(), key.(string))
			} else {
				client.Set(t.Context(), key.(string), value, 0)
			}
		}
		began := time.Now()
		var fast, slow [1]finding
		if ok, err := s.wire.lookup(t.Context(), sp, []*tagSet{set}, nil, fast[:]); !ok || err != nil {
			t.Fatal(ok, err)
		}
		if fast[0].done == set.busy.Load() {
			t.Fatalf("%d: settled %v, but busy %v", i, fast[0].done, set.busy.Load())
		}
		sp.askScripts(t.Context(), []*tagSet{set}, nil, slow[:])
		if slow[0].err != nil {
			t.Fatal(slow[0].err)
		}
		if fast[0].done && time.Since(began) < time.Second { // what had not lapsed then has not now
			settled++
			if fast[0].Settled != slow[0].Settled || fast[0].Vector != slow[0].Vector || fast[0].Schema != slow[0].Schema {
				t.Fatalf("%d: transaction %+v, script %+v", i, fast[0].Reading, slow[0].Reading)
			}
		}
	}
	if settled < 100 || settled > 1900 {
		t.Errorf("%d of 2000 states settled: too few or too many to mean something", settled)
	}
}

// somePresence is a register of registrations, mostly one in which all is well
// for more than a second.
func somePresence(random *rand.Rand, history string) string {
	now := time.Now().UnixMilli()
	ahead := fmt.Sprintf("%s w:%d:%d", history, now+2500, now+62500)
	odd := []string{
		"-", history + " w", history + " w:", history + " w:1:", history + ":1:2", "x" + history, history + "0",
		fmt.Sprintf("%s w:%d:%d", history, now-1, now+60000), fmt.Sprintf("%s w:%d:%d", history, now+9000, now+69000),
		fmt.Sprintf("%s w:%d:%d", history, now-60001, now-1),
	}
	switch n := random.IntN(16); {
	case n < 4:
		return history
	case n < 11:
		return ahead
	default:
		return odd[random.IntN(len(odd))]
	}
}

// historyNow is the server's replication ID.
func (sp *space) historyNow(t *testing.T) string {
	t.Helper()
	info, err := sp.store.scripts.client.Info(t.Context(), "replication").Bytes()
	if err != nil {
		t.Fatal(err)
	}
	id, err := historyOf(info, "")
	if err != nil {
		t.Fatal(err)
	}
	return string(id)
}

func TestSetOfManyCallsIsOneTransaction(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	_, sp, _ := settledOn(t, srv.URL())
	names := make([]string, 3*maxTagsPerScript/2)
	for i := range names {
		names[i] = fmt.Sprint("table", i)
	}
	set := sp.Tags(names).(*tagSet)
	eventually(t, "many tags settle", func() bool {
		r, err := sp.Check(t.Context(), set)
		return err == nil && r.Settled && !set.busy.Load()
	})
	var slow [1]finding
	fast, err := sp.Check(t.Context(), set)
	sp.askScripts(t.Context(), []*tagSet{set}, nil, slow[:])
	if err != nil || slow[0].err != nil || fast.Vector != slow[0].Vector || fast.Schema != slow[0].Schema {
		t.Errorf("transaction %+v, %v; script %+v, %v", fast, err, slow[0].Reading, slow[0].err)
	}
}

func TestConnectionsClosedByTheServerCostNoLookup(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	_, sp, tags := settledOn(t, srv.URL())
	for i := range 5 {
		srv.Do(t, "client", "kill", "type", "normal", "skipme", "yes")
		if r, err := sp.Read(t.Context(), cachedsql.Key{}, tags, nil); err != nil || !r.Settled {
			t.Fatalf("%d: settled %v, %v", i, r.Settled, err)
		}
	}
}

func TestServerThatRefusesTransactionsIsAskedByScript(t *testing.T) {
	t.Parallel()
	t.Run("user who may not", func(t *testing.T) {
		t.Parallel()
		srv := testredis.Start(t)
		srv.Do(t, "acl", "setuser", "default", "-multi", "-info")
		srv.Do(t, "acl", "setuser", "shop", "on", ">secret", "~*", "+@all", "-multi")
		s, _, _ := settledOn(t, "redis://shop:secret@"+srv.Addr)
		if s.wire.usable() {
			t.Error("transactions are still tried")
		}
	})
	t.Run("server before version 7", func(t *testing.T) {
		t.Parallel()
		m := miniredis.RunT(t)
		m.Server().SetPreHook(func(c *server.Peer, cmd string, _ ...string) bool {
			if cmd == "HELLO" {
				c.WriteLen(2)
				c.WriteBulk("version")
				c.WriteBulk("6.2.14")
			}
			return cmd == "HELLO"
		})
		s := openURL(t, "redis://"+m.Addr(), Config{AllowNoReplicationID: true})
		if _, err := s.Space("db").Check(t.Context(), s.Space("db").Tags([]string{"users"})); err != nil || s.wire.usable() {
			t.Errorf("%v, transactions are tried: %v", err, s.wire.usable())
		}
	})
}

// TestServerThatRefusesOnceIsAskedByTransactionLater: its password is being
// changed, say.
func TestServerThatRefusesOnceIsAskedByTransactionLater(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	s, sp, tags := settledOn(t, srv.URL())
	s.wire.drop()
	srv.Do(t, "acl", "setuser", "default", "-multi")
	if _, err := sp.Check(t.Context(), tags); err != nil || s.wire.usable() {
		t.Fatalf("%v, transactions are still tried: %v", err, s.wire.usable())
	}
	srv.Do(t, "acl", "setuser", "default", "+multi")
	was := s.wire.off.Load().Add(-wireOff)
	s.wire.off.Store(&was)
	if s.wire.usable() || !s.wire.try() || s.wire.try() || s.wire.usable() {
		t.Error("a minute later it is not just one lookup that tries")
	}
	if done, err := s.wire.lookup(t.Context(), sp, []*tagSet{tags.(*tagSet)}, nil, make([]finding, 1)); !done || err != nil || !s.wire.usable() {
		t.Errorf("a minute later: %v, %v", done, err)
	}
}

// TestRefusedTransactionLeavesTheConnectionGood: a server that is full refuses
// each, and to dial for each lookup would take longer than the lookup.
func TestRefusedTransactionLeavesTheConnectionGood(t *testing.T) {
	t.Parallel()
	for what, refuse := range map[string][2][]any{
		"no room": {{"config", "set", "maxmemory", "1"}, {"config", "set", "maxmemory", "0"}},
		"no DEL":  {{"acl", "setuser", "default", "-del"}, {"acl", "setuser", "default", "+del"}},
	} {
		srv := testredis.Start(t, "--maxmemory-policy", "noeviction")
		if what == "no room" && strings.Contains(srv.Client(t).Info(t.Context(), "server").Val(), "valkey_version") {
			continue // Valkey carries it out
		}
		s, sp, tags := settledOn(t, srv.URL())
		if err := sp.Fill(t.Context(), cachedsql.Key{1}, []byte("entry"), time.Minute); err != nil {
			t.Fatal(err)
		}
		idle := func() []*wireConn {
			s.wire.mu.Lock()
			defer s.wire.mu.Unlock()
			return slices.Clone(s.wire.idle)
		}
		before := idle()
		read := func() (done bool, entry string) {
			g := sp.newGet(cachedsql.Key{1})
			done, err := s.wire.lookup(t.Context(), sp, []*tagSet{tags.(*tagSet)}, []*get{g}, make([]finding, 1))
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
			return done, string(g.entry)
		}
		srv.Do(t, refuse[0]...)
		for range 3 {
			if done, _ := read(); done {
				t.Errorf("%s: carried out", what)
			}
		}
		srv.Do(t, refuse[1]...)
		if done, entry := read(); !done || entry != "entry" {
			t.Errorf("%s: afterwards: %v, %q", what, done, entry)
		}
		if after := idle(); len(before) != 1 || !slices.Equal(after, before) {
			t.Errorf("%s: connections %p, before that %p", what, after, before)
		}
	}
}

// TestConnectionThatNobodyNeedsIsClosed: while fewer are in use, nobody takes it.
// A transaction of which EXEC alone is refused may still be open. Redis discards
// it, and says so; what calls itself Redis may not.
func TestConnectionOnWhichEXECIsRefusedIsNotKept(t *testing.T) {
	t.Parallel()
	sp := newSpace(&Store{config: Config{KeyPrefix: "p"}, shards: 1}, "n")
	q := trip{space: sp, sets: []*tagSet{newTagSet(sp, []string{"users"})}, gets: []*get{sp.newGet(cachedsql.Key{1})}}
	const queued = "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n"
	for exec, keeps := range map[string]bool{
		"-NOPERM no permissions to run the 'exec' command":                   false,
		"-EXECABORT Transaction discarded because of: NOPERM no permissions": true,
	} {
		r := replies{bufio.NewReader(strings.NewReader(queued + exec + "\r\n$-1\r\n"))}
		if err := r.drop(&q); (err == nil) != keeps {
			t.Errorf("an answer of %q that nobody waits for: %v; is the connection kept? want %v", exec, err, keeps)
		}
	}
}

func TestConnectionThatNobodyNeedsIsClosed(t *testing.T) {
	t.Parallel()
	w := newWire(&redis.Options{Network: "tcp", Addr: testredis.Start(t).Addr, DialTimeout: time.Minute, ConnMaxIdleTime: time.Hour})
	defer w.close()
	var all []*wireConn
	for range 3 {
		cn, err := w.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, cn)
	}
	for _, cn := range all {
		w.give(cn)
	}
	all[0].used, all[1].used = time.Now().Add(-2*time.Hour), time.Now().Add(-2*time.Hour)
	for range 2 {
		cn, _, err := w.take(t.Context())
		if err != nil || cn != all[2] {
			t.Fatalf("not the connection used last: %v", err)
		}
		w.give(cn)
	}
	for _, cn := range all[:2] {
		if _, err := cn.Write(nil); !errors.Is(err, net.ErrClosed) {
			t.Errorf("one that was idle for too long is still there: %v", err)
		}
	}
}

// A server that has no room for one more connection has it later.
func TestServerThatIsFullIsAskedByTransactionLater(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	s := openURL(t, "redis://"+m.Addr(), Config{AllowNoReplicationID: true})
	m.Server().SetPreHook(func(c *server.Peer, cmd string, _ ...string) bool {
		if cmd == "HELLO" {
			c.WriteError("ERR max number of clients reached")
		}
		return cmd == "HELLO"
	})
	if done, err := s.wire.lookup(t.Context(), s.Space("db").(*space), nil, nil, nil); done || err != nil || !s.wire.usable() {
		t.Errorf("%v, %v, transactions are tried: %v", done, err, s.wire.usable())
	}
}

// A server that is slow to accept connections is reached in the end, even if
// nobody who asks waits so long.
func TestConnectionIsKeptForTheNextWhenNobodyWaitsForIt(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	s, sp, tags := settledOn(t, srv.URL())
	s.wire.drop()
	srv.Pause(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := s.wire.dial(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("of a server that does not answer: %v", err)
	}
	srv.Resume(t)
	eventually(t, "the connection is kept", func() bool {
		s.wire.mu.Lock()
		defer s.wire.mu.Unlock()
		return len(s.wire.idle) == 1
	})
	if _, err := sp.Check(t.Context(), tags); err != nil {
		t.Error(err)
	}
}

func TestPasswordAndDatabaseAreThoseOfTheURL(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	srv.Do(t, "config", "set", "requirepass", "secret")
	for _, url := range []string{"redis://:secret@" + srv.Addr + "/3?client_name=shop", "redis://default:secret@" + srv.Addr + "/4"} {
		s, sp, tags := settledOn(t, url)
		if err := sp.Fill(t.Context(), cachedsql.Key{1}, []byte(url), time.Minute); err != nil {
			t.Fatal(err)
		}
		if r, err := sp.Read(t.Context(), cachedsql.Key{1}, tags, nil); err != nil || string(r.Entry) != url || !s.wire.usable() {
			t.Errorf("%q, %v, by transaction: %v", r.Entry, err, s.wire.usable())
		}
	}
	s := openURL(t, "redis://:wrong@"+srv.Addr, Config{})
	if _, err := s.Space("db").Check(t.Context(), s.Space("db").Tags([]string{"users"})); err == nil || !strings.Contains(err.Error(), "WRONGPASS") {
		t.Errorf("with a wrong password: %v", err)
	}
}

func TestClosedStoreLeavesNoConnection(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	before := srv.Client(t).ClientList(t.Context()).Val()
	s, sp, tags := settledOn(t, srv.URL())
	var done sync.WaitGroup
	for range 20 {
		done.Go(func() { _, _ = sp.Check(t.Context(), tags) })
	}
	_ = s.Close()
	done.Wait()
	eventually(t, "all connections are gone", func() bool {
		return strings.Count(srv.Client(t).ClientList(t.Context()).Val(), "\n") <= strings.Count(before, "\n")+1
	})
}

// TestManyAskOnOneConnection: each gets the answer to what it has asked, also
// behind those who do not wait for theirs.
func TestManyAskOnOneConnection(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	s, sp, tags := oneConnection(t, srv, 50*time.Millisecond)
	const readers = 40
	for i := range readers {
		if err := srv.Client(t).Set(t.Context(), sp.keys.entry(cachedsql.Key{byte(i)}), fmt.Sprint("entry ", i), 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	impatient, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	set := []*tagSet{tags.(*tagSet)}
	var all sync.WaitGroup
	for i := range readers {
		all.Go(func() {
			var found [1]finding
			g := sp.newGet(cachedsql.Key{byte(i)})
			ctx, quick := t.Context(), i%4 == 0
			if quick {
				ctx = impatient
			}
			done, err := s.wire.lookup(ctx, sp, set, []*get{g}, found[:])
			switch {
			case quick && err == nil:
				t.Errorf("%d: an answer within %v", i, 10*time.Millisecond)
			case !quick && (err != nil || !done || !found[0].Settled || string(g.entry) != fmt.Sprint("entry ", i)):
				t.Errorf("%d: got %q, %v, %v", i, g.entry, found[0], err)
			}
		})
	}
	all.Wait()
	var idle []*wireConn
	eventually(t, "nobody uses a connection", func() bool {
		s.wire.mu.Lock()
		defer s.wire.mu.Unlock()
		idle = s.wire.idle
		return len(s.wire.busy) == 0
	})
	for _, cn := range idle {
		if cn.broken || cn.late != 0 || len(cn.turns) != 0 || cn.users != 0 {
			t.Errorf("a connection is left with %d late, %d turns, %d users, broken %v", cn.late, len(cn.turns), cn.users, cn.broken)
		}
	}
	if _, err := sp.Check(t.Context(), tags); err != nil {
		t.Error(err)
	}
}

// TestUsersOfAConnectionThatFailsAskOnAnother: it ends while many wait for
// answers on it.
func TestUsersOfAConnectionThatFailsAskOnAnother(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	s, sp, tags := oneConnection(t, srv, time.Millisecond)
	srv.Pause(t)
	var all sync.WaitGroup
	for range 40 {
		all.Go(func() {
			var found [1]finding
			if done, err := s.wire.lookup(t.Context(), sp, []*tagSet{tags.(*tagSet)}, nil, found[:]); err != nil || !done || !found[0].Settled {
				t.Errorf("%v, %v", found[0], err)
			}
		})
	}
	eventually(t, "many wait", func() bool {
		s.wire.mu.Lock()
		defer s.wire.mu.Unlock()
		return len(s.wire.busy) == 1 && len(s.wire.busy[0].turns) > 10
	})
	s.wire.mu.Lock()
	cn := s.wire.busy[0]
	s.wire.mu.Unlock()
	if err := cn.Conn.(*net.TCPConn).CloseRead(); err != nil { // as if the server hung up
		t.Fatal(err)
	}
	srv.Resume(t)
	all.Wait()
}

// TestServerThatDoesNotAnswerIsNotDialledAgainAndAgain: lookups give up long
// before a dial does.
func TestServerThatDoesNotAnswerIsNotDialledAgainAndAgain(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var accepted atomic.Int64
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			conn, err := silent.Accept()
			if err != nil {
				return
			}
			defer conn.Close()
			accepted.Add(1)
		}
	})
	defer accepting.Wait()
	defer silent.Close()
	w := newWire(&redis.Options{Network: "tcp", Addr: silent.Addr().String(), DialTimeout: time.Minute})
	defer w.close()
	var all sync.WaitGroup
	for range 8 * maxIdle {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
			if _, err := w.lookup(ctx, nil, nil, nil, nil); !errors.Is(err, context.DeadlineExceeded) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := accepted.Load(); n > maxIdle {
		t.Errorf("%d connections, want at most %d", n, maxIdle)
	}
}

// TestLookupThatIsTooLateToBeSentHarmsNobody: others wait on the connection.
func TestLookupThatIsTooLateToBeSentHarmsNobody(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	s, sp, tags := oneConnection(t, srv, time.Millisecond)
	srv.Pause(t)
	lookup := func(ctx context.Context) error {
		var found [1]finding
		_, err := s.wire.lookup(ctx, sp, []*tagSet{tags.(*tagSet)}, nil, found[:])
		return err
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if err := lookup(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	var cn *wireConn
	eventually(t, "all wait", func() bool {
		s.wire.mu.Lock()
		defer s.wire.mu.Unlock()
		if len(s.wire.busy) != 1 {
			return false
		}
		cn = s.wire.busy[0]
		return len(cn.turns) == 3
	})
	past, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if err := lookup(past); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	srv.Resume(t)
	all.Wait()
	s.wire.mu.Lock()
	defer s.wire.mu.Unlock()
	if cn.broken || cn.users != 0 {
		t.Errorf("broken %v, %d users", cn.broken, cn.users)
	}
}

// TestConnectionThatIsAlwaysSharedIsReplaced: it is never idle, and all the same
// it lives no longer than it may.
func TestConnectionThatIsAlwaysSharedIsReplaced(t *testing.T) {
	t.Parallel()
	w := newWire(&redis.Options{Network: "tcp", Addr: testredis.Start(t).Addr, DialTimeout: time.Minute, ConnMaxLifetime: time.Hour})
	defer w.close()
	take := func() *wireConn {
		t.Helper()
		cn, _, err := w.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return cn
	}
	growing := func(on bool) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.growing = on
	}
	growing(true) // as if one were made all the time
	var worn []*wireConn
	for range maxIdle {
		cn, err := w.dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		cn.made = cn.made.Add(-2 * time.Hour)
		worn = append(worn, cn)
	}
	growing(false)
	first := take() // and has one more made
	if !slices.Contains(worn, first) {
		t.Error("a new connection was waited for, though there are others")
	}
	eventually(t, "there is one more", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.idle) == 1
	})
	growing(true)
	young := take()
	if again := take(); slices.Contains(worn, young) || again != young {
		t.Error("a connection that has lived for too long has another user")
	}
	for _, cn := range append(worn, first, young) {
		w.give(cn)
	}
	if cn := take(); cn != young {
		t.Error("a connection that has lived for too long is used again")
	}
	for _, cn := range worn {
		if _, err := cn.Write(nil); !errors.Is(err, net.ErrClosed) {
			t.Errorf("it is still there: %v", err)
		}
	}
	w.give(young)
	w.give(young)
}

// TestTurnIsWaitedForNoLongerThanAnAnswer: whose turn it is may be somebody who
// is never answered.
func TestTurnIsWaitedForNoLongerThanAnAnswer(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	s, sp, tags := settledOn(t, srv.URL()+"?read_timeout=100ms")
	s.wire.mu.Lock()
	s.wire.growing = true
	s.wire.mu.Unlock()
	srv.Pause(t)
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			var found [1]finding
			if _, err := s.wire.lookup(context.Background(), sp, []*tagSet{tags.(*tagSet)}, nil, found[:]); err == nil {
				t.Error("a server that does not answer has answered")
			}
		})
	}
	all.Wait()
	srv.Resume(t)
	eventually(t, "it is asked again", func() bool { _, err := sp.Check(t.Context(), tags); return err == nil })
}

// FuzzTransactionReply: whatever a server answers, nothing is settled that the
// answer does not show, and nothing panics.
func FuzzTransactionReply(f *testing.F) {
	history := strings.Repeat("ab", replicationID/2)
	info := "role:master\r\nmaster_replid:" + history + "\r\n"
	good := "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n*3\r\n*4\r\n" + text(history+" t.1 0") + text("s") + text("w") + text("u") + ":0\r\n" + text(info)
	f.Add([]byte(good + text("entry")))
	f.Add([]byte(good + "$-1\r\n"))
	f.Add([]byte("+OK\r\n-NOPERM\r\n"))
	f.Add([]byte("+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n-EXECABORT\r\n"))
	f.Add([]byte("*1\r\n*-1\r\n$-2\r\n"))
	sp := newSpace(&Store{history: "", config: Config{KeyPrefix: "p"}, shards: 1}, "n")
	set := newTagSet(sp, []string{"users"})
	f.Fuzz(func(t *testing.T, answer []byte) {
		var found [1]finding
		var tr transaction
		in := replies{bufio.NewReaderSize(bytes.NewReader(answer), 64)}
		err := tr.read(in, sp, []*tagSet{set}, []*get{{}}, found[:])
		if err == nil && found[0].done && !bytes.Contains(answer, []byte("master_replid:")) {
			t.Errorf("settled by an answer without a history: %q", answer)
		}
	})
}

func text(s string) string { return string(appendWord(nil, s)) }
