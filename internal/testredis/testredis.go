// Package testredis starts Redis servers for tests that have to stop, pause,
// fill or promote one.
package testredis

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// Server is a redis-server process of one test.
type Server struct {
	Addr string

	dir  string
	args []string
	cmd  *exec.Cmd
}

// Start runs a server on a port of its own, with further configuration as on
// its command line, and stops it when the test ends. It skips the test where
// there is no redis-server.
func Start(tb testing.TB, args ...string) *Server {
	tb.Helper()
	return start(tb, append([]string{"--save", "", "--repl-diskless-sync-delay", "0"}, args...)...)
}

func start(tb testing.TB, args ...string) *Server {
	tb.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		tb.Skip("SKIPPED: this test needs redis-server in PATH")
	}
	s := &Server{Addr: freeAddr(tb), dir: tb.TempDir(), args: args}
	s.Run(tb)
	tb.Cleanup(s.Kill)
	return s
}

// nextPort makes tests that run at the same time try different ports. They are
// below the range that outgoing connections get theirs from, so that one is
// still free after a restart. Each process starts elsewhere.
var nextPort atomic.Int32

func init() { nextPort.Store(int32(10_000 + os.Getpid()*37%8000)) }

func freeAddr(tb testing.TB) string {
	tb.Helper()
	for range 1000 {
		port := 10_000 + int(nextPort.Add(1))%10_000
		if isFree(port) && isFree(port+10_000) { // a cluster's bus uses the second
			return net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		}
	}
	tb.Fatal("no free port for redis-server")
	return ""
}

func isFree(port int) bool {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err == nil {
		_ = l.Close()
	}
	return err == nil
}

// Run starts the process again after Kill, with the data it saved, if it did.
func (s *Server) Run(tb testing.TB) {
	tb.Helper()
	_, port, _ := net.SplitHostPort(s.Addr)
	s.cmd = exec.Command("redis-server", append(s.args, "--port", port, "--bind", "127.0.0.1", "--dir", s.dir)...)
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = log.Close() }() // the server writes to its own copy
	s.cmd.Stdout, s.cmd.Stderr = log, log
	if err := s.cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	s.await(tb)
}

func (s *Server) await(tb testing.TB) {
	tb.Helper()
	c := s.Client(tb)
	var info string
	var err error
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		info, err = c.Info(context.Background(), "server").Result()
		if strings.Contains(info, fmt.Sprintf("process_id:%d\r\n", s.cmd.Process.Pid)) {
			return
		}
	}
	log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	tb.Fatalf("redis-server does not answer: %v\n%s", err, log)
}

// URL is the server's URL.
func (s *Server) URL() string { return "redis://" + s.Addr }

// Client returns a client that is closed with the test.
func (s *Server) Client(tb testing.TB) *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: s.Addr, ContextTimeoutEnabled: true, MaxRetries: -1, DialerRetries: 1})
	tb.Cleanup(func() { _ = c.Close() })
	return c
}

// Do runs a command.
func (s *Server) Do(tb testing.TB, args ...any) {
	tb.Helper()
	if err := s.Client(tb).Do(context.Background(), args...).Err(); err != nil {
		tb.Fatalf("%v: %v", args, err)
	}
}

// Kill ends the process at once, as a crash does.
func (s *Server) Kill() {
	if s.cmd != nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		s.cmd = nil
	}
}

// Pause stops the process until Resume; it keeps its connections and does not
// answer.
func (s *Server) Pause(tb testing.TB)  { s.signal(tb, syscall.SIGSTOP) }
func (s *Server) Resume(tb testing.TB) { s.signal(tb, syscall.SIGCONT) }

func (s *Server) signal(tb testing.TB, sig syscall.Signal) {
	tb.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		tb.Fatal(err)
	}
}

const slots = 16384

// StartCluster runs a cluster of three masters and returns their servers.
func StartCluster(tb testing.TB) []*Server {
	tb.Helper()
	const n = 3
	var nodes []*Server
	for i := range n {
		s := Start(tb, "--cluster-enabled", "yes", "--cluster-node-timeout", "2000")
		s.Do(tb, "cluster", "addslotsrange", i*slots/n, (i+1)*slots/n-1)
		if i > 0 {
			host, port, _ := net.SplitHostPort(nodes[0].Addr)
			s.Do(tb, "cluster", "meet", host, port)
		}
		nodes = append(nodes, s)
	}
	for _, s := range nodes {
		s.awaitCluster(tb, n)
	}
	return nodes
}

func (s *Server) awaitCluster(tb testing.TB, nodes int) {
	tb.Helper()
	c, info := s.Client(tb), ""
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		info = c.ClusterInfo(context.Background()).Val()
		if strings.Contains(info, "cluster_state:ok") && strings.Contains(info, fmt.Sprint("cluster_known_nodes:", nodes)) {
			return
		}
	}
	tb.Fatalf("cluster does not come together:\n%s", info)
}

// StartSentinel runs a Sentinel that watches a master under the name "main".
func StartSentinel(tb testing.TB, master *Server) *Server {
	tb.Helper()
	host, port, _ := net.SplitHostPort(master.Addr)
	conf := filepath.Join(tb.TempDir(), "sentinel.conf")
	text := fmt.Sprintf("sentinel monitor main %s %s 1\nsentinel down-after-milliseconds main 500\nsentinel failover-timeout main 2000\n", host, port)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return start(tb, conf, "--sentinel")
}
