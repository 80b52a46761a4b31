//go:build unix

// Torture runs processes that read and write one database through the cache,
// does harm to them, to Redis and to what is between them, and checks that no
// read is older than a commit that had returned before the read began.
//
//	go run ./internal/torture -duration 10m
//	go run ./internal/torture -nemesis kill-writer,flush -database "$CACHEDSQL_TEST_MYSQL"
//	go run ./internal/torture -redis sentinel
//	go run ./internal/torture -broken "no begin"
//	go run ./internal/torture -alone -duration 10m "$CACHEDSQL_TEST_POSTGRES" "$CACHEDSQL_TEST_MYSQL"
//
// Every row has a version that only grows. A process notes a version in memory
// that all share when the commit that wrote it has returned, and takes what is
// noted there before it starts a read. No clock is involved.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	if text := os.Getenv(jobVariable); text != "" {
		if err := runWorker(text); err != nil {
			fmt.Fprintln(os.Stderr, "torture: worker:", err)
			os.Exit(1)
		}
		return
	}
	if err := command(); err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		os.Exit(1)
	}
}

func command() error {
	o := options{Log: os.Stderr}
	flag.StringVar(&o.DSN, "database", os.Getenv("CACHEDSQL_TEST_POSTGRES"), "`DSN` of PostgreSQL or MariaDB; the user may create databases")
	flag.DurationVar(&o.Duration, "duration", time.Minute, "how long")
	which := flag.String("nemesis", "all", "what to do, separated by commas; all or none or any of: "+strings.Join(nemesisNames(), ", "))
	flag.StringVar((*string)(&o.Redis), "redis", string(single), "single, sentinel or cluster")
	flag.StringVar(&o.Broken, "broken", "", "leave a part of the protocol out; one of: "+breakageNames())
	flag.BoolVar(&o.Bounded, "bounded", false, "with consistency bounded: stale reads are counted and are no failure")
	flag.BoolVar(&o.Available, "available", false, "with on_cache_down available: the same")
	flag.StringVar(&o.Near, "near", "off", "the near cache: off, validate, leased, or push: stale reads within its bound are counted and are no failure")
	flag.BoolVar(&o.Wait, "wait", false, "with on_cache_down wait")
	flag.IntVar(&o.Workers, "processes", 4, "how many processes")
	flag.IntVar(&o.Threads, "threads", 4, "connections of each")
	flag.DurationVar(&o.Pace, "pace", time.Millisecond, "mean pause of a connection between what it does; with a long one several tortures fit on a machine")
	flag.DurationVar(&o.Lease, "lease", shortLease, "of writes; a slow machine needs a longer one for new-key, where an index has to be made within a quarter of it")
	each := flag.Bool("alone", false, "each nemesis by itself, for the duration and on the Redis that it needs, on the databases that are the arguments; prints a table")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if *each {
		return alone(ctx, o, *which, flag.Args(), os.Stdout)
	}
	if err := o.choose(*which); err != nil {
		return err
	}
	r, err := torture(ctx, o)
	if err != nil {
		return err
	}
	fmt.Println(r)
	if lag := r.lag(); o.Near == nearPush && lag >= nearBound {
		return fmt.Errorf("a read was stale %v after the commit, the bound is %v", lag, nearBound)
	}
	if !o.Bounded && !o.Available && o.Near != nearPush && r.Counts[stale]+r.Counts[overtaken] != 0 {
		return fmt.Errorf("there were stale reads")
	}
	return nil
}

// choose takes the names of nemeses apart.
func (o *options) choose(names string) error {
	if o.Workers < 1 || o.Workers > maxWorkers {
		return fmt.Errorf("-processes %d: between 1 and %d", o.Workers, maxWorkers)
	}
	if _, ok := breakages[o.Broken]; o.Broken != "" && !ok {
		return fmt.Errorf("-broken %q: one of %s", o.Broken, breakageNames())
	}
	if b := breakages[o.Broken]; b.near != "" || b.wait {
		o.Near, o.Wait = cmp.Or(b.near, o.Near), b.wait
	}
	if !slices.Contains([]string{"off", "validate", nearLeased, nearPush}, o.Near) {
		return fmt.Errorf("-near %q: off, validate, leased or push", o.Near)
	}
	if o.Redis != single && o.Redis != sentinel && o.Redis != cluster {
		return fmt.Errorf("-redis %q: single, sentinel or cluster", o.Redis)
	}
	if o.Redis != single && (o.Wait || o.Broken != "") {
		return fmt.Errorf("-redis %s: -wait and -broken want a single one", o.Redis)
	}
	switch names {
	case "all":
		o.Nemeses = nemesesOf(o.Redis)
		return nil
	case "none", "":
		return nil
	}
	for _, name := range strings.Split(names, ",") {
		if !slices.Contains(nemesesOf(o.Redis), name) {
			return fmt.Errorf("-nemesis %q: with -redis %s one of %s", name, o.Redis, strings.Join(nemesesOf(o.Redis), ", "))
		}
		o.Nemeses = append(o.Nemeses, name)
	}
	return nil
}
