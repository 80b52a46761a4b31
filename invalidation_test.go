package cachedsql_test

import (
	"strings"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
)

// indirectWrites change what a read returns without naming its table.
var indirectWrites = []struct {
	name   string
	on     int
	setup  []string
	read   string
	writes []string
}{
	{"new column", pg | my, nil, "SELECT * FROM items ORDER BY id", []string{"ALTER TABLE items ADD COLUMN extra INTEGER"}},
	{"renamed column", pg | my, nil, "SELECT * FROM items ORDER BY id", []string{"ALTER TABLE items RENAME COLUMN price TO cost"}},
	{
		"another table in its place", pg | my,
		[]string{"CREATE TABLE fresh AS SELECT id, name, 7 AS price FROM items"},
		allItems,
		[]string{"ALTER TABLE items RENAME TO stale", "ALTER TABLE fresh RENAME TO items", "UPDATE items SET price = 8"},
	},
	{"dropped and made again", pg | my, nil, allItems, []string{"DROP TABLE items", "CREATE TABLE items (id INTEGER PRIMARY KEY, name VARCHAR(100), price INTEGER)", "INSERT INTO items VALUES (1, 'x', 1)"}},
	{"truncate", pg | my, nil, allItems, []string{"TRUNCATE TABLE items"}},
	{"view", pg | my, []string{"CREATE VIEW dear AS SELECT id FROM items WHERE price > 50"}, "SELECT id FROM dear ORDER BY id", []string{raise, "UPDATE items SET price = 60", "DELETE FROM items WHERE id = 1"}},
	{
		"view redefined", pg | my,
		[]string{"CREATE VIEW dear AS SELECT id FROM items WHERE price > 50"},
		"SELECT id FROM dear ORDER BY id",
		[]string{"CREATE OR REPLACE VIEW dear AS SELECT id FROM items WHERE price > 1", "UPDATE items SET price = 0"},
	},
	{"view on a view", pg | my, []string{"CREATE VIEW dear AS SELECT id FROM items WHERE price > 50", "CREATE VIEW many AS SELECT count(*) AS n FROM dear"}, "SELECT n FROM many", []string{"UPDATE items SET price = 60"}},
	{"write through a view", pg | my, []string{"CREATE VIEW dear AS SELECT id, price FROM items WHERE price > 50"}, allItems, []string{"UPDATE dear SET price = 70"}},
	{
		"cascade", pg | my,
		[]string{"CREATE TABLE parts (id INTEGER PRIMARY KEY, item INTEGER, FOREIGN KEY (item) REFERENCES items (id) ON DELETE CASCADE)", "INSERT INTO parts VALUES (1, 1), (2, 2)"},
		"SELECT id FROM parts ORDER BY id",
		[]string{"DELETE FROM items WHERE id = 1"},
	},
	{
		"set null", pg | my,
		[]string{"CREATE TABLE parts (id INTEGER PRIMARY KEY, item INTEGER, FOREIGN KEY (item) REFERENCES items (id) ON DELETE SET NULL)", "INSERT INTO parts VALUES (1, 1)"},
		"SELECT id, item FROM parts ORDER BY id",
		[]string{"DELETE FROM items WHERE id = 1"},
	},
	{"trigger", pg, []string{
		"CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE other SET n = n + 1; RETURN NEW; END $$",
		"CREATE TRIGGER notes AFTER UPDATE ON items FOR EACH ROW EXECUTE FUNCTION note()", "INSERT INTO other VALUES (1, 0)",
	}, "SELECT n FROM other", []string{raise}},
	{"trigger", my, []string{"CREATE TRIGGER notes AFTER UPDATE ON items FOR EACH ROW UPDATE other SET n = n + 1", "INSERT INTO other VALUES (1, 0)"}, "SELECT n FROM other", []string{raise}},
	{"trigger made later", pg | my, []string{"INSERT INTO other VALUES (1, 0)"}, "SELECT n FROM other", []string{"", raise}},
	{"partition", pg, []string{"CREATE TABLE log (id INTEGER, v INTEGER) PARTITION BY RANGE (id)", "CREATE TABLE log1 PARTITION OF log FOR VALUES FROM (0) TO (10)"}, "SELECT v FROM log", []string{"INSERT INTO log1 VALUES (1, 1)", "INSERT INTO log VALUES (2, 2)"}},
	{"data-modifying cte", pg, nil, allItems, []string{"WITH gone AS (DELETE FROM items WHERE id = 1 RETURNING id) SELECT id FROM gone"}},
	{"function", pg, []string{"CREATE FUNCTION raises() RETURNS void LANGUAGE sql AS 'UPDATE items SET price = price + 1'"}, allItems, []string{"SELECT raises()"}},
	{"do block", pg, nil, allItems, []string{"DO $$ BEGIN EXECUTE 'UPDATE ' || 'items SET price = 5'; END $$"}},
	{"procedure", my, []string{"CREATE PROCEDURE raises() UPDATE items SET price = price + 1"}, allItems, []string{"CALL raises()"}},
	{"several tables", my, nil, allItems, []string{"INSERT INTO other VALUES (1, 5)", "UPDATE items i JOIN other o ON o.id = i.id SET i.price = o.n, o.n = 0", "DELETE i FROM items i JOIN other o ON o.id = i.id"}},
	{"replace", my, nil, allItems, []string{"REPLACE INTO items VALUES (1, 'x', 1)", "INSERT INTO items VALUES (1, 'y', 2) ON DUPLICATE KEY UPDATE price = 3"}},
	{"upsert", pg, nil, allItems, []string{"INSERT INTO items VALUES (1, 'y', 2) ON CONFLICT (id) DO UPDATE SET price = 3"}},
	{"without transactions", my, []string{"CREATE TABLE plain (n INTEGER) ENGINE = MyISAM", "INSERT INTO plain VALUES (1)"}, "SELECT n FROM plain", []string{"BEGIN", "UPDATE plain SET n = 2", "ROLLBACK"}},
	{"in another database's name", my, nil, allItems, []string{"UPDATE `items` SET price = 3", "UPDATE ITEMS_DB.items SET price = 4"}},
}

func TestIndirectWritesReachTheirReaders(t *testing.T) {
	for _, tc := range indirectWrites {
		t.Run(tc.name, func(t *testing.T) {
			inPairs(t, func(p *pair) {
				if !p.isOn(tc.on) {
					p.Skip("not on this database")
				}
				p.exec(p.a.db, tc.setup...)
				p.wantFresh(tc.read)
				c := p.conn(p.a.db)
				for _, w := range tc.writes {
					p.exec(c, p.fill(w)...)
					p.wantFresh(tc.read)
				}
			})
		})
	}
}

// fill puts in what only the test knows.
func (p *pair) fill(statement string) []string {
	switch {
	case statement == "" && p.dialect == cachedsql.MySQL:
		return []string{"CREATE TRIGGER notes AFTER UPDATE ON items FOR EACH ROW UPDATE other SET n = n + 1"}
	case statement == "":
		return []string{
			"CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE other SET n = n + 1; RETURN NEW; END $$",
			"CREATE TRIGGER notes AFTER UPDATE ON items FOR EACH ROW EXECUTE FUNCTION note()",
		}
	case strings.Contains(statement, "ITEMS_DB"):
		name := strings.TrimPrefix(answer(p.Context(), p.bare, "SELECT DATABASE() AS d"), "d | ")
		return []string{strings.Replace(statement, "ITEMS_DB", name, 1)}
	}
	return []string{statement}
}

func TestRevokedRightIsMissedByAReaderWithAnEntry(t *testing.T) {
	inPairs(t, func(p *pair) {
		if p.dialect != cachedsql.Postgres {
			p.Skip("SET ROLE on a connection is PostgreSQL's")
		}
		p.prepareForSessions()
		p.exec(p.a.db, "GRANT SELECT ON items TO cachedsql_test_other")
		p.b.db.SetMaxOpenConns(1)
		p.exec(p.b.db, "SET ROLE cachedsql_test_other")
		p.b.warm(allItems)
		p.exec(p.a.db, "REVOKE SELECT ON items FROM cachedsql_test_other")
		if got, did := p.b.read(allItems); !strings.Contains(got, "permission denied") {
			p.Errorf("got %q (%s), want the permission error", got, did)
		}
	})
}

func TestKilledWriteKeepsReadersAwayUntilItsLeaseEnds(t *testing.T) {
	t.Parallel()
	for _, srv := range servers(t) {
		if srv.dialect == cachedsql.SQLite {
			continue
		}
		t.Run(srv.name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, srv.dialect, cachedsql.Config{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{}), Lease: time.Second})
			p.b.warm(allItems)
			c := p.conn(p.a.db)
			ask, kill, slow := "SELECT pg_backend_pid() AS id", "SELECT pg_terminate_backend(%)", "UPDATE items SET price = 1 WHERE pg_sleep(60) IS NOT NULL"
			if p.dialect == cachedsql.MySQL {
				ask, kill, slow = "SELECT connection_id() AS id", "KILL %", "UPDATE items SET price = 1 WHERE sleep(60) = 0"
			}
			id := strings.TrimPrefix(answer(t.Context(), c, ask), "id | ")
			failed := make(chan error, 1)
			go func() {
				_, err := c.ExecContext(t.Context(), slow)
				failed <- err
			}()
			awaitReason(p, "bypass pending_write")
			p.exec(p.bare, strings.Replace(kill, "%", id, 1))
			if err := <-failed; err == nil {
				t.Fatal("the killed write succeeded")
			}
			if _, did := p.b.read(allItems); did != "bypass pending_write" {
				t.Errorf("just after the kill: got %s, want bypass pending_write", did)
			}
			p.b.warm(allItems) // the lease has run out
			p.wantFresh(allItems)
		})
	}
}

// awaitReason reads until the cache says so.
func awaitReason(p *pair, want string) {
	p.Helper()
	did := ""
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if _, did = p.b.read(allItems); did == want {
			return
		}
	}
	p.Fatalf("got %s, never %s", did, want)
}
