package main

import (
	"fmt"
	"io"
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
	add := func(what string, most, got float64, unit string) {
		all = append(all, goal{
			what: what + "; " + c.title(), want: fmt.Sprintf("<= %.4g%s", most, unit), got: fmt.Sprintf("%.3g%s", got, unit), met: got <= most,
		})
	}
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
			add("Redis hit / bare driver", 0.6, hit/bare, "x")
		}
		if alone {
			add("size of the entry / JSON", 1, float64(c.of(redisName).bytes)/float64(c.of(jsonName).bytes), "x")
			add("size of the entry / go-redis/cache", 1, float64(c.of(redisName).bytes)/float64(c.of(libraryName).bytes), "x")
		}
		if many {
			add("time per hit / JSON by hand, throughput", 0.5, c.of(jsonName).perSecond/c.of(redisName).perSecond, "x")
			add("time per hit / go-redis/cache, throughput", 0.5, c.of(libraryName).perSecond/c.of(redisName).perSecond, "x")
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
		waited, slow := float64(c.of(slowName).p50), c.cpu(slowName)
		more := float64(c.of(missName).p50) - waited
		add("miss, caller waits longer (p50) / a query of 1 ms", 5, 100*more/waited, " %")
		add("miss, caller waits longer (p50) / (10 % of the bare driver + GET)", 1, more/(0.1*waited+float64(c.of(getName).p50)), "x")
		add("miss, CPU added, storing included / a query of 1 ms", 5, 100*(c.cpu(missName)-slow)/(1000+slow), " %")
		add("miss, CPU added, storing included / (10 % of the bare driver + GET)", 1, (c.cpu(missName)-slow)/(0.1*(1000+slow)+get), "x")
	}
	return all
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
