package redisstore_test

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

const budget = 50 * time.Millisecond

// scene is a server that will come to harm, with a space and a tag in it.
type scene struct {
	*testing.T
	server *testredis.Server
	space  cachedsql.Space
	tags   cachedsql.TagSet
}

func newScene(t *testing.T, s *testredis.Server) *scene {
	t.Helper()
	sp := open(t, s.URL(), testConfig).Space("db")
	return &scene{t, s, sp, sp.Tags([]string{"users"})}
}

func (s *scene) settled() cachedsql.Reading {
	s.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if r, err := s.space.Check(s.Context(), s.tags); err == nil && r.Settled {
			return r
		}
	}
	s.Fatal("tags do not settle")
	return cachedsql.Reading{}
}

func (s *scene) begin() error {
	var id cachedsql.WriterID
	rand.Read(id[:])
	_, err := s.space.Begin(s.Context(), id, s.tags, quarantine)
	return err
}

// mustForget fails the test if a lookup after the harm would still believe
// what was read before it, or settles before a lost lease has run out.
func (s *scene) mustForget(before cachedsql.Reading, harm func()) {
	s.Helper()
	start := time.Now()
	harm()
	after := s.settled()
	if after.Vector == before.Vector {
		s.Error("vector is what it was")
	}
	if after.Schema == before.Schema {
		s.Error("schema is what it was, and a schema change may have been lost")
	}
	if d := time.Since(start); d < quarantine {
		s.Errorf("settled after %v, before the quarantine of %v", d, quarantine)
	}
}

func TestFlushedServerIsNotBelieved(t *testing.T) {
	t.Parallel()
	s := newScene(t, testredis.Start(t))
	s.mustForget(s.settled(), func() { s.server.Do(t, "flushall") })
}

func TestServerRestartedEmptyIsNotBelieved(t *testing.T) {
	t.Parallel()
	s := newScene(t, testredis.Start(t))
	s.mustForget(s.settled(), func() { s.server.Kill(); s.server.Run(t) })
}

func TestServerRestartedFromSnapshotIsNotBelieved(t *testing.T) {
	t.Parallel()
	s := newScene(t, testredis.Start(t))
	before := s.settled()
	s.server.Do(t, "save")
	if err := s.begin(); err != nil { // the snapshot does not have this
		t.Fatal(err)
	}
	s.mustForget(before, func() { s.server.Kill(); s.server.Run(t) })
}

func TestDeletedTagIsQuarantined(t *testing.T) {
	t.Parallel()
	s := newScene(t, testredis.Start(t))
	before := s.settled()
	s.server.Do(t, "del", "{cachedsql:db:0}t:users")
	r, err := s.space.Check(t.Context(), s.tags)
	if err != nil || r.Settled {
		t.Errorf("settled %v, %v right after its tag was lost", r.Settled, err)
	}
	if after := s.settled(); after.Vector == before.Vector || after.Schema != before.Schema {
		t.Error("the vector must change and the schema must not")
	}
}

// TestFailoverThatLosesAWriteIsNotBelieved promotes a replica that has not
// got the last begin, and later makes the old master a master again.
func TestFailoverThatLosesAWriteIsNotBelieved(t *testing.T) {
	t.Parallel()
	master, replica := testredis.Start(t), testredis.Start(t)
	host, port, _ := net.SplitHostPort(master.Addr)
	a, b := newScene(t, master), newScene(t, replica)
	before := a.settled()
	replica.Do(t, "replicaof", host, port)
	awaitCopy(t, master, replica)

	if _, err := b.space.Check(t.Context(), b.tags); err == nil || !strings.Contains(err.Error(), "READONLY") {
		t.Errorf("a replica answers a check: %v", err)
	}
	replica.Do(t, "replicaof", "no", "one")
	if err := a.begin(); err != nil { // the replica does not get this
		t.Fatal(err)
	}
	b.mustForget(before, func() {})

	// Back to the old master, which has what the new one never saw.
	host, port, _ = net.SplitHostPort(replica.Addr)
	old := a.settled()
	master.Do(t, "replicaof", host, port)
	if _, err := a.space.Check(t.Context(), a.tags); err == nil {
		t.Error("a demoted master answers a check")
	}
	master.Do(t, "replicaof", "no", "one")
	a.mustForget(old, func() {})
}

func awaitCopy(t *testing.T, master, replica *testredis.Server) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		want := master.Client(t).Get(t.Context(), "{cachedsql:db:0}t:users").Val()
		if got := replica.Client(t).Get(t.Context(), "{cachedsql:db:0}t:users").Val(); got == want {
			return
		}
	}
	t.Fatal("replica does not follow its master")
}

// TestIsolatedMasterRefuses: with min-replicas-to-write a master that lost its
// replicas must not say that nothing has changed.
func TestIsolatedMasterRefuses(t *testing.T) {
	t.Parallel()
	s := newScene(t, testredis.Start(t))
	s.settled()
	s.server.Do(t, "config", "set", "min-replicas-to-write", "1")
	if _, err := s.space.Check(t.Context(), s.tags); !redis.HasErrorPrefix(err, "NOREPLICAS") {
		t.Errorf("Check: %v, want NOREPLICAS", err)
	}
	if err := s.begin(); !redis.HasErrorPrefix(err, "NOREPLICAS") {
		t.Errorf("Begin: %v, want NOREPLICAS", err)
	}
}

func TestFullServerStillInvalidates(t *testing.T) {
	t.Parallel()
	s := newScene(t, testredis.Start(t, "--maxmemory-policy", "noeviction"))
	before := s.settled()
	s.server.Do(t, "config", "set", "maxmemory", "1mb")
	if err := s.space.Fill(t.Context(), cachedsql.Key{}, make([]byte, 1<<20), time.Minute); !redis.IsOOMError(err) {
		t.Errorf("Fill: %v, want an OOM error", err)
	}
	if err := s.begin(); err != nil {
		t.Errorf("Begin: %v", err)
	}
	if after := s.settled(); after.Vector == before.Vector {
		t.Error("a full server did not invalidate")
	}
}

// What somebody else puts under our keys must not look like an outage.
func TestValueOfAnotherTypeIsNoFailure(t *testing.T) {
	t.Parallel()
	s := newScene(t, testredis.Start(t))
	s.settled()
	key := cachedsql.Key{7}
	if err := s.space.Fill(t.Context(), key, []byte("entry"), time.Minute); err != nil {
		t.Fatal(err)
	}
	names, err := s.server.Client(t).Keys(t.Context(), "*").Result()
	if err != nil || len(names) < 4 { // the era, the schema, a table, an entry
		t.Fatalf("keys: %q, %v", names, err)
	}
	for _, name := range names {
		s.server.Do(t, "del", name)
		s.server.Do(t, "rpush", name, "a", "b")
	}
	r, err := s.space.Read(t.Context(), key, s.tags, nil)
	if err != nil || r.Entry == nil || len(r.Entry) != 0 {
		t.Errorf("Read: %q, %v; want an empty entry, which nobody can decode", r.Entry, err)
	}
	s.settled()
	if err := s.space.Delete(t.Context(), key); err != nil {
		t.Error(err)
	}
	if r, err := s.space.Read(t.Context(), key, s.tags, nil); err != nil || r.Entry != nil {
		t.Errorf("Read after Delete: %q, %v", r.Entry, err)
	}
}

func TestForgottenScriptsAreSentAgain(t *testing.T) {
	t.Parallel()
	s := newScene(t, testredis.Start(t))
	before := s.settled()
	for range 3 {
		s.server.Do(t, "script", "flush")
		if r, err := s.space.Check(t.Context(), s.tags); err != nil || r.Vector != before.Vector {
			t.Fatalf("Check after SCRIPT FLUSH: %v", err)
		}
		s.server.Do(t, "script", "flush")
		if err := s.begin(); err != nil {
			t.Fatalf("Begin after SCRIPT FLUSH: %v", err)
		}
		before = s.settled()
	}
}

func TestDeadlineIsKeptWhileServerIsPausedOrGone(t *testing.T) {
	t.Parallel()
	s := newScene(t, testredis.Start(t))
	s.settled()
	s.server.Pause(t)
	s.mustFailInTime("paused")
	s.server.Resume(t)
	s.settled()
	s.server.Kill()
	s.mustFailInTime("gone")
	s.server.Run(t)
	s.settled()
}

func (s *scene) mustFailInTime(state string) {
	s.Helper()
	calls := map[string]func(context.Context) error{
		"Read": func(ctx context.Context) error { _, err := s.space.Read(ctx, cachedsql.Key{}, s.tags, nil); return err },
		"Begin": func(ctx context.Context) error {
			_, err := s.space.Begin(ctx, cachedsql.WriterID{}, s.tags, quarantine)
			return err
		},
		"End":  func(ctx context.Context) error { _, err := s.space.End(ctx, cachedsql.WriterID{}, s.tags); return err },
		"Fill": func(ctx context.Context) error { return s.space.Fill(ctx, cachedsql.Key{}, []byte("x"), time.Minute) },
	}
	for name, call := range calls {
		for range 3 {
			ctx, cancel := context.WithTimeout(s.Context(), budget)
			start := time.Now()
			err := call(ctx)
			cancel()
			if err == nil {
				s.Errorf("%s on a server that is %s succeeds", name, state)
			}
			if d := time.Since(start); d > 2*time.Second { // the client's own patience is 3 s
				s.Errorf("%s on a server that is %s takes %v, budget %v", name, state, d, budget)
			}
		}
	}
}

func TestMissingReplicationIDIsAClearError(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	server.Do(t, "acl", "setuser", "app", "on", ">secret-word", "~*", "+@all", "-info")
	url := "redis://app:secret-word@" + server.Addr
	sp := open(t, url, testConfig).Space("db")
	_, err := sp.Check(t.Context(), sp.Tags([]string{"users"}))
	if !errors.Is(err, redisstore.ErrNoReplicationID) {
		t.Errorf("Check: %v, want ErrNoReplicationID", err)
	}
	sp = open(t, url+"?allow_no_replid=true", testConfig).Space("db")
	if _, err := sp.Check(t.Context(), sp.Tags([]string{"users"})); err != nil {
		t.Errorf("with allow_no_replid: %v", err)
	}
}

func TestClusterNodeLostIsAnError(t *testing.T) {
	t.Parallel()
	nodes := testredis.StartCluster(t)
	sp := open(t, "redis+cluster://"+nodes[0].Addr, testConfig).Space("db")
	all := sp.Tags([]string{cachedsql.WildcardTag})
	if _, err := sp.Begin(t.Context(), cachedsql.WriterID{1}, all, quarantine); err != nil {
		t.Fatal(err)
	}
	nodes[2].Kill()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	start := time.Now()
	if _, err := sp.Begin(ctx, cachedsql.WriterID{2}, all, quarantine); err == nil {
		t.Error("Begin of the wildcard succeeds though a third of the tags is unreachable")
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}

// TestSentinelFailoverIsFollowedAndNotBelieved lets Sentinel promote the
// replica while the store goes on.
func TestSentinelFailoverIsFollowedAndNotBelieved(t *testing.T) {
	t.Parallel()
	master, replica := testredis.Start(t), testredis.Start(t)
	host, port, _ := net.SplitHostPort(master.Addr)
	replica.Do(t, "replicaof", host, port)
	sentinel := testredis.StartSentinel(t, master)
	sp := open(t, "redis+sentinel://"+sentinel.Addr+"?master_name=main", testConfig).Space("db")
	s := &scene{t, master, sp, sp.Tags([]string{"users"})}
	before := s.settled()
	awaitCopy(t, master, replica)
	s.mustForget(before, func() { master.Kill() })
}

// Redis repeats what it was sent when it does not know a command. That may be
// rows, and the error goes into logs.
func TestErrorsDoNotQuoteWhatWasSent(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t, "--rename-command", "set", "")
	sp := open(t, srv.URL(), testConfig).Space("db")
	err := sp.Fill(t.Context(), cachedsql.Key{}, []byte("a row that is nobody's business"), time.Minute)
	if err == nil || !strings.Contains(err.Error(), "unknown command 'set'") || strings.Contains(err.Error(), "nobody") {
		t.Errorf("got %v", err)
	}
	var answer redis.Error
	if !errors.As(err, &answer) {
		t.Errorf("%v is not known for an answer of Redis any more", err)
	}
}
