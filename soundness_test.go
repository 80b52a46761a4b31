package cachedsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedmysql"
	"github.com/cachedsql/cachedsql/cachedpg"
)

// A step is one read compared: through the cache and without it. By default
// each database gets soundnessSteps, or as many as soundnessTime allows;
// CACHEDSQL_SOUNDNESS_STEPS asks for another number, whatever time it takes,
// CACHEDSQL_SOUNDNESS_TIME for as many as that allows, and
// CACHEDSQL_SOUNDNESS_SEED repeats a run. With the race detector a step takes
// many times as long; what it can find it finds in the first few.
const (
	soundnessSteps     = 20_000
	soundnessRaceSteps = 2_000
	soundnessTime      = 90 * time.Second
)

// Reads compared after each write, writes until other reads are chosen, and
// such rounds until the next schema.
const (
	readsPerRound   = 40
	writesPerRound  = 15
	roundsPerSchema = 6
)

// soundnessReaders read at the same time.
const soundnessReaders = 4

func TestNoReadDiffersFromTheDatabaseAfterAnyWrite(t *testing.T) {
	t.Parallel()
	steps, deadline := soundnessSteps, time.Now().Add(soundnessTime)
	if raceDetector {
		steps = soundnessRaceSteps
	}
	if testing.Short() {
		deadline = time.Now().Add(soundnessTime / 10)
	}
	if text := os.Getenv("CACHEDSQL_SOUNDNESS_STEPS"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		steps, deadline = n, time.Now().Add(1000*time.Hour)
	}
	if text := os.Getenv("CACHEDSQL_SOUNDNESS_TIME"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		deadline = time.Now().Add(d)
	}
	for _, srv := range servers(t) {
		t.Run(srv.name, func(t *testing.T) {
			t.Parallel()
			s := newSoundness(t, srv, soundnessSeed(t))
			s.run(steps, deadline)
			t.Logf("%d steps, %d of them hits, %d writes; %v", s.steps, s.hits(), s.writes, s.outcomes())
			if s.diff != "" {
				t.Fatal(s.diff)
			}
			if s.hits() < s.steps/20 {
				t.Errorf("%d hits in %d steps: too few to show anything", s.hits(), s.steps)
			}
		})
	}
}

func soundnessSeed(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("CACHEDSQL_SOUNDNESS_SEED")
	if text == "" {
		return rand.Uint64()
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return seed
}

// soundness compares a database through the cache with itself.
type soundness struct {
	soundnessGen
	t      testing.TB
	seed   uint64
	cached *sql.DB
	bare   []*sql.Conn // one for each reader
	cache  *cachedsql.Cache
	schema []string
	steps  int
	writes int
	diff   string // the first difference found
}

func newSoundness(t testing.TB, srv server, seed uint64) *soundness {
	t.Helper()
	tt := t.(*testing.T)
	connector := srv.connector(tt)
	if srv.dialect == cachedsql.SQLite {
		connector = named{&sqlite.Driver{}, filepath.Join(t.TempDir(), "sound.db") +
			"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(OFF)&_pragma=foreign_keys(1)"}
	}
	return newSoundnessOn(t, connector, srv.dialect, seed)
}

func newSoundnessOn(t testing.TB, connector driver.Connector, d cachedsql.Dialect, seed uint64) *soundness {
	t.Helper()
	s := &soundness{t: t, seed: seed, soundnessGen: soundnessGen{Rand: rand.New(rand.NewPCG(seed, 1)), dialect: d}}
	rules, err := cachedsql.ParseRules("rules", []byte(soundnessRules))
	if err != nil {
		t.Fatal(err)
	}
	if s.cache, err = cachedsql.New(cachedsql.Config{Rules: rules, Adapter: soundnessAdapter(d)}); err != nil {
		t.Fatal(err)
	}
	bare := sql.OpenDB(connector)
	s.cached = s.cache.OpenDB(connector)
	s.cached.SetMaxIdleConns(soundnessReaders)
	t.Cleanup(func() {
		s.cached.Close()
		bare.Close()
		s.cache.Close()
	})
	for range soundnessReaders {
		c, err := bare.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if d == cachedsql.Postgres { // planning takes longer than executing
			if _, err := c.ExecContext(t.Context(), "SET plan_cache_mode = force_generic_plan"); err != nil {
				t.Fatal(err)
			}
		}
		s.bare = append(s.bare, c)
	}
	return s
}

// soundnessAdapter knows that a write that failed is over: many do.
func soundnessAdapter(d cachedsql.Dialect) cachedsql.Adapter {
	switch d {
	case cachedsql.Postgres:
		return cachedpg.Adapter(nil)
	case cachedsql.MySQL:
		return cachedmysql.Adapter(nil)
	}
	return cachedsql.Adapter{Definite: func(error) bool { return true }}
}

func (s *soundness) hits() int { return int(s.cache.Stats().Hits) }

func (s *soundness) outcomes() string { return fmt.Sprintf("%+v", s.cache.Stats()) }

// run compares until there is a difference, steps are done or time is up.
func (s *soundness) run(steps int, deadline time.Time) {
	done := func() bool { return s.diff != "" || s.steps >= steps || time.Now().After(deadline) }
	for !done() {
		s.newSchema()
		for range roundsPerSchema {
			s.round(done)
		}
	}
}

// newSchema makes the tables anew, through the cache like everything else.
func (s *soundness) newSchema() {
	s.t.Helper()
	s.schema = nil
	for _, kind := range []string{"VIEW v_kv", "VIEW v_big", "VIEW v_orders", "TABLE items", "TABLE orders", "TABLE customers", "TABLE kv", "TABLE totals"} {
		words := strings.Fields(kind)
		s.ddl("DROP " + words[0] + " IF EXISTS " + words[1])
	}
	for _, text := range soundnessDrops[s.dialect] {
		s.ddl(text)
	}
	orderID := "INTEGER"
	for _, text := range slices.Concat(soundnessTables, soundnessTriggers[s.dialect]) {
		text = s.choose(text)
		if strings.HasPrefix(text, "CREATE TABLE orders (id BIGINT") && s.dialect == cachedsql.MySQL {
			orderID = "BIGINT" // a foreign key's columns have one type there
		}
		text = soundnessTypes(s.dialect, text, orderID)
		s.schema = append(s.schema, text)
		s.ddl(text)
	}
	for _, text := range soundnessRows {
		s.ddl(text)
	}
}

func (s *soundness) ddl(text string) {
	s.t.Helper()
	if _, err := s.cached.Exec(text); err != nil {
		s.t.Fatalf("%s: %v", text, err)
	}
}

// round makes reads and compares all of them after each of some writes.
func (s *soundness) round(done func() bool) {
	templates := slices.Concat(soundnessReads, soundnessDialectReads[s.dialect], soundnessDialectReads[s.dialect])
	reads := make([]*soundnessRead, readsPerRound)
	for i := range reads {
		reads[i] = &soundnessRead{statement: s.make(s.template(templates)), way: soundnessWays[s.IntN(len(soundnessWays))]}
		defer reads[i].close()
	}
	before := []string{"(the rows of the schema, or a write of an earlier round)"}
	for range writesPerRound {
		if s.compareAll(reads, before); done() {
			return
		}
		before = s.write()
	}
}

// compareAll compares reads, several at a time: nothing is written meanwhile,
// and most of a read's time is a round trip.
func (s *soundness) compareAll(reads []*soundnessRead, writes []string) {
	diffs := make([]string, len(reads))
	var readers sync.WaitGroup
	for n, bare := range s.bare {
		readers.Go(func() {
			for i := n; i < len(reads); i += len(s.bare) {
				diffs[i] = s.compare(bare, reads[i])
			}
		})
	}
	readers.Wait()
	s.steps += len(reads)
	if i := slices.IndexFunc(diffs, func(d string) bool { return d != "" }); i >= 0 {
		s.diff = fmt.Sprintf("seed %d, step %d: %s\nafter:\n%s\nschema:\n%s", s.seed, s.steps,
			diffs[i], strings.Join(writes, "\n"), strings.Join(s.schema, "\n"))
	}
}

// The ways in which programs send a read.
type soundnessWay int

const (
	plain    soundnessWay = iota
	prepared              // and closed after it
	kept                  // prepared once and executed after every write
)

var soundnessWays = []soundnessWay{plain, plain, plain, plain, plain, plain, kept, prepared}

type soundnessRead struct {
	statement
	way   soundnessWay
	fails bool // did, the last time

	// Prepared when first needed.
	bareStmt, cachedStmt *sql.Stmt
}

func (r *soundnessRead) close() {
	for _, st := range []*sql.Stmt{r.bareStmt, r.cachedStmt} {
		if st != nil {
			_ = st.Close() // all of it has been read
		}
	}
}

// compare reads twice through the cache and once without it, and returns the
// difference.
func (s *soundness) compare(bare soundnessHandle, r *soundnessRead) string {
	want := s.read(bare, r)
	for range 2 {
		got := s.read(s.cached, r)
		if got != want && r.fails { // each was tried once only
			r.fails = false
			want, got = s.read(bare, r), s.read(s.cached, r)
		}
		if got != want {
			return fmt.Sprintf("%s\ncached:\n%s\ndatabase:\n%s", r, got, want)
		}
	}
	r.fails = want == failed
	return ""
}

// read returns the rows as a text. Where the schema is another than when a
// connection prepared the statement, pgx fails once, so it tries once more than
// there are connections. What fails after one write mostly fails after the
// next, and is tried once.
func (s *soundness) read(db soundnessHandle, r *soundnessRead) string {
	answer := s.readOnce(db, r)
	for range soundnessReaders {
		if answer != failed || r.fails {
			break
		}
		answer = s.readOnce(db, r)
	}
	return answer
}

const failed = "error"

func (s *soundness) readOnce(db soundnessHandle, r *soundnessRead) string {
	ctx := context.Background()
	query := func() (*sql.Rows, error) { return db.QueryContext(ctx, r.text, r.args...) }
	if s.prepares(db, r) {
		st, closeIt, err := s.statement(db, r)
		if err != nil {
			return failed
		}
		defer closeIt()
		query = func() (*sql.Rows, error) { return st.QueryContext(ctx, r.args...) }
	}
	rows, err := query()
	if err != nil {
		return failed
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return failed
	}
	values, dests := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		dests[i] = &values[i]
	}
	lines := []string{}
	for rows.Next() {
		if err := rows.Scan(dests...); err != nil {
			return failed
		}
		lines = append(lines, fmt.Sprintf("%q", values))
	}
	if rows.Err() != nil {
		return failed
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// prepares reports whether a read has a statement. The database's own answer
// has one wherever there are arguments: it is executed in one round trip.
func (s *soundness) prepares(db soundnessHandle, r *soundnessRead) bool {
	return r.way != plain || db != s.cached && len(r.args) != 0
}

// statement returns a read's statement and what is to be done after it.
func (s *soundness) statement(db soundnessHandle, r *soundnessRead) (st *sql.Stmt, closeIt func(), err error) {
	keep := &r.bareStmt
	if db == s.cached {
		keep = &r.cachedStmt
	}
	if r.way == prepared && db == s.cached {
		st, err = db.PrepareContext(context.Background(), r.text)
		return st, func() { _ = st.Close() }, err // all of it has been read
	}
	if *keep == nil {
		*keep, err = db.PrepareContext(context.Background(), r.text)
	}
	return *keep, func() {}, err
}

// write runs a write, or a transaction of some, and returns what it ran.
func (s *soundness) write() []string {
	templates := slices.Concat(soundnessWrites, soundnessDialectWrites[s.dialect])
	s.writes++
	if s.IntN(5) > 0 {
		return []string{s.exec(s.cached, s.make(s.template(templates)))}
	}
	tx, err := s.cached.BeginTx(context.Background(), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	ran := []string{"BEGIN"}
	for range 1 + s.IntN(3) {
		ran = append(ran, s.exec(tx, s.make(s.template(templates))))
	}
	if s.IntN(4) == 0 {
		return append(ran, fmt.Sprint("ROLLBACK ", tx.Rollback()))
	}
	return append(ran, fmt.Sprint("COMMIT ", tx.Commit()))
}

type soundnessHandle interface {
	PrepareContext(context.Context, string) (*sql.Stmt, error)
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}

// exec runs a write by either method, as ORMs do. Many fail: on a duplicate
// key, for example.
func (s *soundness) exec(db soundnessHandle, w statement) string {
	if s.IntN(4) > 0 && !strings.Contains(w.text, "RETURNING") {
		_, err := db.ExecContext(context.Background(), w.text, w.args...)
		return fmt.Sprint(w, " -- ", err)
	}
	rows, err := db.QueryContext(context.Background(), w.text, w.args...)
	if err != nil {
		return fmt.Sprint(w, " -- ", err)
	}
	for rows.Next() {
	}
	defer rows.Close()
	return fmt.Sprint(w, " -- ", rows.Err())
}
