package redisstore_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

// cutter is a network that ends in the middle of an answer, and then comes back.
type cutter struct {
	net.Listener
	to   string
	left atomic.Int64 // bytes of answers that still arrive; negative: all
	cuts atomic.Int64
	all  sync.WaitGroup
}

func newCutter(t *testing.T, to string) *cutter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{Listener: l, to: to}
	c.left.Store(-1)
	c.all.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			c.all.Go(func() { c.serve(client) })
		}
	})
	t.Cleanup(func() { _ = l.Close() })
	return c
}

func (c *cutter) serve(client net.Conn) {
	server, err := net.Dial("tcp", c.to)
	if err != nil {
		_ = client.Close()
		return
	}
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	defer func() { _, _ = client.Close(), server.Close() }()
	buf := make([]byte, 32<<10)
	for {
		n, err := server.Read(buf)
		if err != nil {
			return
		}
		cut := false
		if left := c.left.Load(); left >= 0 {
			if cut = int64(n) > left; cut {
				n = int(left)
			}
			c.left.Add(-int64(n))
		}
		if _, err := client.Write(buf[:n]); err != nil || cut {
			if cut && c.left.CompareAndSwap(0, -1) {
				c.cuts.Add(1)
			}
			return
		}
	}
}

// TestAnswerThatIsCutShortIsNoAnswer: wherever it ends, it is an error or the whole
// answer, and never that to another question. What comes next is answered.
func TestAnswerThatIsCutShortIsNoAnswer(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t)
	addr := strings.TrimPrefix(srv.URL(), "redis://")
	near := open(t, "redis://"+addr, redisstore.Config{Quarantine: 20 * time.Millisecond}).Space("cut")
	c := newCutter(t, addr)
	sp := open(t, "redis://"+c.Addr().String()+"?max_retries=-1", redisstore.Config{Quarantine: 20 * time.Millisecond}).Space("cut")
	entry := []byte("+OK\r\n$-1\r\n*0\r\n:1\r\n-ERR no\r\n") // looks like answers itself
	for k := range 2 {
		if err := near.Fill(t.Context(), distantKey(k), append(entry, byte('0'+k)), time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	tags := sp.Tags([]string{"users", "orders"})
	settle(t, sp, tags)
	id := cachedsql.WriterID{1}
	read := func(k int) (bool, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		r, err := sp.Read(ctx, distantKey(k), tags, nil)
		if err == nil && (string(r.Entry) != string(append(entry, byte('0'+k))) || r.Schema == "") {
			t.Fatalf("the answer for %d: %q, settled %v, schema %q", k, r.Entry, r.Settled, r.Schema)
		}
		return r.Settled, err
	}
	write := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		schema, err := sp.Begin(ctx, id, tags, 10*time.Millisecond)
		if err == nil && schema == "" {
			t.Fatal("a write was begun, and no schema told")
		}
		if err == nil {
			_, err = sp.End(ctx, id, tags)
		}
		return err
	}
	for what, ask := range map[string]func() error{
		"a read":  func() error { _, err := read(0); return err },
		"a write": write,
	} {
		failed := 0
		for n := int64(0); ; n++ {
			cuts := c.cuts.Load()
			c.left.Store(n)
			if err := ask(); err != nil {
				failed++
			}
			if c.cuts.Load() == cuts { // all of it has arrived
				c.left.Store(-1)
				if failed == 0 && what == "a write" || n < 40 {
					t.Errorf("%s: %d bytes, %d failures: nothing was cut", what, n, failed)
				}
				break
			}
			for k := 1; k >= 0; k-- {
				if _, err := read(k); err != nil {
					t.Fatalf("%s cut after %d bytes: then a read: %v", what, n, err)
				}
			}
		}
		settle(t, near, near.Tags([]string{"users", "orders"})) // no lease is left for good
	}
}
