//go:build unix

package main

import (
	"bytes"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// proxy is a TCP connection between one process and Redis that can be cut,
// slowed and pointed at another server.
type proxy struct {
	listener net.Listener
	target   atomic.Pointer[string]
	delay    atomic.Int64 // nanoseconds added to each piece that passes
	hold     atomic.Bool  // nothing passes
	starve   atomic.Bool  // nothing passes to replicas

	mu    sync.Mutex
	conns map[net.Conn]struct{} // guarded by mu
}

func newProxy(target string) (*proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{listener: l, conns: map[net.Conn]struct{}{}}
	p.target.Store(&target)
	go p.accept()
	return p, nil
}

func (p *proxy) addr() string { return p.listener.Addr().String() }

// point sends new connections elsewhere and cuts those there are.
func (p *proxy) point(target string) {
	p.target.Store(&target)
	p.cut()
}

// cut closes every connection.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
	clear(p.conns)
}

func (p *proxy) close() {
	_ = p.listener.Close()
	p.cut()
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.serve(client)
	}
}

func (p *proxy) serve(client net.Conn) {
	server, err := net.DialTimeout("tcp", *p.target.Load(), time.Second)
	if err != nil {
		_ = client.Close()
		return
	}
	p.mu.Lock()
	p.conns[client], p.conns[server] = struct{}{}, struct{}{}
	p.mu.Unlock()
	var isReplica atomic.Bool
	go p.pipe(client, server, func([]byte) bool { return isReplica.Load() && p.starve.Load() })
	p.pipe(server, client, func(sent []byte) bool {
		if bytes.Contains(sent, []byte("PSYNC\r\n")) {
			isReplica.Store(true)
		}
		return false
	})
}

// pipe copies; a piece waits for as long as the proxy holds everything, or as
// held says.
func (p *proxy) pipe(to, from net.Conn, held func([]byte) bool) {
	defer func() { _ = to.Close() }()
	defer func() { _ = from.Close() }()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		time.Sleep(time.Duration(p.delay.Load()))
		for held(buf[:n]) || p.hold.Load() {
			time.Sleep(time.Millisecond)
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}
