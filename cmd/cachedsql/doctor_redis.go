package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

// Thresholds of the doctor's.
const (
	slowPing      = 5 * time.Millisecond // a tenth of the default of cache_lookup_timeout
	clockOffset   = time.Second
	fullMemory    = 0.9
	oldestVersion = 7
)

// servers looks at what the URL leads to. It returns nil if nothing answers.
func (f *findings) servers(ctx context.Context, store *redisstore.Store) []redisstore.Server {
	servers, err := store.Inspector().Servers(ctx)
	if err != nil {
		f.add(fault, "redis", "is the URL right (rediss:// for TLS, and only for that), is Redis up, and does its user have the rights to PING and INFO (docs/operations.md)?", "%v", err)
		return nil
	}
	for i := range servers {
		f.server(&servers[i])
	}
	return servers
}

// full reports whether a server takes nothing more.
func full(s redisstore.Server) bool {
	return s.Policy == "noeviction" && s.MaxMemory != 0 && s.UsedMemory >= s.MaxMemory
}

func (f *findings) server(s *redisstore.Server) {
	name := "redis"
	major, _, _ := strings.Cut(s.Version, ".")
	switch n, err := strconv.Atoi(major); {
	case s.Role != "master":
		f.add(fault, name, "name the master, the Sentinels or the cluster in the URL", "%s is a replica: it cannot tell what is current", s.Addr)
	case err == nil && n < oldestVersion && s.Product == "redis":
		f.add(warning, name, "upgrade to 7 or later", "%s runs version %s, which cannot announce writes while its memory is full", s.Addr, s.Version)
	default:
		f.ok(name, "%s is %s %s with %d replicas", s.Addr, s.Product, s.Version, s.Replicas)
	}
	if s.ReplicationID == "" {
		f.add(fault, "history", "show INFO replication to the user; or set allow_no_replid=true in the URL and read what is lost (redisstore.Config)",
			"%s hides master_replid: a failover that loses writes would not be noticed", s.Addr)
	}
	f.memory(s)
	f.persistence(s)
	if s.Latency > slowPing {
		f.add(warning, "latency", "move Redis closer, look at SLOWLOG GET, or raise cache_lookup_timeout", "%s answers a PING in %v", s.Addr, s.Latency.Round(time.Microsecond))
	} else {
		f.ok("latency", "%s answers a PING in %v", s.Addr, s.Latency.Round(time.Microsecond))
	}
}

func (f *findings) memory(s *redisstore.Server) {
	const name = "memory"
	used := fmt.Sprintf("%s uses %s of %s", s.Addr, byteSize(s.UsedMemory), byteSize(s.MaxMemory))
	switch {
	case s.MaxMemory == 0:
		f.add(warning, name, "set maxmemory, with maxmemory-policy volatile-lru", "%s has no limit: entries may fill the machine", s.Addr)
	case strings.HasPrefix(s.Policy, "allkeys-"):
		f.add(warning, name, "set maxmemory-policy to volatile-lru", "policy %s evicts the versions of tables too: such a table is not cached for a lease", s.Policy)
	case s.Policy == "noeviction" && float64(s.UsedMemory) > fullMemory*float64(s.MaxMemory):
		f.add(fault, name, "raise maxmemory, or set maxmemory-policy to volatile-lru", "%s and evicts nothing: no more results are stored", used)
	case s.Policy == "noeviction":
		f.add(warning, name, "set maxmemory-policy to volatile-lru", "%s; when it is full, no more results are stored", used)
	default:
		f.ok(name, "%s, policy %s, %d keys evicted", used, s.Policy, s.EvictedKeys)
	}
}

func (f *findings) persistence(s *redisstore.Server) {
	if s.Persistent {
		f.add(warning, "persistence", `set save "" and appendonly no, unless others need it`,
			"%s writes to disk, which is of no use: after a restart everything counts as unknown", s.Addr)
		return
	}
	f.ok("persistence", "off")
}

// processes looks at those that report, and returns their namespaces.
func (f *findings) processes(ctx context.Context, store *redisstore.Store, full bool) []string {
	fleet, err := store.Inspector().Fleet(ctx)
	if err != nil {
		f.add(warning, "processes", "give the user the rights of an operator (docs/operations.md)", "%v", err)
		return nil
	}
	f.fleet(fleet, full)
	return fleet.Namespaces()
}

// fleet judges the reports. A Redis that is full takes no new ones.
func (f *findings) fleet(fleet *redisstore.Fleet, full bool) {
	const name = "processes"
	if len(fleet.Instances) == 0 && full {
		f.add(warning, name, "give Redis room first", "none reports: a full Redis takes no reports")
		return
	}
	if len(fleet.Instances) == 0 {
		f.add(warning, name, "start one, with this Redis and key_prefix; reports come every 10 seconds", "none reports")
		return
	}
	versions, ruleSets, keys := map[string]bool{}, map[string]bool{}, map[string]bool{}
	before := len(*f)
	if full {
		f.add(warning, name, "give Redis room first", "what they reported is old: a full Redis takes no reports")
	}
	for i := range fleet.Instances {
		in := &fleet.Instances[i]
		who := fmt.Sprintf("%s, process %d", in.Host, in.PID)
		versions[in.Version], ruleSets[in.RulesVersion], keys[in.EntryKeys] = true, true, true
		if in.Breaker != "closed" {
			f.add(warning, name, "look at its log and its way to Redis", "%s does not use Redis at the moment (%s)", who, in.Breaker)
		}
		if off := in.ClockOffset.Abs(); off > clockOffset {
			f.add(warning, name, "synchronise its clock; it matters for how long results are kept, not for whether they are current",
				"the clock of %s is off by %v", who, in.ClockOffset.Round(time.Millisecond))
		}
	}
	f.differ("library versions", versions, "normal while a new version is rolled out")
	f.differ("rule sets", ruleSets, "a process did not get the new rules, or refuses them: see its log")
	f.differ("entry keys", keys, "normal while keys are changed (docs/security.md); else they refuse each other's results")
	if fleet.Unreadable > 0 {
		f.add(warning, name, "use this command in the version of the programs", "%d reports are in another version's format", fleet.Unreadable)
	}
	if len(*f) == before {
		f.ok(name, "%d report, all in order", len(fleet.Instances))
	}
	if names := fleet.Namespaces(); len(names) > 1 {
		f.ok("namespaces", "%d: %s. Two for one database would be two caches that do not know of each other", len(names), strings.Join(names, ", "))
	}
}

func (f *findings) differ(what string, seen map[string]bool, fix string) {
	if len(seen) > 1 {
		f.add(warning, "processes", fix, "they have different %s: %s", what, strings.Join(quoted(slices.Sorted(maps.Keys(seen))), ", "))
	}
}

func quoted(all []string) []string {
	for i, s := range all {
		all[i] = strconv.Quote(s)
	}
	return all
}

// rights tries with the user of the URL what programs do, in the first of the
// namespaces. That leaves nothing behind but what the first program there does.
func (f *findings) rights(ctx context.Context, store *redisstore.Store, namespaces []string) {
	const name = "rights"
	if len(namespaces) == 0 {
		f.add(warning, name, "name a database by --dsn", "not tried: no process tells a namespace to try it in")
		return
	}
	sp := store.Space(namespaces[0])
	var key cachedsql.Key
	_, _ = rand.Read(key[:])
	steps := []struct {
		what string
		do   func() error
	}{
		{"check tags", func() error { _, err := sp.Check(ctx, sp.Tags(nil)); return err }},
		{"store an entry", func() error { return sp.Fill(ctx, key, []byte("doctor"), time.Second) }},
		{"read an entry", func() error { _, err := sp.Read(ctx, key, sp.Tags(nil), nil); return err }},
		{"delete an entry", func() error { return sp.Delete(ctx, key) }},
	}
	for _, step := range steps {
		err := step.do()
		if errors.Is(err, cachedsql.ErrStoreFull) {
			f.add(warning, name, "give Redis room first", "not tried to the end: Redis is full")
			return
		}
		if err != nil {
			f.add(warning, name, "no harm if programs use another user; theirs needs the rights in docs/operations.md", "this user cannot %s: %v", step.what, err)
			return
		}
	}
	f.ok(name, "this user can do what programs do")
}

// byteSize writes a number of bytes for people.
func byteSize(n int64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	size, unit := float64(n)/1024, 0
	for size >= 1024 && unit < len(units)-1 {
		size, unit = size/1024, unit+1
	}
	return fmt.Sprintf("%.1f %ciB", size, units[unit])
}
