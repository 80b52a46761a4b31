package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

// underLoad measures a store with many entries: what they take, and whether
// a write minds them, or hits mind the write.
func underLoad(ctx context.Context, entries, bytes int) (all []goal, err error) {
	url := os.Getenv("CACHEDSQL_TEST_REDIS")
	if url == "" || entries == 0 {
		return nil, nil
	}
	store, err := redisstore.Open(url+"?pool_size=64", redisstore.Config{Quarantine: 50 * time.Millisecond})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, err
	}
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	l := &load{
		space: store.Space(fmt.Sprint("load", time.Now().UnixNano())), client: client, entry: make([]byte, bytes),
	}
	l.tags, l.others = l.space.Tags([]string{"orders"}), l.space.Tags([]string{"users"})
	if err := errors.Join(l.settle(ctx, l.tags), l.settle(ctx, l.others)); err != nil {
		return nil, err
	}
	return l.run(ctx, entries)
}

type load struct {
	space        cachedsql.Space
	client       *redis.Client
	tags, others cachedsql.TagSet
	entry        []byte
}

func (l *load) run(ctx context.Context, entries int) (all []goal, err error) {
	if err := l.fill(ctx, 0, 1); err != nil {
		return nil, err
	}
	few, err := l.writes(ctx, 1000)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.remove(ctx)) }()
	before, err := l.memory(ctx)
	if err != nil {
		return nil, err
	}
	empty, err := l.filled(ctx, entries, nil)
	if err != nil {
		return nil, err
	}
	full, err := l.filled(ctx, entries, l.entry)
	if err != nil {
		return nil, err
	}
	many, err := l.writes(ctx, 1000)
	if err != nil {
		return nil, err
	}
	calm, busy, err := l.hits(ctx)
	if err != nil {
		return nil, err
	}
	keys, perEntry := float64(empty-before)/float64(entries-1), float64(full-empty)/float64(entries-1)
	return []goal{
		ratio(fmt.Sprintf("invalidation with %d entries under the tag / with 1, each in pings of the same moments (%.3g, %.3g)", entries, many, few), 1.25, many/few),
		ratio(fmt.Sprintf("p99 of hits while a table is invalidated without pause / p99 with pings in its place (%s, %s)", micros(busy), micros(calm)), 1.25, float64(busy)/float64(calm)),
		ratio(fmt.Sprintf("memory of %d entries in Redis, without the %.0f bytes of each key with nothing under it / payload of %d bytes", entries, keys, len(l.entry)), 1.3, perEntry/float64(len(l.entry))),
	}, nil
}

func ratio(what string, most, got float64) goal {
	return goal{what: what, want: fmt.Sprintf("<= %.4gx", most), got: fmt.Sprintf("%.3gx", got), met: got <= most}
}

func (l *load) settle(ctx context.Context, tags cachedsql.TagSet) error {
	for range 5000 {
		r, err := l.space.Check(ctx, tags)
		if err != nil || r.Settled {
			return err
		}
		time.Sleep(time.Millisecond)
	}
	return errors.New("tags do not settle")
}

func loadKey(i int) (key cachedsql.Key) {
	copy(key[:], strconv.Itoa(i))
	return key
}

// fill stores entries from one number up to another.
func (l *load) fill(ctx context.Context, from, to int) error {
	var done sync.WaitGroup
	errs := make([]error, 64)
	for w := range errs {
		done.Go(func() {
			for i := from + w; i < to && errs[w] == nil; i += len(errs) {
				errs[w] = l.space.Fill(ctx, loadKey(i), l.entry, time.Hour)
			}
		})
	}
	done.Wait()
	return errors.Join(errs...)
}

// writes returns the median time of a begin and an end, in those of a ping. The
// two take turns: minutes lie between few entries and many, and the machine is
// not as busy in one as in the other.
func (l *load) writes(ctx context.Context, n int) (float64, error) {
	took, pings := make([]time.Duration, n), make([]time.Duration, n)
	for i := range n {
		started := time.Now()
		if err := l.client.Ping(ctx).Err(); err != nil {
			return 0, err
		}
		pinged := time.Now()
		if err := l.write(ctx, i); err != nil {
			return 0, err
		}
		pings[i], took[i] = pinged.Sub(started), time.Since(pinged)
	}
	slices.Sort(took)
	slices.Sort(pings)
	return float64(took[n/2]) / float64(pings[n/2]), nil
}

func (l *load) write(ctx context.Context, i int) error {
	id := cachedsql.WriterID{byte(i), byte(i >> 8)}
	_, err := l.space.Begin(ctx, id, l.tags, 10*time.Millisecond)
	_, err2 := l.space.End(ctx, id, l.tags)
	return errors.Join(err, err2)
}

// hits returns the p99 of lookups of another table: with a client that sends
// pings all the time, and with one that writes all the time.
func (l *load) hits(ctx context.Context) (calm, busy time.Duration, err error) {
	var calms, busies []time.Duration
	for range 10 {
		for _, kind := range []struct {
			into *[]time.Duration
			call func(i int) error
		}{
			{&calms, func(int) error { return l.client.Ping(ctx).Err() }},
			{&busies, func(i int) error { return l.write(ctx, i) }},
		} {
			took, err := l.hitsBeside(ctx, kind.call)
			if err != nil {
				return 0, 0, err
			}
			*kind.into = append(*kind.into, took...)
		}
	}
	slices.Sort(calms)
	slices.Sort(busies)
	return quantile(calms, 0.99), quantile(busies, 0.99), nil
}

func (l *load) hitsBeside(ctx context.Context, call func(i int) error) ([]time.Duration, error) {
	stop, failed := make(chan struct{}), make(chan error, 1)
	go func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				failed <- nil
				return
			default:
			}
			if err := call(i); err != nil {
				failed <- err
				return
			}
		}
	}()
	var took []time.Duration
	var err error
	for range 1000 {
		started := time.Now()
		if _, err = l.space.Read(ctx, loadKey(0), l.others, nil); err != nil {
			break
		}
		took = append(took, time.Since(started))
	}
	close(stop)
	return took, errors.Join(err, <-failed)
}

func (l *load) memory(ctx context.Context) (int64, error) {
	info, err := l.client.Info(ctx, "memory").Result()
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(info, "used_memory:")
	digits, _, _ := strings.Cut(rest, "\r")
	return strconv.ParseInt(digits, 10, 64)
}

// filled is the memory in use when all entries have these bytes.
func (l *load) filled(ctx context.Context, entries int, bytes []byte) (int64, error) {
	was := l.entry
	l.entry = bytes
	defer func() { l.entry = was }()
	if err := l.fill(ctx, 1, entries); err != nil {
		return 0, err
	}
	return l.memory(ctx)
}

// remove deletes all entries.
func (l *load) remove(ctx context.Context) error {
	each := l.client.Scan(ctx, 0, "*:load*:e*", 10000).Iterator()
	var batch []string
	for each.Next(ctx) {
		if batch = append(batch, each.Val()); len(batch) == 1000 {
			if err := l.client.Unlink(ctx, batch...).Err(); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	if len(batch) > 0 {
		return errors.Join(each.Err(), l.client.Unlink(ctx, batch...).Err())
	}
	return each.Err()
}

// roundTrips counts the scripts of a write in Redis: those before it commits,
// and those after.
func roundTrips(ctx context.Context) ([]goal, error) {
	url := os.Getenv("CACHEDSQL_TEST_REDIS")
	if url == "" {
		return nil, nil
	}
	var all []goal
	for _, c := range []struct {
		mode   cachedsql.Consistency
		before int64
	}{{cachedsql.Strict, 1}, {cachedsql.Bounded, 0}} {
		before, after, err := callsOfAWrite(ctx, url, c.mode)
		if err != nil {
			return nil, err
		}
		all = append(all, goal{
			what: fmt.Sprintf("write, %v: round trips before and after the statement", c.mode),
			want: fmt.Sprintf("%d and 1", c.before), got: fmt.Sprintf("%d and %d", before, after), met: before == c.before && after == 1,
		})
	}
	return all, nil
}
