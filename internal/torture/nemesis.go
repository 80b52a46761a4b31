//go:build unix

package main

import (
	"context"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// nemesis does one kind of harm, once per call.
type nemesis struct {
	act   func(r *run, ctx context.Context) error
	redis topology // it needs, or anyRedis
}

var nemeses = map[string]nemesis{
	"contend":         {(*run).contend, anyRedis},
	"cut":             {(*run).cutRedis, single},
	"cut-off":         {(*run).cutOff, single},
	"dawdle":          {(*run).dawdle, anyRedis},
	"delay":           {(*run).delayRedis, single},
	"evict-entries":   {(*run).evictEntries, single},
	"evict-in-flight": {(*run).evictInFlight, single},
	"evict-tags":      {(*run).evictTags, single},
	"failover":        {(*run).failover, single},
	"fill-memory":     {(*run).fillMemory, single},
	"empty-at-begin":  {(*run).emptyAtBegin, single},
	"flush":           {(*run).flushAll, single},
	"halt-process":    {(*run).haltProcess, anyRedis},
	"halt-writer":     {(*run).haltWriter, anyRedis},
	"isolate-writer":  {(*run).isolate, single},
	"kill-db-conn":    {(*run).killDatabaseConn, anyRedis},
	"kill-writer":     {(*run).killWriter, anyRedis},
	"late-commit":     {(*run).lateCommit, anyRedis},
	"lose-master":     {(*run).loseMaster, sentinel},
	"lose-node":       {(*run).loseNode, cluster},
	"move-slot":       {(*run).moveSlot, cluster},
	"new-key":         {(*run).newKey, anyRedis},
	"old-snapshot":    {(*run).oldSnapshot, single},
	"pause-redis":     {(*run).pauseRedis, single},
	"restart-empty":   {(*run).restartEmpty, single},
	"script-flush":    {(*run).scriptFlush, single},
}

func nemesisNames() []string { return slices.Sorted(maps.Keys(nemeses)) }

// nemesesOf are those that a Redis of a kind can suffer.
func nemesesOf(t topology) []string {
	return slices.DeleteFunc(nemesisNames(), func(name string) bool {
		return nemeses[name].redis != t && nemeses[name].redis != anyRedis
	})
}

func (r *run) anyWorker() int { return rand.IntN(len(r.workers)) }

// pause waits for a random time up to d.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(rand.Int64N(int64(d)))):
	}
}

// killWriter makes a process die at a random step of the protocol.
func (r *run) killWriter(context.Context) error {
	r.shared.armed[r.anyWorker()].Store(arm(1+rand.IntN(stepCount-1), die))
	return nil
}

// haltWriter stops a process at a step, until its leases have run out. It is
// not stopped between the check of a lease and the COMMIT: what then happens
// on MariaDB is documented, on PostgreSQL the server's timeouts prevent it.
func (r *run) haltWriter(ctx context.Context) error {
	steps := []int{readAcked, beginSent, beginAcked, execAcked, commitAcked, endSent, endAcked, fillSent, fillAcked}
	n := r.anyWorker()
	r.shared.armed[n].Store(arm(steps[rand.IntN(len(steps))], halt))
	pause(ctx, leaseTime/2)
	time.Sleep(leaseTime + leaseTime/2)
	r.workers[n].signal(syscall.SIGCONT)
	return nil
}

// haltProcess stops a process wherever it is.
func (r *run) haltProcess(ctx context.Context) error {
	n := r.anyWorker()
	r.workers[n].signal(syscall.SIGSTOP)
	time.Sleep(leaseTime + leaseTime/2)
	r.workers[n].signal(syscall.SIGCONT)
	return nil
}

// lateCommit makes a COMMIT arrive after its writer has given up on it.
func (r *run) lateCommit(context.Context) error {
	r.shared.armed[r.anyWorker()].Store(arm(commitSent, giveUp))
	return nil
}

// dawdle makes processes slow at one step or another.
func (r *run) dawdle(ctx context.Context) error {
	for range 20 {
		r.shared.armed[r.anyWorker()].Store(arm(1+rand.IntN(stepCount-1), dawdle))
		pause(ctx, leaseTime/10)
	}
	return nil
}

// contend makes transactions the victims of others: of deadlocks, and for want
// of a serial order.
func (r *run) contend(ctx context.Context) error {
	r.shared.contend.Store(true)
	pause(ctx, 6*leaseTime)
	r.shared.contend.Store(false)
	return nil
}

// evictInFlight removes all tags while a write is on its way to the database.
func (r *run) evictInFlight(context.Context) error {
	r.shared.armed[r.anyWorker()].Store(arm([]int{execSent, commitSent}[rand.IntN(2)], forget))
	return nil
}

// emptyAtBegin empties Redis just before a write begins: the writer cannot know
// any more what others have declared, and they have only just asked.
func (r *run) emptyAtBegin(context.Context) error {
	r.shared.armed[r.anyWorker()].Store(arm(beginSent, empty))
	return nil
}

// newKey changes by which columns a table's rows are told apart, between the
// begin of a write and its statement. Caching has to be on again before the next.
func (r *run) newKey(ctx context.Context) error {
	for range 2 {
		r.shared.armed[r.anyWorker()].Store(arm(beginAcked, migrate))
		time.Sleep(leaseTime + leaseTime/4)
		pause(ctx, leaseTime/2)
	}
	return nil
}

// fillMemory has Redis evict whatever it likes, as one does that others use.
func (r *run) fillMemory(ctx context.Context) error {
	info, err := r.redis.client.InfoMap(ctx, "memory").Result()
	if err != nil {
		return err
	}
	used, err := strconv.Atoi(info["Memory"]["used_memory"])
	if err != nil {
		return err
	}
	c := r.redis.client.Pipeline()
	c.ConfigSet(ctx, "maxmemory-policy", "allkeys-random")
	c.ConfigSet(ctx, "maxmemory", strconv.Itoa(used+64<<10))
	for i := range 300 {
		c.Set(ctx, "other:"+strconv.Itoa(i), strings.Repeat("x", 1000), leaseTime)
	}
	_, _ = c.Exec(ctx) // some of them find no room
	pause(ctx, leaseTime)
	return r.redis.client.ConfigSet(ctx, "maxmemory", "0").Err()
}

func (r *run) flushAll(ctx context.Context) error { return r.redis.client.FlushAll(ctx).Err() }

func (r *run) scriptFlush(ctx context.Context) error { return r.redis.client.ScriptFlush(ctx).Err() }

// evictTags removes tags, eras among them.
func (r *run) evictTags(ctx context.Context) error { return r.evict(ctx, "{*") }

func (r *run) evictEntries(ctx context.Context) error { return r.evict(ctx, "[^{]*") }

// evictAtMost is few enough that most tables stay cached.
const evictAtMost = 10

func (r *run) evict(ctx context.Context, pattern string) error {
	keys, err := r.redis.client.Keys(ctx, pattern).Result()
	if err != nil || len(keys) == 0 {
		return err
	}
	rand.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	return r.redis.client.Del(ctx, keys[:1+rand.IntN(min(len(keys), evictAtMost))]...).Err()
}

func (r *run) restartEmpty(ctx context.Context) error {
	r.redis.kill()
	_ = os.Remove(filepath.Join(r.redis.dir, "dump.rdb"))
	pause(ctx, leaseTime/2)
	return r.redis.run(ctx)
}

// oldSnapshot lets Redis lose what happened since it was last saved.
func (r *run) oldSnapshot(ctx context.Context) error {
	if err := r.redis.client.Save(ctx).Err(); err != nil {
		return err
	}
	pause(ctx, leaseTime)
	r.redis.kill()
	return r.redis.run(ctx)
}

// pauseRedis stops the server for less or more than a call's patience.
func (r *run) pauseRedis(ctx context.Context) error {
	r.redis.signal(syscall.SIGSTOP)
	pause(ctx, leaseTime*3/2)
	r.redis.signal(syscall.SIGCONT)
	return nil
}

// failover promotes a replica that lags, and loses the old primary.
func (r *run) failover(ctx context.Context) error {
	link, err := newProxy(r.redis.addr)
	if err != nil {
		return err
	}
	defer link.close()
	replica, err := startRedis(ctx, filepath.Join(r.dir, "redis"+time.Now().Format("150405.000000")))
	if err != nil {
		return err
	}
	if err := replicate(ctx, replica, link.addr()); err != nil {
		replica.kill()
		return err
	}
	link.hold.Store(true) // from here on it lags
	pause(ctx, leaseTime/2)
	defer r.redis.kill() // the old one, when all have gone on to the new
	r.redis = replica
	if err := replica.client.ReplicaOf(ctx, "NO", "ONE").Err(); err != nil {
		return err
	}
	for _, w := range r.workers {
		w.proxy.point(replica.addr)
	}
	return nil
}

// cutRedis breaks one process's connections, in the middle of what they carry.
func (r *run) cutRedis(ctx context.Context) error {
	for range 1 + rand.IntN(5) {
		r.workers[r.anyWorker()].proxy.cut()
		pause(ctx, leaseTime/10)
	}
	return nil
}

func (r *run) delayRedis(ctx context.Context) error {
	p := r.workers[r.anyWorker()].proxy
	p.delay.Store(rand.Int64N(int64(leaseTime / 5)))
	pause(ctx, leaseTime)
	p.delay.Store(0)
	return nil
}

// isolate keeps one process away from Redis while the others go on.
func (r *run) isolate(ctx context.Context) error {
	p := r.workers[r.anyWorker()].proxy
	p.hold.Store(true)
	pause(ctx, 2*leaseTime)
	p.hold.Store(false)
	return nil
}

func (r *run) killDatabaseConn(ctx context.Context) error {
	for range 20 {
		if err := r.database.killCommitting(ctx, r.admin, r.name); err != nil {
			return err
		}
		pause(ctx, leaseTime/20)
	}
	return nil
}
