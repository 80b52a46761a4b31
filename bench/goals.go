package main

import (
	"fmt"
	"io"
	"math"
	"time"
)

// goal is a line of the table of goals: what was wanted, and what came out.
type goal struct {
	what, want, got string
	met             bool
}

// goals compares what was measured with what was wanted. One that needs what
// has not been measured is left out.
func (r *report) goals() (all []goal) {
	for i := range r.cells {
		all = append(all, r.cells[i].goals()...)
	}
	return append(all, r.others...)
}

// cpu returns a candidate's CPU per operation in microseconds, 0 if it is not
// there.
func (c *cell) cpu(name string) float64 { return float64(c.of(name).cpu) / float64(time.Microsecond) }

func (c *cell) of(name string) result {
	for _, s := range c.results {
		if s.candidate == name {
			return s
		}
	}
	return result{}
}

func (c *cell) goals() (all []goal) {
	add := c.adder(&all)
	floor, bare, get, json := c.cpu(floorName), c.cpu(bareName), c.cpu(getName), c.cpu(jsonName)
	alone, many := c.goroutines == 1, c.goroutines == 64
	if hit := c.cpu(redisName); hit > 0 {
		switch {
		case c.rows == 1 && alone:
			add("Redis hit / (GET + floor)", 1.6, hit/(get+floor), "x")
			add("Redis hit / bare driver", 1, hit/bare, "x")
		case c.rows == 1 && many:
			add("Redis hit / (GET + floor)", 1.3, hit/(get+floor), "x")
		case alone:
			add("Redis hit / JSON by hand", 1.0/3, hit/json, "x")
			add("Redis hit / go-redis/cache", 1.0/3, hit/c.cpu(libraryName), "x")
			add("Redis hit / entcache", 1.0/3, hit/c.cpu(entcacheName), "x")
			add("Redis hit / GORM's caches plugin", 1.0/3, hit/c.cpu(gormCachesName), "x")
			add("Redis hit / bare driver", 0.6, hit/bare, "x")
		}
		if alone {
			add("size of the entry / JSON", 1, float64(c.of(redisName).bytes)/float64(c.of(jsonName).bytes), "x")
			for _, peer := range []struct{ what, name string }{{"go-redis/cache", libraryName}, {"entcache", entcacheName}, {"GORM's caches plugin", gormCachesName}} {
				add("size of the entry / "+peer.what, 1, float64(c.of(redisName).bytes)/float64(c.of(peer.name).bytes), "x")
			}
		}
		if many {
			add("time per hit / JSON by hand, throughput", 0.5, c.of(jsonName).perSecond/c.of(redisName).perSecond, "x")
			add("time per hit / go-redis/cache, throughput", 0.5, c.of(libraryName).perSecond/c.of(redisName).perSecond, "x")
			add("time per hit / entcache, throughput", 0.5, c.of(entcacheName).perSecond/c.of(redisName).perSecond, "x")
			add("time per hit / GORM's caches plugin, throughput", 0.5, c.of(gormCachesName).perSecond/c.of(redisName).perSecond, "x")
			add("time per hit / go-redis/cache that joins no reads under way, throughput", 0.5, c.of(aloneName).perSecond/c.of(redisName).perSecond, "x")
		}
	}
	if near, check := c.cpu(validateName), c.cpu(checkName); near > 0 {
		if alone {
			add("near hit (validate) / (MGET of the tags + floor)", 1.15, near/(check+floor), "x")
		} else if many {
			add("near hit (validate) / (MGET of the tags + floor)", 0.5, near/(check+floor), "x")
		}
	}
	for _, mode := range []string{"push", "leased"} {
		near := c.of(nearName(mode))
		if near.cpu == 0 || !alone {
			continue
		}
		most := 1.05
		if c.rows == 1 {
			most = 1.3
		}
		add("near hit ("+mode+") / floor", most, c.cpu(nearName(mode))/floor, "x")
		add("near hit ("+mode+"), allocations over the floor", 2, near.allocs-c.of(floorName).allocs, "")
	}
	if alone {
		uncached := c.of(uncachedName)
		if c.rows == 1 {
			add("uncached query, CPU added / bare driver", 1, 100*(c.cpu(uncachedName)-floor)/bare, " %")
			add("uncached query, allocations added", 1, uncached.allocs-c.of(floorName).allocs, "")
		}
		all = append(all, c.missGoals()...)
	}
	return all
}

// missGoals is about what a miss adds to a query of a millisecond.
func (c *cell) missGoals() (all []goal) {
	add := c.adder(&all)
	slow, miss, get := c.of(slowName), c.of(missName), c.of(getName)
	if slow.cpu == 0 || miss.cpu == 0 {
		return nil
	}
	waited, more := float64(slow.p50), float64(miss.p50-slow.p50)
	add("miss, caller waits longer (p50) / a query of 1 ms", 5, 100*more/waited, " %")
	add("miss, caller waits longer (p50) / (10 % of the bare driver + GET)", 1, more/(0.1*waited+float64(get.p50)), "x")
	query, added := 1000+c.cpu(slowName), c.cpu(missName)-c.cpu(slowName)
	add("miss, CPU added, storing included / a query of 1 ms", 5, 100*added/query, " %")
	add("miss, CPU added, storing included / (10 % of the bare driver + GET)", 1, added/(0.1*query+c.cpu(getName)), "x")
	return all
}

// adder returns what adds a goal. One of a candidate that was not measured is left out.
func (c *cell) adder(all *[]goal) func(what string, most, got float64, unit string) {
	return func(what string, most, got float64, unit string) {
		if math.IsNaN(got) || math.IsInf(got, 0) {
			return
		}
		*all = append(*all, goal{
			what: what + "; " + c.title(), want: fmt.Sprintf("<= %.4g%s", most, unit), got: fmt.Sprintf("%.3g%s", got, unit), met: got <= most,
		})
	}
}

func (r *report) printGoals(w io.Writer) {
	fmt.Fprint(w, "\n### Goals\n\n| | goal | measured | |\n|---|--:|--:|---|\n")
	for _, g := range r.goals() {
		verdict := "met"
		if !g.met {
			verdict = "**not met**"
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", g.what, g.want, g.got, verdict)
	}
}
