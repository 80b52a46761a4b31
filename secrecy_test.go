package cachedsql_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
	"github.com/cachedsql/cachedsql/internal/testredis"
	"github.com/cachedsql/cachedsql/redisstore"
)

// What a program asks about is nobody's business but the database's and its
// own. Every argument and literal of these tests has one of these in it.
const (
	secretText   = "hushhushhush"
	secretNumber = "746500123"
)

// secretForms are what the secrets look like in what may be written.
var secretForms = func() (forms []string) {
	forms = append(forms, secretText, secretNumber, hex.EncodeToString([]byte(secretText[:8])))
	for skip := range 3 { // base64, wherever in it the text begins
		text := base64.StdEncoding.EncodeToString([]byte("xxx"[:skip] + secretText[:9]))
		forms = append(forms, text[4:12])
	}
	return forms
}()

// wantSecrecy looks for the secrets in something that was written.
func wantSecrecy(t testing.TB, where, text string) {
	t.Helper()
	lower := strings.ToLower(text)
	for _, form := range secretForms {
		if i := strings.Index(lower, strings.ToLower(form)); i >= 0 {
			t.Errorf("%s has %q in it: ...%q...", where, form, text[max(i-200, 0):min(i+200, len(text))])
			return
		}
	}
}

// secrecyRules send statements on every road there is: stored, kept near,
// waited for, served stale, compared, declared by value, not selected.
const secrecyRules = `version: 1
tables:
  people: {dimensions: [name]}
rules:
  - {name: off, tables_any: [shut], ttl: 0}
  - {name: stale, query_names: [Stale], ttl: 1ms, stale_while_revalidate: 1h, jitter: 0}
  - {name: verified, query_names: [Verified], ttl: 1h, verify: 100%}
  - {name: small, query_names: [Small], ttl: 1h, max_rows: 1}
  - {name: people, tables: [people], ttl: 1h, near: push, fill_wait: 10ms, refresh_ahead: 1}
`

// secretive is a database and a Redis, and all that is written about it.
type secretive struct {
	*shop
	redis  *testredis.Server
	store  *redisstore.Store
	log    lockedBuffer
	events lockedBuffer
}

// lockedBuffer is written to by many.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func newSecretive(t *testing.T, srv server, change func(*cachedsql.Config), redisArgs ...string) *secretive {
	t.Helper()
	s := &secretive{shop: &shop{T: t, dialect: srv.dialect, inner: srv.connector(t)}}
	s.redis = testredis.Start(t, append([]string{"--slowlog-log-slower-than", "0", "--slowlog-max-len", "100000"}, redisArgs...)...)
	store, err := redisstore.Open(s.redis.URL(), redisstore.Config{Quarantine: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	s.store = store
	s.cache, s.rec = cachedsqltest.New(t, secrecyRules, func(c *cachedsql.Config) {
		c.Adapter, c.Store, c.Lease, c.LookupTimeout = srv.adapter, store, 50*time.Millisecond, 5*time.Second
		c.NearBytes, c.ReportInterval, c.FenceInterval = 1<<20, 100*time.Millisecond, time.Millisecond
		c.EntryKeys = []cachedsql.EntryKey{entryKey(t, 1)}
		c.Logger = slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.OnEvent = func(e cachedsql.Event) {
			e.Context = nil
			fmt.Fprintf(&s.events, "%+v\n", e)
		}
		if change != nil {
			change(c)
		}
	})
	s.db = s.cache.OpenDB(s.inner)
	s.db.SetMaxIdleConns(0) // what one statement has done to the session is none of the next one's business
	s.bare = sql.OpenDB(s.inner)
	t.Cleanup(func() { s.db.Close(); s.bare.Close() })
	for _, text := range []string{
		"CREATE TABLE people (id BIGINT PRIMARY KEY, name VARCHAR(100), born VARCHAR(100))", "CREATE UNIQUE INDEX by_name ON people (name)",
		"CREATE TABLE shut (id BIGINT PRIMARY KEY, name VARCHAR(100))",
	} {
		s.exec(text)
	}
	return s
}

// settle waits until results of the tables are stored again.
func (s *secretive) settle() {
	s.Helper()
	const text = "SELECT count(*) FROM people"
	eventually(s.T, "a hit", func() bool {
		s.say(s.db, text)
		did := s.rec.LastRead()
		return did == "hit" || did == "near_hit"
	})
}

// say runs a statement as a program would that does not mind how it ends.
func (s *secretive) say(on execer, text string, args ...any) {
	rows, err := on.QueryContext(s.Context(), s.sql(text), args...)
	if err != nil {
		return
	}
	defer rows.Close()
	for rows.Next() {
	}
	_ = rows.Err()
}

// statements have the secrets in every place where a text can have a value.
func (s *secretive) statements() []string {
	texts := []string{
		"SELECT born FROM people WHERE name = 'hushhushhush'",
		"SELECT born FROM people WHERE id = 746500123 AND name <> 'it''s hushhushhush'",
		"SELECT born FROM people WHERE id IN (746500123, 7465001231, 7465001232) OR name IN ('hushhushhush', 'hushhushhush2')",
		"SELECT 'hushhushhush' AS a, name FROM people WHERE id > -746500123.5e1",
		"SELECT name FROM people WHERE name LIKE '%hushhushhush%' LIMIT 746500123",
		"SELECT born /* hushhushhush */ FROM people -- hushhushhush",
		"/* user=hushhushhush */ SELECT born FROM people WHERE id = 746500123",
		"-- name: Small :many\nSELECT name FROM people WHERE name <> 'hushhushhush'",
		"SELECT name FROM shut WHERE name = 'hushhushhush'",
		"SELECT now(), name FROM people WHERE name = 'hushhushhush'",
		"SELECT nofunction('hushhushhush') FROM people",
		"SELECT name FROM nowhere WHERE name = 'hushhushhush'",
		"SELECT name FROM people WHERE name = 'hushhushhush' FOR UPDATE",
		"SELECT name FROM people WHERE name = CAST('hushhushhush' AS CHAR(20))",
		"WITH p AS (SELECT name FROM people WHERE name = 'hushhushhush') SELECT name FROM p",
		"SELECT name FROM people WHERE id = 746500123 UNION ALL SELECT 'hushhushhush'",
		"INSERT INTO people VALUES (746500123, 'hushhushhush', 'hushhushhush')",
		"INSERT INTO people VALUES (7465001234, 'hushhushhush4', '1'), (7465001235, 'hushhushhush5', '2')",
		"INSERT INTO people VALUES (746500123, 'hushhushhush', 'again')", // the database quotes it
		"UPDATE people SET born = 'hushhushhush' WHERE name = 'hushhushhush'",
		"UPDATE people SET name = 'hushhushhush4' WHERE id = 746500123",
		"DELETE FROM people WHERE name = 'hushhushhush5'",
		"SELECT count(*) FROM people",
		// What no parser reads.
		"SELECT born FROM people WHERE name = 'hushhushhush",
		"SELEKT 'hushhushhush', 746500123 FROM people",
		"SELECT born FROM people WHERE name = 'hushhushhush' \x00 AND 1 = 1",
		"SELECT born FROM people WHERE name IN ('" + strings.Repeat("hushhushhush', '", 4500) + "')",
		"INSERT INTO people VALUES " + strings.Repeat("(746500123, 'hushhushhush', 'x'), ", 2000) + "(1, 'hushhushhush', 'x')",
		"SELECT " + strings.Repeat("(", 300) + "'hushhushhush'" + strings.Repeat(")", 300) + " FROM people",
		"SELECT 1; SELECT 'hushhushhush'",
		"EXPLAIN SELECT born FROM people WHERE name = 'hushhushhush'",
		"SELECT born FROM people WHERE name = 'hushhushhush' AND id = 'hushhushhush'",
	}
	switch s.dialect {
	case cachedsql.Postgres:
		texts = append(texts,
			"SELECT born FROM people WHERE name = $$hushhushhush$$ OR name = $x$hushhushhush$x$",
			`SELECT born FROM people WHERE name = E'hush\u0068ushhush' OR name = U&'hushhushhush' OR name = N'hushhushhush'`,
			"SELECT born FROM people WHERE name = ANY('{hushhushhush,746500123}'::text[]) OR name = ANY(ARRAY['hushhushhush'])",
			"SELECT jsonb_path_query('{\"hushhushhush\": 746500123}', '$.hushhushhush'), name FROM people",
			"INSERT INTO people VALUES (7465001237, 'hushhushhush7', 'x') ON CONFLICT (id) DO UPDATE SET name = 'hushhushhush8' RETURNING name",
			"SELECT name FROM people WHERE id = 'hushhushhush'::int", // invalid input syntax, quoted
			"SET application_name = 'hushhushhush'", "SELECT set_config('app.user', 'hushhushhush', false)",
			"SET application_name TO 'hushhushhush'", "RESET ALL",
			"SELECT name FROM people WHERE name = current_setting('hushhushhush.x', true)",
			"SELECT timestamptz 'hushhushhush', name FROM people", "NOTIFY ch, 'hushhushhush'", "COPY people FROM '/hushhushhush'",
			"PREPARE p AS SELECT born FROM people WHERE name = 'hushhushhush'", "EXECUTE p('hushhushhush')", "DO $$ BEGIN PERFORM 'hushhushhush'; END $$",
			"COMMENT ON TABLE people IS 'hushhushhush'", "CREATE TABLE d (a TEXT DEFAULT 'hushhushhush')", "CREATE ROLE r1 PASSWORD 'hushhushhush'",
		)
	case cachedsql.MySQL:
		texts = append(texts,
			`SELECT born FROM people WHERE name = "hushhushhush" OR name = N'hushhushhush' OR name = _utf8mb4'hushhushhush' OR name = "it\"hushhushhush"`,
			"SELECT born FROM people WHERE name = 0x"+hex.EncodeToString([]byte(secretText))+" OR name = x'"+hex.EncodeToString([]byte(secretText))+"'",
			"INSERT INTO people VALUES (7465001237, 'hushhushhush7', 'x') ON DUPLICATE KEY UPDATE name = 'hushhushhush8'",
			"SET @a = 'hushhushhush'", "SELECT @a, name FROM people", "SET NAMES utf8mb4", "SELECT /*! 'hushhushhush', */ name FROM people",
			"SELECT name FROM people WHERE MATCH (name) AGAINST ('hushhushhush')", "CREATE TABLE d (a VARCHAR(50) DEFAULT 'hushhushhush')",
			"DO 'hushhushhush'", "CALL nothing('hushhushhush')", "SELECT SLEEP(0), 'hushhushhush' FROM people # hushhushhush",
			"SET PASSWORD FOR nobody = PASSWORD('hushhushhush')", "PREPARE p FROM 'SELECT ''hushhushhush'''", "KILL 746500123",
		)
	default:
		texts = append(texts, `SELECT born FROM people WHERE name = x'68757368687573686875736868'`, "PRAGMA hushed = 'hushhushhush'")
	}
	return texts
}

// runAll says everything, by text and by arguments.
func (s *secretive) runAll() {
	s.Helper()
	for _, text := range s.statements() {
		s.say(s.db, text)
	}
	for range 2 {
		s.withArguments()
		s.settle()
	}
}

// withArguments has the secrets in arguments of every kind.
func (s *secretive) withArguments() {
	const id, name = 746500123, secretText
	s.say(s.db, "SELECT born FROM people WHERE name = ?", name)
	s.say(s.db, "SELECT born FROM people WHERE id = ?", id)
	s.say(s.db, "SELECT born FROM people WHERE name = ? AND id < ?", []byte(name), 7465001230.5)
	s.say(s.db, "SELECT born FROM people WHERE name = ?", sql.NullString{String: name, Valid: true})
	s.say(s.db, "SELECT born FROM people WHERE name = ?", sql.Named("hushhushhush", name))
	s.say(s.db, "SELECT born FROM people WHERE id = ?", name)       // refused by the database or the driver
	s.say(s.db, "SELECT born FROM people WHERE id = ?", struct{}{}) // by database/sql
	s.say(s.db, "SELECT born FROM people WHERE id = ?", name, name)
	s.say(s.db, "-- name: Verified :many\nSELECT born FROM people WHERE name = ?", name)
	s.say(s.db, "INSERT INTO people VALUES (?, ?, ?)", id+1, name+"x", name)
	s.say(s.db, "INSERT INTO people VALUES (?, ?, ?)", id+1, name+"x", name)
	s.say(s.db, "UPDATE people SET born = ? WHERE name = ?", name, name+"x")
	s.say(s.db, "DELETE FROM people WHERE name = ?", name+"x")
	if stmt, err := s.db.PrepareContext(s.Context(), s.sql("SELECT born FROM people WHERE name = ?")); err == nil {
		for range 3 {
			if rows, err := stmt.QueryContext(s.Context(), name); err == nil {
				rows.Close()
			}
		}
		stmt.Close()
	}
	if tx, err := s.db.BeginTx(s.Context(), nil); err == nil {
		s.say(tx, "UPDATE people SET born = ? WHERE name = ?", name, name)
		s.say(tx, "SELECT born FROM people WHERE name = ?", name)
		_ = tx.Commit()
	}
	_, _ = s.cache.Explain(s.Context(), s.db, s.sql("SELECT born FROM people WHERE name = ?"), name)
	_ = s.cache.Invalidate(s.Context(), "people")
}

// wantSecrecyEverywhere looks into all that was written so far.
func (s *secretive) wantSecrecyEverywhere() {
	s.Helper()
	cachedsqltest.Wait(s, s.cache)
	eventually(s.T, "a report", func() bool {
		all, err := s.store.Inspector().Reports(s.Context())
		return err == nil && len(all.All) > 0 && len(all.All[0].Queries) > 5
	})
	wantSecrecy(s, "the log", s.log.String())
	wantSecrecy(s, "an event", s.events.String())
	s.wantSecrecyIn("statistics", s.cache.Stats(), nil)
	s.wantSecrecyIn("queries", s.cache.Queries(), nil)
	s.wantSecrecyIn("rules' queries", s.cache.QueriesByRule(), nil)
	s.wantSecrecyIn("tables", s.cache.Tables(), nil)
	reports, err := s.store.Inspector().Reports(s.Context())
	s.wantSecrecyIn("reports", reports, err)
	events, err := s.store.Inspector().Events(s.Context(), "", 1000)
	s.wantSecrecyIn("stream", events, err)
	for _, text := range s.statements() {
		s.wantSecrecyIn("what is explained", cachedsql.Explain(s.dialect, text), nil)
		e, err := s.cache.Explain(s.Context(), s.db, text)
		s.wantSecrecyIn("what is explained", e, nil)
		wantSecrecy(s, "an error of Explain", fmt.Sprint(err))
	}
	s.wantSecrecyInRedis()
}

func (s *secretive) wantSecrecyIn(where string, v any, err error) {
	s.Helper()
	if err != nil {
		s.Fatalf("%s: %v", where, err)
	}
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	if err := out.Encode(v); err != nil {
		s.Fatalf("%s: %v", where, err)
	}
	wantSecrecy(s, where, text.String())
}

// wantSecrecyInRedis looks into every key and value, and into every command
// that Redis has been sent.
func (s *secretive) wantSecrecyInRedis() {
	s.Helper()
	client := s.redis.Client(s)
	keys, entries := client.Scan(s.Context(), 0, "*", 1000).Iterator(), 0
	for keys.Next(s.Context()) {
		key := keys.Val()
		wantSecrecy(s, "a key", key)
		wantSecrecy(s, "the value of "+key, everythingAt(s, client, key))
		if strings.Contains(key, ":e2:") {
			entries++
		}
	}
	if err := keys.Err(); err != nil || entries == 0 {
		s.Fatalf("%d entries, %v: nothing was looked at", entries, err)
	}
	commands, err := client.Do(s.Context(), "slowlog", "get", "-1").Result()
	if err != nil {
		s.Fatal(err)
	}
	wantSecrecy(s, "a command", fmt.Sprint(commands))
}

// everythingAt is the value of a key of any type.
func everythingAt(t testing.TB, client *redis.Client, key string) string {
	t.Helper()
	ctx := context.Background()
	kind, err := client.Type(ctx, key).Result()
	if err != nil {
		t.Fatal(err)
	}
	read := map[string][]any{
		"string": {"get", key}, "hash": {"hgetall", key}, "list": {"lrange", key, 0, -1}, "set": {"smembers", key},
		"zset": {"zrange", key, 0, -1}, "stream": {"xrange", key, "-", "+"}, "none": {"exists", key},
	}[kind]
	if read == nil {
		t.Fatalf("%s is a %s", key, kind)
	}
	value, err := client.Do(ctx, read...).Result()
	if err != nil && err != redis.Nil { //nolint:errorlint // go-redis returns it as it is
		t.Fatal(err)
	}
	return fmt.Sprint(value)
}

// The test can fail: what is not encrypted is found.
func TestSecretsAreFoundWhereTheyAre(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"a HUSHhushhush b", "n=746500123", fmt.Sprintf("%x", "a "+secretText), base64.StdEncoding.EncodeToString([]byte(secretText)),
		base64.RawURLEncoding.EncodeToString([]byte("1" + secretText)), base64.StdEncoding.EncodeToString([]byte("12" + secretText + "3")),
	} {
		var found recordedFailure
		wantSecrecy(&found, "it", text)
		if !found.failed {
			t.Errorf("%q is not found", text)
		}
	}
}

type recordedFailure struct {
	testing.TB
	failed bool
}

func (r *recordedFailure) Helper()               {}
func (r *recordedFailure) Errorf(string, ...any) { r.failed = true }

func TestArgumentsAndLiteralsAreNowhereButInTheDatabase(t *testing.T) {
	t.Parallel()
	for _, srv := range servers(t) {
		t.Run(srv.name, func(t *testing.T) {
			t.Parallel()
			s := newSecretive(t, srv, nil)
			s.settle()
			s.runAll()
			s.failToRevalidate()
			s.damage()
			s.runAll()
			s.goPast()
			s.wantSecrecyEverywhere()
			s.redis.Kill()
			s.runAllInOutage()
			wantSecrecy(s, "the log", s.log.String())
			wantSecrecy(s, "an event", s.events.String())
		})
	}
}

// failToRevalidate has a result computed anew that the database now refuses,
// with the row in its words.
func (s *secretive) failToRevalidate() {
	s.Helper()
	if s.dialect != cachedsql.Postgres {
		return
	}
	const text = "-- name: Stale :many\nSELECT born::int FROM people WHERE id = ?"
	const id = 746500123777
	if _, err := s.bare.Exec("INSERT INTO people VALUES ($1, 'stale', '5')", id); err != nil {
		s.Fatal(err)
	}
	failed := func() bool {
		for _, e := range s.rec.Events() {
			if e.Rule == "stale" && e.Outcome == cachedsql.NotFilled && e.Err != nil {
				return true
			}
		}
		return false
	}
	eventually(s.T, "a stale hit", func() bool {
		s.say(s.db, text, id)
		return s.rec.Count(cachedsql.StaleHit) > 0
	})
	if _, err := s.bare.Exec("UPDATE people SET born = 'hushhushhush' WHERE id = $1", id); err != nil {
		s.Fatal(err)
	}
	eventually(s.T, "it is not computed anew", func() bool { s.say(s.db, text, id); return failed() })
}

// damage changes all entries.
func (s *secretive) damage() {
	s.Helper()
	client := s.redis.Client(s)
	keys, err := client.Keys(s.Context(), "*:e2:*").Result()
	if err != nil {
		s.Fatal(err)
	}
	for i, key := range keys {
		value := any("css" + strings.Repeat("x", i%50))
		if i%2 == 0 {
			value = "csq\x02"
		}
		if err := client.Set(s.Context(), key, value, time.Minute).Err(); err != nil {
			s.Fatal(err)
		}
	}
}

// goPast changes what is compared past the driver, so that a difference is
// told.
func (s *secretive) goPast() {
	s.Helper()
	const text = "-- name: Verified :many\nSELECT born FROM people WHERE name = ?"
	s.say(s.db, "INSERT INTO people VALUES (?, ?, ?)", 7465001239, secretText+"9", secretText)
	eventually(s.T, "a check", func() bool { s.say(s.db, text, secretText+"9"); return s.rec.LastRead() == "checked" })
	eventually(s.T, "a difference", func() bool {
		_, err := s.bare.Exec(s.sql("UPDATE people SET born = ? WHERE name = ?"), fmt.Sprint(secretText, time.Now()), secretText+"9")
		s.say(s.db, text, secretText+"9")
		cachedsqltest.Wait(s, s.cache)
		return err == nil && s.cache.Stats().Different > 0
	})
}

func (s *secretive) runAllInOutage() {
	for _, text := range s.statements()[:20] {
		s.say(s.db, text)
	}
	s.withArguments()
}

// Redis quotes what it was sent where it does not know a command.
func TestWordsOfRedisDoNotQuoteWhatItWasSent(t *testing.T) {
	t.Parallel()
	srv := servers(t)[0]
	for _, command := range []string{"get", "evalsha", "xadd"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			s := newSecretive(t, srv, func(c *cachedsql.Config) { c.EntryKeys = nil }, "--rename-command", command, "unknown-"+command)
			for deadline := time.Now().Add(20 * time.Second); !strings.Contains(s.log.String(), "unknown command"); time.Sleep(10 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("Redis does not complain of %q:\n%s", command, s.log.String())
				}
				s.say(s.db, "SELECT 'hushhushhush', count(*) FROM people")
			}
			wantSecrecy(s, "the log", s.log.String())
			wantSecrecy(s, "an event", s.events.String())
			if text := s.log.String() + s.events.String(); strings.Contains(text, "args beginning with") {
				t.Errorf("what was sent is quoted:\n%s", text)
			}
		})
	}
}

// Without a catalog any word of a text that nobody can read may be a table, and
// so a literal, where one may stand for a name. Its value is not announced.
func TestLiteralsAreNotAnnouncedAsTables(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"INSERT INTO people VALUES " + strings.Repeat("(1, 'hushhushhush'), ", 5000) + "(1, 'hushhushhush')",
		"REPLACE OR NOTHING INTO people SELECT 1, 'hushhushhush'", "UPDATE people SETT a = 1, 'hushhushhush', \"x\"",
	} {
		for _, d := range []cachedsql.Dialect{cachedsql.SQLite, cachedsql.MySQL, cachedsql.Postgres} {
			cache, rec := cachedsqltest.New(t, secrecyRules, func(c *cachedsql.Config) {
				c.NoCatalog, c.Namespace, c.Adapter.Dialect = true, "x", d
			})
			db := cache.OpenDB(newReadyDriver(1))
			if _, err := db.Exec(text); err != nil {
				t.Fatal(err)
			}
			db.Close()
			wantSecrecy(t, fmt.Sprint(d, ": what is announced"), rec.String())
			if n := rec.Count(cachedsql.Invalidated); n == 0 {
				t.Errorf("%v: %.60s announces nothing", d, text)
			}
		}
	}
}
