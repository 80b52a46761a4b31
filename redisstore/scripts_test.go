package redisstore

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/protocol"
	"github.com/cachedsql/cachedsql/internal/testredis"
)

// The scripts and internal/protocol say the same twice. Here both run the same
// random operations from the same states, and must agree on every state after
// and every answer. Time and history are given to the scripts in two further
// arguments; nothing else in their text is changed.
func TestScriptsDoWhatTheProtocolSays(t *testing.T) {
	t.Parallel()
	t.Run("Redis", func(t *testing.T) {
		t.Parallel()
		compare(t, testredis.Start(t).Addr, 4000)
	})
	t.Run("Miniredis", func(t *testing.T) {
		t.Parallel()
		compare(t, miniredis.RunT(t).Addr(), 400)
	})
}

func compare(t *testing.T, addr string, steps int) {
	t.Helper()
	client := redis.NewClient(&redis.Options{Addr: addr})
	t.Cleanup(func() { _ = client.Close() })
	for seed := range uint64(5) {
		b := newBoth(t, client, seed, usual)
		for range steps / 5 {
			b.step()
		}
	}
	for seed := range uint64(5) {
		b := newBoth(t, client, seed, newProgram(testTerm, testAbsence))
		for range steps / 2 {
			b.step()
		}
	}
}

// oldServer answers as Redis 6 does to a script with flags.
func oldServer(c *server.Peer, cmd string, args ...string) bool {
	if cmd != "EVAL" || !strings.HasPrefix(args[0], "#!") {
		return false
	}
	c.WriteError("ERR Error compiling script (new function): user_script:1: unexpected symbol near '#' ")
	return true
}

func TestServerWithoutScriptFlagsIsDetected(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	m.Server().SetPreHook(oldServer)
	s := openURL(t, "redis://"+m.Addr(), Config{AllowNoReplicationID: true})
	sp := s.Space("db")
	tags := sp.Tags([]string{"users"})
	for range 2 {
		if _, err := sp.Check(t.Context(), tags); err != nil {
			t.Errorf("Check: %v", err)
		}
		if _, err := sp.Begin(t.Context(), cachedsql.WriterID{1}, tags, time.Second); err != nil {
			t.Errorf("Begin: %v", err)
		}
	}
	if !s.scripts.plain.Load() {
		t.Error("the scripts without flags are not in use")
	}
}

func TestReplicaRefusesWithoutScriptFlagsToo(t *testing.T) {
	t.Parallel()
	server := testredis.Start(t)
	s := openURL(t, server.URL(), Config{})
	s.scripts.plain.Store(true)
	sp := s.Space("db")
	tags := sp.Tags([]string{"users"})
	if _, err := sp.Check(t.Context(), tags); err != nil {
		t.Fatalf("Check: %v", err)
	}
	server.Do(t, "replicaof", "127.0.0.1", "1")
	if _, err := sp.Check(t.Context(), tags); !redis.IsReadOnlyError(err) {
		t.Errorf("Check on a replica: %v, want READONLY", err)
	}
}

// given replaces what a script learns from the server by arguments.
func given(text string) string {
	text = strings.TrimPrefix(text, "#!lua flags=allow-oom\n")
	text = strings.ReplaceAll(text, "redis.pcall('INFO', 'replication')", "ARGV[#ARGV]")
	return strings.ReplaceAll(text, "redis.call('TIME')", "{ARGV[#ARGV - 2], ARGV[#ARGV - 1]}")
}

const (
	historyA = "0123456789abcdef0123456789abcdef01234567"
	historyB = "fedcba9876543210fedcba9876543210fedcba98"

	testQuarantine = 5000
	testLonger     = 12000 // another process's
	testMaxLeases  = 2
	testTerm       = 1000
	testAbsence    = 8000
	testMaxWriters = 3
)

// both is a shard in Redis and the same in Go.
type both struct {
	*testing.T
	client  *redis.Client
	program program
	random  *rand.Rand
	rules   protocol.Rules // of whoever asks now, and what they come to in the era
	within  protocol.Rules
	seed    uint64
	steps   int

	now     protocol.Millis
	history string
	era     string
	tags    []string // values; "" is missing
	names   string
	log     []string

	presence string
}

func newBoth(t *testing.T, client *redis.Client, seed uint64, p program) *both {
	t.Helper()
	client.FlushAll(t.Context())
	return &both{
		T: t, client: client, program: p, seed: seed, random: rand.New(rand.NewPCG(seed, 7)),
		rules: protocol.Rules{MaxLeases: testMaxLeases, Term: testTerm, Absence: testAbsence, MaxWriters: testMaxWriters},
		now:   1_700_000_000_000, history: historyA, tags: make([]string, 4),
	}
}

// namesRegister is the number of the register of names, which is no tag.
const namesRegister = 99

// presenceRegister is that of the registrations, likewise.
const presenceRegister = 98

// registers reports whether writers can register.
func (b *both) registers() bool { return b.program.register != nil }

// historyName is what the scripts call the history.
func (b *both) historyName() string {
	if b.registers() {
		return fmt.Sprintf("%s+%d", b.history, testAbsence)
	}
	return b.history
}

func (b *both) key(i int) string {
	switch {
	case i < 0:
		return fmt.Sprint("era", b.seed)
	case i == namesRegister:
		return fmt.Sprint("names", b.seed)
	case i == presenceRegister:
		return fmt.Sprint("presence", b.seed)
	}
	return fmt.Sprint("tag", b.seed, "-", i)
}

// step does one random operation, or something that happens to a server.
func (b *both) step() {
	b.steps++
	b.now += protocol.Millis([]int64{0, 1, 10, 400, 2500, 4999, 5000}[b.random.IntN(7)])
	subset := b.random.Perm(len(b.tags) - 1)[:1+b.random.IntN(len(b.tags)-1)]
	b.rules.Quarantine = []protocol.Millis{testQuarantine, testLonger}[b.random.IntN(8)/7]
	b.rules.LongestLease = b.rules.Quarantine
	kinds := 13
	if b.registers() {
		kinds = 19
	}
	switch b.random.IntN(kinds) {
	case 0, 1, 2, 3:
		b.check(subset)
	case 4, 5, 6:
		b.mark("begin", subset, 1+b.random.Int64N(int64(b.rules.Quarantine)))
	case 7, 8:
		b.mark("end", subset, 0)
	case 9:
		b.damage(b.random.IntN(len(b.tags)))
	case 10:
		b.history = []string{historyA, historyB}[b.random.IntN(2)]
	case 11:
		b.now -= protocol.Millis(b.random.IntN(3000)) // another server's clock
	case 12:
		b.declare()
	case 18:
		b.damagePresence()
	default:
		b.register()
	}
}

// damagePresence is damage to the registrations.
func (b *both) damagePresence() {
	h := b.historyName()
	values := []string{
		"", "x", h, h + " ", h + " w1", h + " w1:1:2 x", "other w1:1:2", h + " w1:1:9999999999999999",
		fmt.Sprintf("%s w1:%d:%d", h, b.now+9*testTerm, b.now+9*testAbsence), fmt.Sprintf("%s w1:%d:%d", h, b.now, b.now),
	}
	b.presence = values[b.random.IntN(len(values))]
	b.log = append(b.log, fmt.Sprintf("presence := %q", b.presence))
	if b.presence == "" {
		b.client.Del(b.Context(), b.key(presenceRegister))
	} else {
		b.client.Set(b.Context(), b.key(presenceRegister), b.presence, 0)
	}
}

// present is the part of a check that looks at registrations.
func (b *both) present(fresh string) bool {
	if !b.registers() {
		return true
	}
	next, settled, swept := b.rules.ObservePresence(protocol.ParsePresence(b.presence), b.historyName(), b.now)
	b.registered(next, swept, fresh)
	return settled
}

func (b *both) registered(next protocol.Presence, swept bool, fresh string) {
	b.presence = next.String()
	if swept {
		b.tags[0] = b.within.EndSchema(protocol.ParseTag(b.tags[0]), "", b.now, fresh).String()
	}
}

// register is what a writer asks, from any one of several, at any time, under
// one history or the other.
func (b *both) register() {
	fresh, writer := b.fresh(), fmt.Sprint("writer", b.random.IntN(5))
	lapses := []string{"", "0", fmt.Sprint(int64(b.now) - 1 + b.random.Int64N(2*testTerm))}[min(b.random.IntN(6), 2)]
	believed := b.historyName()
	if b.random.IntN(5) == 0 {
		believed = historyB
	}
	b.observeEra(fresh)
	p, result := protocol.ParsePresence(b.presence), "ok"
	var next protocol.Presence
	var swept bool
	switch at, _ := strconv.ParseInt(lapses, 10, 64); {
	case lapses == "" || believed != b.historyName():
		next, swept = b.rules.Withdraw(p, b.historyName(), "nobody", b.now)
		result = "not"
	case at == 0:
		next, swept = b.rules.Withdraw(p, b.historyName(), writer, b.now)
	default:
		var ok bool
		if next, swept, ok = b.rules.Register(p, b.historyName(), writer, protocol.Millis(at), b.now); !ok {
			result = "full"
			if protocol.Millis(at) <= b.now {
				result = "late"
			}
		}
	}
	b.registered(next, swept, fresh)
	want := fmt.Sprintf("%s %d %s", result, b.now, b.historyName())
	got := b.run(b.program.register, []int{0, presenceRegister}, writer, lapses, believed, testMaxWriters)
	b.agree(fmt.Sprintf("register %s %q %s", writer, lapses, believed), want, got)
}

// damage deletes a register or puts a foreign value in its place.
func (b *both) damage(i int) {
	values := []string{
		"", "", "x", "tok a", "tok a:1 b", "tok  a:1", "tok a:9999999999999999", " a:1", "tok a:999999999999999",
		fmt.Sprint("tok a:", int64(b.now)+1), fmt.Sprint("tok q:", int64(b.now)), "tok ", "tok a:-1", "\x00 \xff:12",
	}
	value := values[b.random.IntN(len(values))]
	era := b.random.IntN(3) == 0
	if era {
		h := strings.Replace(b.historyName(), historyB, historyA, 1)
		values = []string{
			"", h + " tok 0", h + " tok~6000 0", h + " tok~6000 9999999999999999", h + " tok~ 0", h + " ~7 0",
			h + " tok~999999999 5", "cccc tok~8000 0", h + " a~b~6000 5", h + " tok", h + " tok 99999999999999999",
			h + " tok 999999999999999", h + " to k 0", h + "  0", "  0", h + "  5", "cccc tok 0",
		}
		value, i = values[b.random.IntN(len(values))], -1
	}
	b.log = append(b.log, fmt.Sprintf("%s := %q", b.key(i), value))
	if value == "" {
		b.client.Del(b.Context(), b.key(i))
	} else {
		b.client.Set(b.Context(), b.key(i), value, 0)
	}
	if era {
		b.era = value
	} else {
		b.tags[i] = value
	}
}

// registers are the tags of one call: the schema, which is number 0, first.
func registers(subset []int) []int {
	r := []int{0}
	for _, i := range subset {
		r = append(r, i+1)
	}
	return r
}

// observeEra is what every script does first.
func (b *both) observeEra(fresh string) (protocol.Era, bool) {
	era, settled := b.rules.ObserveEra(protocol.ParseEra(b.era), b.historyName(), b.now, fresh)
	b.era, b.within = era.String(), b.rules.Within(era)
	return era, settled
}

func (b *both) fresh() string {
	return fmt.Sprintf("f%d.%d%d", b.steps, b.now/1000, b.now%1000*1000)
}

func (b *both) check(subset []int) {
	regs, fresh := registers(subset), b.fresh()
	era, settled := b.observeEra(fresh)
	settled = b.present(fresh) && settled
	tokens := era.Token
	for _, i := range regs {
		observe := b.within.Observe
		if i == 0 {
			observe = b.within.ObserveSchema
		}
		tag, ok := observe(protocol.ParseTag(b.tags[i]), b.now, fresh)
		b.tags[i], settled = tag.String(), settled && ok
		tokens += " " + tag.Token
	}
	want := "0 " + tokens
	if settled {
		want = "1 " + tokens
	}
	if b.registers() {
		regs = append(regs, presenceRegister)
	}
	b.agree(fmt.Sprint("check ", regs), want, b.run(b.program.check, regs))
}

func (b *both) mark(what string, subset []int, lease int64) {
	regs, fresh := registers(subset), b.fresh()
	writer := fmt.Sprint("writer", b.random.IntN(8))
	first := 2 + b.random.IntN(2)
	era, _ := b.observeEra(fresh)
	era = b.rules.BeginEra(era, protocol.Millis(lease), b.now, fresh)
	b.era = era.String()
	for n, i := range regs {
		tag := protocol.ParseTag(b.tags[i])
		switch {
		case n+2 < first:
			tag, _ = b.within.ObserveSchema(tag, b.now, fresh)
		case i == 0 && lease == 0:
			tag = b.within.EndSchema(tag, writer, b.now, fresh)
		case lease > 0:
			tag = b.within.Begin(tag, writer, protocol.Millis(lease), b.now, fresh)
		default:
			tag = b.within.End(tag, writer, b.now, fresh)
		}
		b.tags[i] = tag.String()
	}
	want := era.Token + " " + protocol.ParseTag(b.tags[0]).Token
	got := b.run(b.program.mark, regs, writer, lease, testMaxLeases, first)
	b.agree(fmt.Sprint(what, regs, writer, lease, first), want, got)
}

func (b *both) declare() {
	fresh := b.fresh()
	var names []string
	var argv []any
	for range b.random.IntN(3) {
		name := fmt.Sprint("column", b.random.IntN(5))
		names, argv = append(names, name), append(argv, name)
	}
	if b.random.IntN(6) == 0 {
		b.names = []string{
			"", "x", "tok a", "tok a:1 b", fmt.Sprint("tok column1:", int64(b.now)+9*testQuarantine),
			fmt.Sprint("tok !:", int64(b.now)+testQuarantine/2, " column1:1"),
		}[b.random.IntN(6)]
		b.client.Set(b.Context(), b.key(namesRegister), b.names, 0)
	}
	era, _ := b.observeEra(fresh)
	declared, schema := b.within.Declare(protocol.ParseTag(b.names), protocol.ParseTag(b.tags[0]), names, b.now, fresh)
	b.names, b.tags[0] = declared.String(), schema.String()
	want := fmt.Sprint(era.Token, " ", schema.Token, " ", int64(b.rules.Kept(declared, era, b.now)))
	for _, n := range declared.Leases {
		if n.Marker == "!" {
			continue
		}
		want += fmt.Sprintf(" %s:%d", n.Marker, max(n.Deadline-b.now, 0))
	}
	b.agree(fmt.Sprint("declare ", names), want, b.run(b.program.declare, []int{0, namesRegister}, append([]any{len(names)}, argv...)...))
}

func (b *both) run(sc *script, regs []int, argv ...any) string {
	keys := []string{b.key(-1)}
	for _, i := range regs {
		keys = append(keys, b.key(i))
	}
	args := append([]any{fmt.Sprint("f", b.steps), int64(b.rules.Quarantine), ""}, argv...)
	args = append(args, int64(b.now/1000), int64(b.now%1000*1000), "# Replication\r\nmaster_replid:"+b.history+"\r\n")
	got, err := b.client.Eval(context.Background(), given(sc.flagged.text.(string)), keys, args...).Text()
	if err != nil {
		b.Fatalf("seed %d: %v\n%s", b.seed, err, strings.Join(b.log, "\n"))
	}
	return got
}

// agree compares the answer, and all registers.
func (b *both) agree(op, want, got string) {
	b.Helper()
	b.log = append(b.log, fmt.Sprintf("%d %s -> %s", b.now, op, want))
	if got != want {
		b.Fatalf("seed %d: script answers %q, protocol %q\n%s", b.seed, got, want, strings.Join(b.log, "\n"))
	}
	if got := b.client.Get(b.Context(), b.key(presenceRegister)).Val(); got != b.presence {
		b.Fatalf("seed %d: registrations are %q, protocol says %q\n%s", b.seed, got, b.presence, strings.Join(b.log, "\n"))
	}
	if got := b.client.Get(b.Context(), b.key(namesRegister)).Val(); got != b.names {
		b.Fatalf("seed %d: names are %q, protocol says %q\n%s", b.seed, got, b.names, strings.Join(b.log, "\n"))
	}
	for i := -1; i < len(b.tags); i++ {
		want := b.era
		if i >= 0 {
			want = b.tags[i]
		}
		if got := b.client.Get(b.Context(), b.key(i)).Val(); got != want {
			b.Fatalf("seed %d: %s is %q, protocol says %q\n%s", b.seed, b.key(i), got, want, strings.Join(b.log, "\n"))
		}
	}
}
