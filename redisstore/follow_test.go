package redisstore_test

import (
	"bytes"
	"crypto/rand"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/protocol"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

// bound is short, so that it passes often within a test.
const bound = 200 * time.Millisecond

// wire is what is between a process and its server. Harm is done to the
// connection on which the server tells what changes, and to no other.
type wire struct {
	listener net.Listener
	target   atomic.Pointer[string]
	delay    atomic.Int64 // nanoseconds, of what the server says
	hold     atomic.Bool  // nothing passes, and nobody is told
	followed atomic.Int32 // connections on which tracking was turned on

	mu     sync.Mutex
	conns  []net.Conn // of those; guarded by mu
	others []net.Conn // likewise
}

func newWire(t *testing.T, target string) *wire {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: l}
	w.target.Store(&target)
	t.Cleanup(func() { _ = l.Close(); w.hold.Store(false); w.cut() })
	go w.accept()
	return w
}

func (w *wire) url() string { return "redis://" + w.listener.Addr().String() }

func (w *wire) accept() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", *w.target.Load())
		if err != nil {
			_ = client.Close()
			continue
		}
		w.mu.Lock()
		w.others = append(w.others, client, server)
		w.mu.Unlock()
		var harmed atomic.Bool
		go w.pass(server, client, &harmed, client)
		go w.pass(client, server, &harmed, nil)
	}
}

// pass copies from one to the other; asker is the process's end where from is
// it.
func (w *wire) pass(to, from net.Conn, harmed *atomic.Bool, asker net.Conn) {
	defer func() { _ = to.Close(); _ = from.Close() }()
	type piece struct {
		bytes []byte
		read  time.Time
	}
	pieces := make(chan piece, 1000)
	defer close(pieces)
	go func() {
		for p := range pieces {
			if harmed.Load() {
				if asker == nil {
					time.Sleep(time.Until(p.read.Add(time.Duration(w.delay.Load()))))
				}
				for w.hold.Load() {
					time.Sleep(time.Millisecond)
				}
			}
			if _, err := to.Write(p.bytes); err != nil {
				return
			}
		}
	}()
	room := make([]byte, 64<<10)
	for {
		n, err := from.Read(room)
		if n > 0 {
			if asker != nil && bytes.Contains(room[:n], []byte("tracking")) {
				harmed.Store(true)
				w.followed.Add(1)
				w.mu.Lock()
				w.conns = append(w.conns, to, from)
				w.others = slices.DeleteFunc(w.others, func(c net.Conn) bool { return c == to || c == from })
				w.mu.Unlock()
			}
			pieces <- piece{bytes.Clone(room[:n]), time.Now()}
		}
		if err != nil {
			return
		}
	}
}

// replace sends every connection elsewhere but the one that tells.
func (w *wire) replace(target string) {
	w.target.Store(&target)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.others {
		_ = c.Close()
	}
	w.others = nil
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.conns {
		_ = c.Close()
	}
	w.conns = nil
}

// chase is a process that follows a tag and another that writes to it.
type chase struct {
	*testing.T
	server *testredis.Server
	wire   *wire
	reader cachedsql.Following
	tags   cachedsql.TagSet // the reader's
	writer cachedsql.Space
	names  []string // of the tags, the first of which is written to

	mu     sync.Mutex
	dead   map[cachedsql.Vector]time.Time // when a write had begun since; guarded by mu
	known  int
	oldest time.Duration
}

func newChase(t *testing.T, without protocol.Ingredient) *chase {
	t.Helper()
	c := &chase{T: t, server: testredis.Start(t), names: []string{"users", "orders"}, dead: map[cachedsql.Vector]time.Time{}}
	c.wire = newWire(t, c.server.Addr)
	sp := open(t, c.wire.url(), testConfig).Space("db")
	f, err := redisstore.FollowWithout(sp, bound, func(err error) { t.Log("report:", err) }, without)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	c.reader, c.tags = f, sp.Tags(c.names)
	c.writer = open(t, c.server.URL(), testConfig).Space("db")
	return c
}

// write is a write of another process.
func (c *chase) write() {
	tags, all := c.writer.Tags(c.names[:1]), c.writer.Tags(c.names)
	var id cachedsql.WriterID
	rand.Read(id[:])
	before, err := c.writer.Check(c.Context(), all)
	if err != nil {
		return
	}
	if _, err := c.writer.Begin(c.Context(), id, tags, quarantine); err != nil {
		return
	}
	if before.Settled {
		c.mu.Lock()
		c.dead[before.Vector] = time.Now()
		c.mu.Unlock()
	}
	_, _ = c.writer.End(c.Context(), id, tags)
}

// look takes what the reader knows. Nothing of it may be older than the bound.
func (c *chase) look() (lag time.Duration, ok bool) {
	at := time.Now()
	r, ok := c.reader.Known(c.tags, at)
	if !ok || !r.Settled {
		return 0, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known++
	if died, is := c.dead[r.Vector]; is {
		lag = at.Sub(died)
		c.oldest = max(c.oldest, lag)
	}
	return lag, true
}

// run reads and writes for a while.
func (c *chase) run(d time.Duration, pause time.Duration) {
	until := time.Now().Add(d)
	var writes sync.WaitGroup
	writes.Go(func() {
		for time.Now().Before(until) {
			c.write()
			time.Sleep(pause)
		}
	})
	for time.Now().Before(until) {
		c.look()
		time.Sleep(200 * time.Microsecond)
	}
	writes.Wait()
}

func (c *chase) awaitKnown() {
	c.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if _, ok := c.look(); ok {
			return
		}
		_, _ = c.writer.Check(c.Context(), c.writer.Tags(c.names)) // what has run out is swept
	}
	c.Fatal("the reader does not come to know the tags")
}

func (c *chase) verify() {
	c.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Logf("known %d times, at most %v after a write had begun; %d connections", c.known, c.oldest, c.wire.followed.Load())
	if c.known == 0 {
		c.Error("nothing was ever known")
	}
	if c.oldest >= bound {
		c.Errorf("what was known was outdated for %v, the bound is %v", c.oldest, bound)
	}
}

func TestFollowedTagsAreKnownAndNeverOlderThanTheBound(t *testing.T) {
	t.Parallel()
	c := newChase(t, 0)
	c.awaitKnown()
	c.run(2*time.Second, 20*time.Millisecond)
	c.verify()
}

// harms are what happens to the connection, or to the server.
var harms = map[string]func(*chase){
	"delayed":                           func(c *chase) { c.wire.delay.Store(int64(bound / 2)) },
	"delayed for longer than the bound": func(c *chase) { c.wire.delay.Store(int64(2 * bound)) },
	"cut":                               func(c *chase) { c.wire.cut() },
	"held":                              func(c *chase) { c.wire.hold.Store(!c.wire.hold.Load()) },
	"killed":                            func(c *chase) { c.server.Do(c.T, "client", "kill", "type", "normal") },
	"FLUSHALL":                          func(c *chase) { c.server.Do(c.T, "flushall") },
	"SCRIPT FLUSH":                      func(c *chase) { c.server.Do(c.T, "script", "flush") },
	"CLIENT PAUSE":                      func(c *chase) { c.server.Do(c.T, "client", "pause", "150") },
	"server stopped":                    func(c *chase) { c.server.Pause(c.T); time.Sleep(bound * 3 / 2); c.server.Resume(c.T) },
	"tag evicted":                       func(c *chase) { c.server.Do(c.T, "del", "{cachedsql:db:0}t:orders") },
	"era evicted":                       func(c *chase) { c.server.Do(c.T, "del", "{cachedsql:db:0}e") },
	"restarted": func(c *chase) {
		c.server.Do(c.T, "save")
		c.server.Kill()
		c.server.Run(c.T)
	},
}

func TestHarmDoesNotMakeWhatIsKnownOlder(t *testing.T) {
	t.Parallel()
	for name, harm := range harms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newChase(t, 0)
			c.awaitKnown()
			for range 4 {
				harm(c)
				c.run(3*bound, 15*time.Millisecond)
			}
			c.wire.hold.Store(false)
			c.wire.delay.Store(0)
			c.awaitKnown()
			c.verify()
		})
	}
}

// Each part that is left out lets the reader know something older. Those that
// concern the order of messages are left out in internal/model; and what was
// known by a lost connection is useless for a second reason here: the trust in
// it is gone for good.
func TestWithoutAPartWhatIsKnownIsOlder(t *testing.T) {
	t.Parallel()
	for name, ablation := range map[string]struct {
		without protocol.Ingredient
		harm    func(*chase)
	}{
		"the bound from sending": {protocol.BoundFromSending, func(c *chase) { c.wire.delay.Store(int64(bound)) }},
		"heartbeats":             {protocol.Heartbeat, func(c *chase) { c.wire.hold.Store(true) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newChase(t, ablation.without)
			for range 10 {
				c.wire.hold.Store(false)
				c.wire.delay.Store(0)
				c.awaitKnown()
				ablation.harm(c)
				c.run(4*bound, bound)
				if c.oldest > bound {
					t.Logf("%v after a write had begun", c.oldest)
					return
				}
			}
			t.Errorf("nothing older than the bound of %v was known, at most %v: the part is not needed, or the test is blind", bound, c.oldest)
		})
	}
}

func TestOwnWriteIsNotKnownBeforeItIsOver(t *testing.T) {
	t.Parallel()
	c := newChase(t, 0)
	for range 20 {
		c.awaitKnown()
		before, _ := c.reader.Known(c.tags, time.Now())
		release := c.reader.Hold(c.tags)
		if _, ok := c.reader.Known(c.tags, time.Now()); ok {
			t.Fatal("known while this process writes")
		}
		c.write() // no matter when the server tells of it
		release()
		if r, ok := c.reader.Known(c.tags, time.Now()); ok && r.Vector == before.Vector {
			t.Fatal("after the write it is known what was before it")
		}
	}
}

func TestServerTellsInTheModeThatKeepsOrder(t *testing.T) {
	t.Parallel()
	c := newChase(t, 0)
	c.awaitKnown()
	list := c.server.Client(t).ClientList(t.Context()).Val()
	var tracking int
	for line := range strings.Lines(list) {
		_, flags, _ := strings.Cut(line, " flags=")
		flags, _, _ = strings.Cut(flags, " ")
		if !strings.Contains(flags, "t") {
			continue
		}
		tracking++
		if strings.Contains(flags, "B") || !strings.Contains(line, " redir=0") || !strings.Contains(line, " resp=3") {
			t.Errorf("broadcasting, redirected, or not RESP3: %s", line)
		}
	}
	if tracking != 1 {
		t.Errorf("%d connections with tracking:\n%s", tracking, list)
	}
}

func TestReconnectStormLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	c := newChase(t, 0)
	c.awaitKnown()
	sp := open(t, c.wire.url(), testConfig).Space("other")
	f, err := redisstore.FollowWithout(sp, bound, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	tags := sp.Tags([]string{"users"})
	for range 50 {
		f.Known(tags, time.Now())
		c.wire.cut()
		time.Sleep(2 * time.Millisecond)
	}
	c.awaitKnown()
	f.Close()
	stacks := make([]byte, 1<<20)
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		text := string(stacks[:runtime.Stack(stacks, true)])
		receiving := strings.Count(text, "redisstore.(*link).receive(")
		beating := strings.Count(text, "redisstore.(*following).beats(")
		if receiving <= beating { // other tests have theirs
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines receive, %d beat", receiving, beating)
		}
	}
}

func TestServerThatCannotTellIsReportedOnce(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	server.Do(t, "acl", "setuser", "app", "on", ">secret-word", "~*", "+@all", "-client|tracking")
	sp := open(t, "redis://app:secret-word@"+server.Addr, testConfig).Space("db")
	reports := make(chan error, 100)
	f, err := sp.(cachedsql.Follower).Follow(bound, func(err error) { reports <- err })
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	f.Known(sp.Tags([]string{"users"}), time.Now())
	select {
	case err := <-reports:
		if !strings.Contains(err.Error(), "NOPERM") || strings.Contains(err.Error(), "secret") {
			t.Errorf("report: %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("no report")
	}
	time.Sleep(2 * bound)
	if n := len(reports); n != 0 {
		t.Errorf("%d more reports", n)
	}
}

// TestMasterThatWasReplacedIsNotFollowed: the old one still answers, as one
// does that is cut off from its Sentinels. Commands have moved on.
func TestMasterThatWasReplacedIsNotFollowed(t *testing.T) {
	t.Parallel()
	c := newChase(t, 0)
	c.awaitKnown()
	replica := testredis.Start(t)
	host, port, _ := net.SplitHostPort(c.server.Addr)
	replica.Do(t, "replicaof", host, port)
	awaitCopy(t, c.server, replica)
	before, ok := c.reader.Known(c.tags, time.Now())
	for deadline := time.Now().Add(20 * time.Second); !ok && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		before, ok = c.reader.Known(c.tags, time.Now())
	}
	replica.Do(t, "replicaof", "no", "one")
	c.wire.replace(replica.Addr)
	c.dead[before.Vector] = time.Now()
	c.server, c.writer = replica, open(t, replica.URL(), testConfig).Space("db")
	c.run(4*bound, 10*time.Millisecond)
	c.awaitKnown()
	c.verify()
	if r, ok := c.reader.Known(c.tags, time.Now()); ok && r.Vector == before.Vector {
		t.Error("the old master is followed still")
	}
}

func TestClusterIsFollowedAcrossAMovingSlot(t *testing.T) {
	t.Parallel()
	nodes := testredis.StartCluster(t)
	url := "redis+cluster://" + nodes[0].Addr
	reader, writer := open(t, url, testConfig).Space("db"), open(t, url, testConfig).Space("db")
	f, err := reader.(cachedsql.Follower).Follow(bound, func(err error) { t.Error("report:", err) })
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	names := []string{"a", "b", "c", "d", "e", "f"} // in several shards
	c := &chase{T: t, server: nodes[0], wire: &wire{}, reader: f, tags: reader.Tags(names), writer: writer, names: names, dead: map[cachedsql.Vector]time.Time{}}
	// What is known in a cluster needs its schema, which a lookup brings.
	look := func() {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
			r, err := reader.Check(t.Context(), c.tags)
			known, ok := f.Known(c.tags, time.Now())
			if err == nil && ok && r.Settled && r.Vector == known.Vector && r.Schema == known.Schema {
				return
			}
		}
		t.Fatal("the tags are not known as a lookup finds them")
	}
	look()
	c.run(5*bound, 20*time.Millisecond)
	for _, to := range nodes {
		moveSlotOf(t, nodes, "{cachedsql:db:3}e", to)
		c.run(3*bound, 20*time.Millisecond)
	}
	look()
	c.verify()
}

// moveSlotOf moves the slot of a key, with all that is in it, to a node.
func moveSlotOf(t *testing.T, nodes []*testredis.Server, key string, to *testredis.Server) {
	t.Helper()
	ctx := t.Context()
	slot := to.Client(t).ClusterKeySlot(ctx, key).Val()
	toID := to.Client(t).Do(ctx, "cluster", "myid").Val().(string)
	host, port, _ := net.SplitHostPort(to.Addr)
	for _, from := range nodes {
		client := from.Client(t)
		keys := client.ClusterGetKeysInSlot(ctx, int(slot), 1000).Val()
		if from == to || len(keys) == 0 {
			continue
		}
		fromID := client.Do(ctx, "cluster", "myid").Val().(string)
		to.Do(t, "cluster", "setslot", slot, "importing", fromID)
		from.Do(t, "cluster", "setslot", slot, "migrating", toID)
		for len(keys) != 0 {
			args := []any{"migrate", host, port, "", 0, 5000, "keys"}
			for _, k := range keys {
				args = append(args, k)
			}
			from.Do(t, args...)
			keys = client.ClusterGetKeysInSlot(ctx, int(slot), 1000).Val()
		}
		for _, node := range append([]*testredis.Server{to, from}, nodes...) {
			node.Do(t, "cluster", "setslot", slot, "node", toID)
		}
	}
}
