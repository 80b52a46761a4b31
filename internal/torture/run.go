//go:build unix

package main

import (
	"bufio"
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// options are what the command line says.
type options struct {
	DSN       string
	Redis     topology // "" is single
	Duration  time.Duration
	Nemeses   []string
	Broken    string
	Bounded   bool
	Available bool
	Near      string // what the rule says; "" is off
	Wait      bool
	Workers   int
	Threads   int
	Pace      time.Duration // mean pause of a thread
	Lease     time.Duration // zero is shortLease
	StopEarly bool          // at the first stale read
	Log       io.Writer
}

// run is one torture: servers, processes, and what is done to them.
type run struct {
	options
	dir      string
	shared   *shared
	database database
	admin    *sql.DB
	name     string // of the database
	redis    *redisServer
	set      redisSet // in place of redis, if that is not a single one
	workers  []*process

	mu     sync.Mutex // guards Log and faults
	faults map[string]int
}

// torture runs until the duration is over and reports what it counted.
func torture(ctx context.Context, o options) (report, error) {
	setLease(cmp.Or(o.Lease, shortLease))
	r := &run{options: o, faults: map[string]int{}}
	var err error
	if r.dir, err = os.MkdirTemp("", "torture"); err != nil {
		return report{}, err
	}
	defer func() { _ = os.RemoveAll(r.dir) }()
	if r.shared, err = mapShared(filepath.Join(r.dir, "shared"), true); err != nil {
		return report{}, err
	}
	r.database = openDatabase(o.DSN)
	var drop func()
	if r.admin, r.name, drop, err = newDatabase(ctx, r.database); err != nil {
		return report{}, err
	}
	defer drop()
	stop, err := r.startServers(ctx)
	defer stop()
	if err != nil {
		return report{}, err
	}
	return r.start(ctx)
}

func (r *run) start(ctx context.Context) (report, error) {
	defer r.stopWorkers()
	for n := range r.Workers {
		if err := r.startWorker(n); err != nil {
			return report{}, err
		}
	}
	if err := await(ctx, "a hit", func() bool { return r.shared.counts[hits].Load() != 0 }); err != nil {
		return report{}, err
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, r.Duration)
	defer cancel()
	err := r.harm(ctx)
	return r.report(time.Since(began)), err
}

// harm lets the nemeses act, one after the other, in random order.
func (r *run) harm(ctx context.Context) error {
	gap := 6 * leaseTime // most faults stop caching for a lease or more
	if r.StopEarly {
		gap = 5 * shortLease
	}
	for ctx.Err() == nil {
		pause(ctx, gap)
		if r.StopEarly && r.shared.counts[stale].Load()+r.shared.counts[overtaken].Load() != 0 {
			return nil
		}
		if len(r.Nemeses) == 0 || ctx.Err() != nil {
			continue
		}
		name := r.Nemeses[rand.IntN(len(r.Nemeses))]
		r.logf("%s", name)
		if err := nemeses[name].act(r, context.WithoutCancel(ctx)); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		r.mu.Lock()
		r.faults[name]++
		r.mu.Unlock()
	}
	return nil
}

// process is a worker as its parent sees it.
type process struct {
	proxy *proxy // nil if Redis is not a single one
	mu    sync.Mutex
	cmd   *exec.Cmd // guarded by mu
	done  chan struct{}
}

func (p *process) signal(sig syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.cmd.Process.Signal(sig)
}

func (r *run) startWorker(n int) error {
	link, url, err := r.road()
	if err != nil {
		return err
	}
	p := &process{proxy: link, done: make(chan struct{})}
	j := job{
		Number: n, Shared: filepath.Join(r.dir, "shared"), DSN: r.DSN, Database: r.name, Redis: url,
		Broken: r.Broken, Bounded: r.Bounded, Available: r.Available, Near: r.Near, Wait: r.Wait, Threads: r.Threads, Pace: r.Pace,
		Lease: leaseTime,
	}
	if p.cmd, err = r.spawn(j); err != nil {
		return err
	}
	r.workers = append(r.workers, p)
	go r.keep(p, j)
	return nil
}

// keep starts a worker again when it has died, as something would in
// production.
func (r *run) keep(p *process, j job) {
	defer close(p.done)
	for {
		err := p.cmd.Wait()
		if r.shared.stop.Load() {
			return
		}
		status := &exec.ExitError{}
		if !errors.As(err, &status) || status.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			r.logf("worker %d ended: %v", j.Number, err)
		}
		cmd, err := r.spawn(j)
		if err != nil {
			r.logf("worker %d: %v", j.Number, err)
			return
		}
		p.mu.Lock()
		p.cmd = cmd
		p.mu.Unlock()
	}
}

// spawn runs this program as a worker.
func (r *run) spawn(j job) (*exec.Cmd, error) {
	text, err := json.Marshal(j)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), jobVariable+"="+string(text), "GOMAXPROCS=2")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go r.relay(stderr)
	return cmd, nil
}

func (r *run) relay(from io.Reader) {
	for lines := bufio.NewScanner(from); lines.Scan(); {
		r.logf("%s", lines.Text())
	}
}

func (r *run) logf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(r.Log, "%s "+format+"\n", append([]any{time.Now().Format("15:04:05.000")}, args...)...)
}

// stopWorkers ends what is left after a grace.
func (r *run) stopWorkers() {
	r.shared.stop.Store(true)
	patience, cancel := context.WithTimeout(context.Background(), 10*leaseTime)
	defer cancel()
	for _, p := range r.workers {
		p.signal(syscall.SIGCONT)
		select {
		case <-p.done:
		case <-patience.Done():
			p.signal(syscall.SIGKILL)
			<-p.done
		}
		if p.proxy != nil {
			p.proxy.close()
		}
	}
}

// report is what a run counted.
type report struct {
	Took   time.Duration
	Counts [counters]int64
	Faults map[string]int
}

// lag is the longest after its commit that a write was missed by a read.
func (r *report) lag() time.Duration { return time.Duration(r.Counts[worstLag]) * time.Microsecond }

func (r *run) report(took time.Duration) report {
	rep := report{Took: took, Faults: r.faults}
	for i := range rep.Counts {
		rep.Counts[i] = r.shared.counts[i].Load()
	}
	return rep
}

// String is the report as a table's row and a list of faults.
func (r report) String() string {
	c := r.Counts
	var b strings.Builder
	fmt.Fprintf(&b, "%v: %d reads, %d hits, %d fills, %d commits, %d rollbacks, %d DDL, %d victims, %d refused, %d failed; stale %d, overtaken %d",
		r.Took.Round(100*time.Millisecond), c[reads], c[hits], c[fills], c[commits], c[rolledBack], c[ddl], c[victims], c[refused], c[failed], c[stale], c[overtaken])
	if c[stale] != 0 {
		fmt.Fprintf(&b, ", at most %.1f ms after the commit", float64(c[worstLag])/1000)
	}
	for _, name := range nemesisNames() {
		if n := r.Faults[name]; n != 0 {
			fmt.Fprintf(&b, "; %s %d", name, n)
		}
	}
	return b.String()
}
