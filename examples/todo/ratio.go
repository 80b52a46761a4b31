package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/cachedsql/cachedsql"
)

// maxRatioLoss is what writes by primary key may cost the hit ratio of reads by
// primary key: 2 points.
const maxRatioLoss = 0.02

// ratioPlan is a load of which only the share of hits matters.
type ratioPlan struct {
	rows, requests int
	zipf, writes   float64
}

// ratio compares the share of hits of one load whose writes go to the table
// that is read with that of the same load whose writes go elsewhere.
func ratio(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("ratio", flag.ContinueOnError)
	target := targetFlags(flags)
	p := &ratioPlan{}
	flags.IntVar(&p.rows, "n", defaultTodos, "number of todos")
	flags.IntVar(&p.requests, "requests", 60_000, "requests of each load")
	flags.Float64Var(&p.zipf, "zipf", 1.1, "skew of the todos asked for, more than 1")
	flags.Float64Var(&p.writes, "writes", 0.1, "share of requests that write, by primary key, to all rows alike")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if p.zipf <= 1 || p.writes < 0 || p.writes > 1 {
		return fmt.Errorf("-zipf must be more than 1, -writes 0 to 1")
	}
	return p.compare(ctx, target)
}

func (p *ratioPlan) compare(ctx context.Context, t *target) error {
	if err := seedTarget(ctx, t, p.rows); err != nil {
		return err
	}
	list, err := t.openCached()
	if err != nil {
		return err
	}
	defer list.db.Close()
	for _, statement := range []string{
		"DROP TABLE IF EXISTS elsewhere", "CREATE TABLE elsewhere (id bigint PRIMARY KEY, version bigint NOT NULL)",
		"INSERT INTO elsewhere SELECT id, 1 FROM todos",
	} {
		if _, err := list.db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	elsewhere, err := p.measure(ctx, list, t.lease, "elsewhere")
	if err != nil {
		return err
	}
	here, err := p.measure(ctx, list, t.lease, "todos")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "hit ratio of reads by primary key: %.2f%% with writes to another table, %.2f%% with writes to the same one\n", 100*elsewhere, 100*here)
	if elsewhere-here > maxRatioLoss {
		return fmt.Errorf("writes by primary key cost %.2f points, more than %.0f", 100*(elsewhere-here), 100*maxRatioLoss)
	}
	return nil
}

// measure empties the cache and runs the load: the same requests each time, but
// for the table that is written.
func (p *ratioPlan) measure(ctx context.Context, list *todos, lease time.Duration, written string) (float64, error) {
	cache, ok := cachedsql.FromDB(list.db)
	if !ok {
		return 0, fmt.Errorf("the driver has no cache")
	}
	if err := cache.Flush(ctx); err != nil {
		return 0, err
	}
	if _, err := list.get(ctx, 1); err != nil { // its table's tags become known
		return 0, err
	}
	time.Sleep(2 * lease)
	random := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(random, p.zipf, 1, uint64(p.rows-1))
	write := "UPDATE " + written + " SET version = version + 1 WHERE id = ?"
	before, reads := cache.Stats().Hits, 0
	for range p.requests {
		if random.Float64() < p.writes {
			if err := list.changeOne(ctx, write, 1+random.IntN(p.rows)); err != nil {
				return 0, err
			}
			continue
		}
		if _, err := list.get(ctx, int64(1+zipf.Uint64())); err != nil {
			return 0, err
		}
		reads++
	}
	hits := cache.Stats().Hits - before
	return float64(hits) / float64(reads), p.seesWrites(ctx, list)
}

// seesWrites checks that a query over the whole table sees every write.
func (p *ratioPlan) seesWrites(ctx context.Context, list *todos) error {
	for range 3 {
		if err := list.changeOne(ctx, "UPDATE todos SET version = version + 1 WHERE id = ?", 1); err != nil {
			return err
		}
		for range 2 { // the second may be a hit
			cached, err := list.summarize(ctx, 0, int64(p.rows))
			if err != nil {
				return err
			}
			fresh, err := list.summarize(cachedsql.Bypass(ctx), 0, int64(p.rows))
			if err != nil {
				return err
			}
			if cached != fresh {
				return fmt.Errorf("a query over the table says %+v, the database %+v", cached, fresh)
			}
		}
	}
	return nil
}
