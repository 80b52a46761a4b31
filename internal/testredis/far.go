package testredis

import (
	"net"
	"sync"
	"testing"
	"time"
)

// Far makes a server far away: the address that it returns leads there, and a
// round trip takes as long as rtt more, however many are under way. Like a
// handshake, a new connection takes one by itself.
func Far(tb testing.TB, addr string, rtt time.Duration) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	f := &far{to: addr, oneWay: rtt / 2, conns: map[net.Conn]struct{}{}}
	f.all.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			f.all.Go(func() { f.serve(client) })
		}
	})
	tb.Cleanup(func() {
		_ = l.Close()
		f.closeAll()
		f.all.Wait()
	})
	return l.Addr().String()
}

type far struct {
	to     string
	oneWay time.Duration
	all    sync.WaitGroup

	mu     sync.Mutex
	closed bool                  // guarded by mu
	conns  map[net.Conn]struct{} // guarded by mu
}

func (f *far) serve(client net.Conn) {
	defer f.drop(client)
	if !f.add(client) {
		return
	}
	server, err := net.Dial("tcp", f.to)
	if err != nil {
		return
	}
	defer f.drop(server)
	if !f.add(server) {
		return
	}
	var there sync.WaitGroup
	there.Go(func() { f.pass(server, client, 2*f.oneWay) })
	f.pass(client, server, 0)
	there.Wait()
}

// piece is what has been read, and when it arrives.
type piece struct {
	bytes []byte
	at    time.Time
}

// pass carries what comes from one side to the other, the first of it by the
// handshake later.
func (f *far) pass(to, from net.Conn, handshake time.Duration) {
	way := make(chan piece, 1024)
	open := time.Now().Add(handshake)
	f.all.Go(func() {
		defer func() { _ = to.Close() }()
		for p := range way {
			time.Sleep(time.Until(p.at))
			if _, err := to.Write(p.bytes); err != nil {
				_ = from.Close()
			}
		}
	})
	defer close(way)
	for {
		buf := make([]byte, 32<<10)
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		at := time.Now()
		if at.Before(open) {
			at = open
		}
		way <- piece{buf[:n], at.Add(f.oneWay)}
	}
}

func (f *far) add(c net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conns[c] = struct{}{}
	return !f.closed
}

func (f *far) drop(c net.Conn) {
	f.mu.Lock()
	delete(f.conns, c)
	f.mu.Unlock()
	_ = c.Close()
}

func (f *far) closeAll() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for c := range f.conns {
		_ = c.Close()
	}
}
