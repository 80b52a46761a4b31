package cachedsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"modernc.org/sqlite"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedsqltest"
)

func TestEveryReasonIsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/reasons.md")
	if err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| [^|]+ \\| [^|]+ \\| [^|]+ \\|$").FindAllStringSubmatch(string(text), -1) {
		documented[m[1]] = true
	}
	for _, r := range cachedsql.Reasons() {
		if !documented[r.String()] {
			t.Errorf("docs/reasons.md has no complete row for %q", r)
		}
		delete(documented, r.String())
	}
	for word := range documented {
		t.Errorf("docs/reasons.md has %q, which is no reason", word)
	}
}

// reasonTexts are the reasons that a text has by itself.
var reasonTexts = map[string]struct {
	dialect cachedsql.Dialect
	text    string
}{
	"write":               {cachedsql.Postgres, "WITH d AS (DELETE FROM t RETURNING a) SELECT a FROM d"},
	"ddl":                 {cachedsql.Postgres, "ALTER TABLE t ADD c int"},
	"transaction_control": {cachedsql.Postgres, "COMMIT"},
	"session_statement":   {cachedsql.Postgres, "SET TIME ZONE 'UTC'"},
	"utility":             {cachedsql.Postgres, "ANALYZE t"},
	"explain":             {cachedsql.Postgres, "EXPLAIN SELECT a FROM t"},
	"call":                {cachedsql.Postgres, "CALL p()"},
	"copy":                {cachedsql.Postgres, "COPY t FROM STDIN"},
	"cursor":              {cachedsql.Postgres, "FETCH 10 FROM c"},
	"multi_statement":     {cachedsql.Postgres, "SELECT a FROM t; SELECT b FROM t"},
	"empty":               {cachedsql.Postgres, "-- ping"},
	"no_table":            {cachedsql.Postgres, "SELECT 1"},
	"unparsed":            {cachedsql.Postgres, "SELEC a FROM t"},
	"statement_too_large": {cachedsql.Postgres, "SELECT a FROM t WHERE b IN (1" + strings.Repeat(",1", 1<<16) + ")"},
	"volatile_function":   {cachedsql.Postgres, "SELECT random() FROM t"},
	"time_function":       {cachedsql.Postgres, "SELECT a FROM t WHERE c > now()"},
	"session_function":    {cachedsql.Postgres, "SELECT a FROM t WHERE owner = current_user"},
	"unknown_function":    {cachedsql.Postgres, "SELECT price_of(id) FROM t"},
	"locking_read":        {cachedsql.Postgres, "SELECT a FROM t FOR UPDATE"},
	"select_into":         {cachedsql.MySQL, "SELECT a INTO OUTFILE 'x' FROM t"},
	"system_catalog":      {cachedsql.Postgres, "SELECT relname FROM pg_catalog.pg_class"},
	"system_column":       {cachedsql.Postgres, "SELECT ctid FROM t"},
	"tablesample":         {cachedsql.Postgres, "SELECT a FROM t TABLESAMPLE SYSTEM (10)"},
	"user_variable":       {cachedsql.MySQL, "SELECT @x, a FROM t"},
	"system_variable":     {cachedsql.MySQL, "SELECT @@sql_mode, a FROM t"},
	"executable_comment":  {cachedsql.MySQL, "SELECT a FROM t /*! JOIN s */"},
	"no_cache_modifier":   {cachedsql.MySQL, "SELECT SQL_NO_CACHE a FROM t"},
}

// reasonElsewhere are reasons that no statement known gives, and the tests that
// bring them about.
var reasonElsewhere = map[string]string{
	"ambiguous": "internal/sqlparse/mysql_second_test.go",
}

// reasonStates are reasons that a situation gives. Each makes it on a database
// with the table items of two rows and reads there.
var reasonStates = map[string]func(*shop){
	"no_rule":        func(s *shop) { s.cache.SetRules(nil); s.items("") },
	"rule_off":       func(s *shop) { s.rule("ttl: 0"); s.items("") },
	"bypass_hint":    func(s *shop) { s.items("/* cachedsql: bypass */") },
	"bypass_context": func(s *shop) { s.query(s.db, cachedsql.Bypass(s.Context()), "SELECT * FROM items") },
	"temp_table":     func(s *shop) { s.pinned("CREATE TEMP TABLE mine (a int)", "SELECT * FROM mine") },
	"foreign_table": func(s *shop) {
		s.exec("CREATE VIRTUAL TABLE docs USING fts5(a)")
		s.reopen(s.inner, nil)
		s.read("SELECT * FROM docs")
	},
	"unknown_relation": func(s *shop) { s.bareExec("CREATE TABLE late (a int)"); s.read("SELECT * FROM late") },
	"in_transaction":   func(s *shop) { s.pinned("BEGIN", "SELECT * FROM items") },
	"session_state":    func(s *shop) { s.pinned("PRAGMA case_sensitive_like = 1", "SELECT * FROM items") },
	"too_many_rows":    func(s *shop) { s.rule("ttl: 1h, max_rows: 1"); s.items("") },
	"not_repeatable": func(s *shop) {
		s.rule("ttl: 1h, mode: shadow")
		s.read("SELECT * FROM items ORDER BY id LIMIT 1")
		if _, err := s.bare.Exec("DELETE FROM items"); err != nil {
			s.Fatal(err)
		}
		s.read("SELECT * FROM items ORDER BY id LIMIT 1")
	},
	"too_large": func(s *shop) { s.rule("ttl: 1h, max_bytes: 1"); s.items("") },
	"result_error": func(s *shop) {
		s.read("SELECT abs(CASE id WHEN 2 THEN -9223372036854775807 - 1 ELSE 1 END) FROM items ORDER BY id")
	},
	"partial_read": func(s *shop) {
		var id int
		_ = s.db.QueryRow("SELECT id FROM items").Scan(&id) // the first of two
	},
	"open_rows": func(s *shop) {
		c := s.conn()
		rows, err := c.QueryContext(cachedsql.Bypass(s.Context()), "SELECT * FROM items")
		if err != nil {
			s.Fatal(err)
		}
		defer rows.Close()
		s.query(c, s.Context(), "SELECT * FROM items")
	},
	"pending_write": func(s *shop) {
		_ = s.cache.Write(s.Context(), []string{"items"}, func() error { s.items(""); return nil })
	},
	"closed": func(s *shop) { s.cache.Close(); s.items("") },
	"too_many_tables": func(s *shop) {
		s.reopen(s.inner, func(c *cachedsql.Config) { c.MaxTags = 1 })
		s.read("SELECT * FROM items, other")
	},
	"unknown_namespace": func(s *shop) {
		s.reopen(named{&sqlite.Driver{}, ":memory:"}, nil)
		s.read("SELECT 1 FROM (SELECT * FROM items)")
	},
	"cache_down": func(s *shop) {
		s.reopen(s.inner, func(c *cachedsql.Config) {
			c.Store = &brokenStore{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})}
		})
		s.items("")
	},
	"fill_dropped": func(s *shop) {
		store := &brokenStore{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{}), block: make(chan struct{})}
		defer close(store.block)
		s.reopen(s.inner, func(c *cachedsql.Config) { c.Store, c.FillQueue = store, 1 })
		for i := range 20 {
			s.read(fmt.Sprint("SELECT * FROM items WHERE id > ", i))
		}
	},
	"store_full": func(s *shop) {
		store := &brokenStore{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{}), full: true}
		s.reopen(s.inner, func(c *cachedsql.Config) { c.Store = store })
		s.items("")
		cachedsqltest.Wait(s.T, s.cache)
	},
	"unknown_argument": func(s *shop) {
		s.reopen(oddConnector{}, func(c *cachedsql.Config) { c.Namespace = "odd" })
		s.query(s.db, s.Context(), "SELECT * FROM items WHERE id = ?", struct{ a int }{1})
	},
	"unsupported_value": func(s *shop) {
		s.reopen(oddConnector{}, func(c *cachedsql.Config) { c.Namespace = "odd" })
		s.items("")
	},
}

func TestEveryReasonIsReached(t *testing.T) {
	t.Parallel()
	sqliteOnly := server{name: "sqlite", dialect: cachedsql.SQLite, connector: sqliteConnector}
	for _, r := range cachedsql.Reasons() {
		t.Run(r.String(), func(t *testing.T) {
			t.Parallel()
			word := r.String()
			switch make, isState := reasonStates[word]; {
			case reasonTexts[word].text != "":
				c := reasonTexts[word]
				if e := cachedsql.Explain(c.dialect, c.text); e.Reason != r || e.Cacheable {
					t.Errorf("%.100s: reason %q, cacheable %v", c.text, e.Reason, e.Cacheable)
				}
			case isState:
				s := newShop(t, sqliteOnly, cachedsqltest.Everything)
				make(s)
				wantReason(t, s, r)
			case reasonElsewhere[word] != "":
				text, err := os.ReadFile(reasonElsewhere[word])
				if err != nil || !strings.Contains(strings.ToLower(string(text)), "reason."+word) {
					t.Errorf("%s says nothing of it (%v)", reasonElsewhere[word], err)
				}
			default:
				reachedOnServers(t, r)
			}
		})
	}
}

// reachedOnServers brings about what needs PostgreSQL.
func reachedOnServers(t *testing.T, r cachedsql.Reason) {
	t.Helper()
	switch r.String() {
	case "read_replica":
		if got := cachedsql.PostgresUnfit("true", "read committed"); got != r {
			t.Errorf("in recovery: %q", got)
		}
	case "isolation_level":
		if got := cachedsql.PostgresUnfit("false", "serializable"); got != r {
			t.Errorf("serializable: %q", got)
		}
	case "row_security":
		i := slices.IndexFunc(servers(t), func(s server) bool { return s.dialect == cachedsql.Postgres })
		if i < 0 {
			t.Skip("needs PostgreSQL")
		}
		s := newShop(t, servers(t)[i], cachedsqltest.Everything)
		s.exec("ALTER TABLE items ENABLE ROW LEVEL SECURITY")
		s.exec("CREATE POLICY p ON items USING (price > current_setting('app.least', true)::int)")
		s.items("")
		wantReason(t, s, r)
	default:
		t.Errorf("no test brings about %q", r)
	}
}

func wantReason(t *testing.T, s *shop, r cachedsql.Reason) {
	t.Helper()
	var seen []string
	for _, e := range s.rec.Events() {
		if e.Reason == r {
			return
		}
		seen = append(seen, e.Reason.String())
	}
	t.Errorf("no event has the reason %q, only %q", r, seen)
}

func (s *shop) items(hint string) { s.read(hint + "SELECT * FROM items") }

func (s *shop) read(query string) { s.query(s.db, s.Context(), query) }

// query reads to the end; whether it fails does not matter.
func (s *shop) query(db interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}, ctx context.Context, query string, args ...any,
) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		s.Log(err)
		return
	}
	defer rows.Close()
	for rows.Next() {
	}
	if err := rows.Err(); err != nil {
		s.Log(err)
	}
}

func (s *shop) conn() *sql.Conn {
	c, err := s.db.Conn(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = c.Close() })
	return c
}

// pinned runs a statement and a read on one connection.
func (s *shop) pinned(statement, read string) {
	c := s.conn()
	if _, err := c.ExecContext(s.Context(), statement); err != nil {
		s.Fatal(err)
	}
	s.query(c, s.Context(), read)
}

func (s *shop) bareExec(statement string) {
	s.read("SELECT * FROM nowhere") // so that the catalog has just been read
	if _, err := s.bare.Exec(statement); err != nil {
		s.Fatal(err)
	}
}

// rule makes one rule of all reads.
func (s *shop) rule(settings string) {
	rules, err := cachedsql.ParseRules("rules", []byte("version: 1\nrules:\n  - {name: all, "+settings+"}\n"))
	if err != nil {
		s.Fatal(err)
	}
	s.cache.SetRules(rules)
}

// reopen puts another Cache in front of a connector.
func (s *shop) reopen(inner driver.Connector, change func(*cachedsql.Config)) {
	s.cache, s.rec = cachedsqltest.New(s.T, cachedsqltest.Everything, change)
	s.db = s.cache.OpenDB(inner)
	s.Cleanup(func() { s.db.Close() })
}

// brokenStore fails every lookup, or has no room, or, with block set, takes no entry until that
// is closed.
type brokenStore struct {
	cachedsql.Store
	block chan struct{}
	full  bool
}

type brokenSpace struct {
	cachedsql.Space
	store *brokenStore
}

func (b *brokenStore) Space(name string) cachedsql.Space { return brokenSpace{b.Store.Space(name), b} }

func (b brokenSpace) Read(ctx context.Context, key cachedsql.Key, tags cachedsql.TagSet, buf []byte) (cachedsql.Reading, error) {
	if b.store.block == nil && !b.store.full {
		return cachedsql.Reading{}, errors.New("broken")
	}
	return b.Space.Read(ctx, key, tags, buf)
}

func (b brokenSpace) Fill(context.Context, cachedsql.Key, []byte, time.Duration) error {
	if b.store.full {
		return cachedsql.ErrStoreFull
	}
	<-b.store.block
	return nil
}

// oddConnector is a driver whose arguments and values are of types nobody
// knows.
type oddConnector struct{}

type oddRows struct{ done bool }

func (oddConnector) Connect(context.Context) (driver.Conn, error) { return oddConnector{}, nil }
func (oddConnector) Driver() driver.Driver                        { return nil }
func (oddConnector) Prepare(string) (driver.Stmt, error)          { return nil, errors.New("odd") }
func (oddConnector) Begin() (driver.Tx, error)                    { return nil, errors.New("odd") }
func (oddConnector) Close() error                                 { return nil }
func (oddConnector) CheckNamedValue(*driver.NamedValue) error     { return nil }
func (oddConnector) QueryContext(context.Context, string, []driver.NamedValue) (driver.Rows, error) {
	return &oddRows{}, nil
}

func (*oddRows) Columns() []string { return []string{"odd"} }
func (*oddRows) Close() error      { return nil }
func (r *oddRows) Next(dest []driver.Value) error {
	if r.done {
		return io.EOF
	}
	r.done, dest[0] = true, struct{ a int }{1}
	return nil
}
