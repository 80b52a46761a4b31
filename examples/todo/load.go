package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// A plan is what the load does.
type plan struct {
	users      int
	duration   time.Duration
	spawnRate  float64
	zipf       float64
	writeShare float64
	turn       time.Duration
}

func planFlags(flags *flag.FlagSet) *plan {
	p := &plan{}
	flags.IntVar(&p.users, "users", 16, "users at work at the same time")
	flags.DurationVar(&p.duration, "duration", 20*time.Second, "how long, both sides together")
	flags.Float64Var(&p.spawnRate, "spawn-rate", 50, "users that start per second")
	flags.Float64Var(&p.zipf, "zipf", 1.2, "skew of the todos asked for, more than 1; 0: all alike")
	flags.Float64Var(&p.writeShare, "writes", 0.0002, "share of requests that write, 0 to 1; each voids what is cached of the table")
	flags.DurationVar(&p.turn, "turn", 500*time.Millisecond, "how long one side runs before the other has its turn")
	return p
}

func (p *plan) validate() error {
	switch {
	case p.users < 1 || p.users > maxConns:
		return fmt.Errorf("-users must be 1 to %d", maxConns)
	case p.duration <= 0 || p.turn <= 0 || p.spawnRate <= 0:
		return fmt.Errorf("-duration, -turn and -spawn-rate must be more than 0")
	case p.zipf != 0 && p.zipf <= 1:
		return fmt.Errorf("-zipf must be more than 1, or 0 for all alike")
	case p.writeShare < 0 || p.writeShare > 1:
		return fmt.Errorf("-writes must be 0 to 1")
	}
	return nil
}

func load(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	target := targetFlags(flags)
	plan := planFlags(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	return loadTarget(ctx, target, plan)
}

func loadTarget(ctx context.Context, t *target, p *plan) error {
	if err := p.validate(); err != nil {
		return err
	}
	sides, err := openSides(ctx, t)
	if err != nil {
		return err
	}
	defer func() {
		for _, s := range sides {
			s.todos.db.Close()
		}
	}()
	if err := warmUp(ctx, sides, t.lease); err != nil {
		return err
	}
	p.run(ctx, sides)
	return report(os.Stdout, sides)
}

// openSides opens the plain driver and the cached one on the same database.
// Each gets half of the owners.
func openSides(ctx context.Context, t *target) ([]*side, error) {
	plain, err := t.openPlain()
	if err != nil {
		return nil, err
	}
	cached, err := t.openCached()
	if err != nil {
		plain.db.Close()
		return nil, err
	}
	sides, err := halves(ctx, plain, cached)
	if err != nil {
		plain.db.Close()
		cached.db.Close()
	}
	return sides, err
}

func halves(ctx context.Context, plain, cached *todos) ([]*side, error) {
	var last int64
	if err := plain.db.QueryRowContext(ctx, "SELECT coalesce(max(owner_id), 0) FROM todos").Scan(&last); err != nil {
		return nil, err
	}
	without, err := newSide(ctx, "without cache", plain, 0, last/2)
	if err != nil {
		return nil, err
	}
	with, err := newSide(ctx, "with cache", cached, last/2+1, last)
	if err != nil {
		return nil, err
	}
	return []*side{without, with}, nil
}

func warmUp(ctx context.Context, sides []*side, lease time.Duration) error {
	for _, s := range sides {
		if err := s.warmUp(ctx); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	select {
	case <-time.After(lease + lease/2):
	case <-ctx.Done():
		return ctx.Err()
	}
	for _, s := range sides {
		s.startCounting()
	}
	return nil
}

// run lets the users work. The sides take turns, so that neither has the
// machine's better minute and neither takes the processor from the other.
func (p *plan) run(ctx context.Context, sides []*side) {
	var turn atomic.Int32
	done, stop := context.WithTimeout(ctx, p.duration)
	defer stop()
	var users sync.WaitGroup
	users.Go(func() { p.spawn(ctx, done, &users, sides, &turn) })
	p.takeTurns(done, sides, &turn)
	users.Wait()
}

// spawn starts the users one by one.
func (p *plan) spawn(ctx, done context.Context, users *sync.WaitGroup, sides []*side, turn *atomic.Int32) {
	tick := time.NewTicker(time.Duration(float64(time.Second) / p.spawnRate))
	defer tick.Stop()
	for user := range p.users {
		users.Go(func() { p.user(ctx, done, uint64(user), sides, turn) })
		select {
		case <-tick.C:
		case <-done.Done():
			return
		}
	}
}

// user sends one request after the other until done ends. A request that is
// under way then is not cut off.
func (p *plan) user(ctx, done context.Context, seed uint64, sides []*side, turn *atomic.Int32) {
	random := rand.New(rand.NewPCG(seed, 1))
	latencies := make([][]time.Duration, len(sides))
	pick := p.picker(random, sides)
	for done.Err() == nil {
		i := int(turn.Load())
		began := time.Now()
		sides[i].request(ctx, random, pick(i), p.writeShare)
		latencies[i] = append(latencies[i], time.Since(began))
	}
	for i, s := range sides {
		s.mu.Lock()
		s.latencies = append(s.latencies, latencies[i]...)
		s.mu.Unlock()
	}
}

// picker returns a function that draws a todo of a side.
func (p *plan) picker(random *rand.Rand, sides []*side) func(side int) int {
	zipfs := make([]*rand.Zipf, len(sides))
	for i, s := range sides {
		if p.zipf > 1 {
			zipfs[i] = rand.NewZipf(random, p.zipf, 1, uint64(len(s.ids)-1))
		}
	}
	return func(side int) int {
		if zipfs[side] == nil {
			return random.IntN(len(sides[side].ids))
		}
		return int(zipfs[side].Uint64())
	}
}

// takeTurns passes the turn from side to side and shows how it goes.
func (p *plan) takeTurns(done context.Context, sides []*side, turn *atomic.Int32) {
	tick := time.NewTicker(p.turn)
	defer tick.Stop()
	show := newProgress(os.Stderr, p, sides)
	defer show.finish()
	began := time.Now()
	for {
		current := turn.Load()
		select {
		case <-tick.C:
		case <-done.Done():
		}
		sides[current].active += time.Since(began)
		if done.Err() != nil {
			return
		}
		began = time.Now()
		turn.Store((current + 1) % int32(len(sides)))
		show.draw()
	}
}
