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
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedmysql"
	"github.com/cachedsql/cachedsql/cachedpg"
)

// A step is one read compared: through the cache and without it. By default
// each database gets soundnessSteps, or as many as soundnessTime allows;
// CACHEDSQL_SOUNDNESS_STEPS asks for another number, whatever it takes,
// CACHEDSQL_SOUNDNESS_TIME for as many as that allows, and
// CACHEDSQL_SOUNDNESS_SEED repeats a run.
const (
	soundnessSteps = 20_000
	soundnessTime  = 30 * time.Second
)

// Reads compared after each write, writes until other reads are chosen, and
// such rounds until the next schema.
const (
	readsPerRound   = 40
	writesPerRound  = 15
	roundsPerSchema = 6
)

func TestNoReadDiffersFromTheDatabaseAfterAnyWrite(t *testing.T) {
	t.Parallel()
	steps, deadline := soundnessSteps, time.Now().Add(soundnessTime)
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
	t            testing.TB
	seed         uint64
	cached, bare *sql.DB
	cache        *cachedsql.Cache
	schema       []string
	steps        int
	writes       int
	diff         string // the first difference found
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
	s.cached, s.bare = s.cache.OpenDB(connector), sql.OpenDB(connector)
	t.Cleanup(func() {
		s.cached.Close()
		s.bare.Close()
		s.cache.Close()
	})
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
	reads := make([]soundnessRead, readsPerRound)
	for i := range reads {
		reads[i] = soundnessRead{s.make(s.template(templates)), s.IntN(4) == 0}
	}
	before := []string{"(the rows of the schema, or a write of an earlier round)"}
	for range writesPerRound {
		for _, r := range reads {
			if s.compare(r, before); done() {
				return
			}
		}
		before = s.write()
	}
}

type soundnessRead struct {
	statement
	prepared bool
}

// compare reads twice through the cache and once without it.
func (s *soundness) compare(r soundnessRead, writes []string) {
	s.steps++
	want := s.read(s.bare, r)
	for range 2 {
		got := s.read(s.cached, r)
		if got != want && s.diff == "" {
			s.diff = fmt.Sprintf("seed %d, step %d: %s\ncached:\n%s\ndatabase:\n%s\nafter:\n%s\nschema:\n%s", s.seed, s.steps,
				r, got, want, strings.Join(writes, "\n"), strings.Join(s.schema, "\n"))
		}
	}
}

// read returns the rows as a text. It tries twice: where the schema is another
// than when a connection prepared the statement, pgx fails once.
func (s *soundness) read(db *sql.DB, r soundnessRead) string {
	if answer := s.readOnce(db, r); answer != failed {
		return answer
	}
	return s.readOnce(db, r)
}

const failed = "error"

func (s *soundness) readOnce(db *sql.DB, r soundnessRead) string {
	query := func() (*sql.Rows, error) { return db.Query(r.text, r.args...) }
	if r.prepared {
		prepared, err := db.Prepare(r.text)
		if err != nil {
			return failed
		}
		defer func() { _ = prepared.Close() }() // all of it has been read
		query = func() (*sql.Rows, error) { return prepared.Query(r.args...) }
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
