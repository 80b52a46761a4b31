package cachedsql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"strings"
	"testing"

	"github.com/cachedsql/cachedsql"
)

// What a test runs on: PostgreSQL, MariaDB and MySQL, or one of the last two
// alone. CI has MariaDB.
const (
	pg     = 1 << cachedsql.Postgres
	my     = 1 << cachedsql.MySQL
	maria  = 1 << 16
	oracle = 1 << 17
)

// xid is unique on the server: a prepared transaction outlives its test.
var xid = databaseName()

const raise = "UPDATE items SET price = price + 1"

// openTransactions are the ways to have written items and not committed yet,
// and then to commit.
var openTransactions = []struct {
	name   string
	on     int
	setup  []string // through the bare handle
	before []string // on a connection with the cache
	end    string
}{
	{"text", pg | my, nil, []string{"BEGIN", raise}, "COMMIT"},
	{"start transaction", pg | my, nil, []string{"START TRANSACTION", raise}, "COMMIT"},
	{"comments", pg | my, nil, []string{"/* a */ BEGIN", raise}, "-- b\nCOMMIT"},
	{"begin and write in one text", pg | my, nil, []string{"BEGIN; " + raise}, "COMMIT"},
	{"commit, begin and write in one text", pg | my, nil, []string{"BEGIN", "COMMIT; BEGIN; " + raise}, "COMMIT"},
	{"commit in a text with others", pg | my, nil, []string{"BEGIN", raise}, "UPDATE other SET n = 1; COMMIT"},
	{"savepoint", pg | my, nil, []string{"BEGIN", raise, "SAVEPOINT a", "UPDATE other SET n = 2", "ROLLBACK TO SAVEPOINT a"}, "COMMIT"},
	{"written before a savepoint that failed", pg | my, nil, []string{"BEGIN", raise, "SAVEPOINT a", "!SELECT nothing FROM items", "ROLLBACK TO SAVEPOINT a"}, "COMMIT"},
	{"written after it", pg | my, nil, []string{"BEGIN", "SAVEPOINT a", "!SELECT nothing FROM items", "ROLLBACK TO SAVEPOINT a", raise}, "COMMIT"},
	{"failed for good", pg, nil, []string{"BEGIN", raise, "!SELECT 1/0"}, "COMMIT"},
	{"statement failed in the middle", my, nil, []string{"BEGIN", raise, "!INSERT INTO items VALUES (1, 'x', 1)"}, "COMMIT"},
	{"chain", pg | my, nil, []string{"BEGIN", "COMMIT AND CHAIN", raise}, "COMMIT"},
	{"rollback and chain", pg | my, nil, []string{"BEGIN", "ROLLBACK AND CHAIN", raise}, "COMMIT"},
	{"end", pg, nil, []string{"BEGIN", raise}, "END"},
	{"begin twice", pg, nil, []string{"BEGIN", raise, "BEGIN"}, "COMMIT"},
	{"do block", pg, nil, []string{"BEGIN", "DO $$ BEGIN " + raise + "; END $$"}, "COMMIT"},
	{"prepare transaction", pg, nil, []string{"BEGIN", raise, "PREPARE TRANSACTION 'raise'"}, "COMMIT PREPARED 'raise'"},
	{"write in a cte", pg, nil, []string{"BEGIN", "WITH w AS (" + raise + " RETURNING id) SELECT id FROM w"}, "COMMIT"},

	{"autocommit off", my, nil, []string{"SET autocommit = 0", raise}, "COMMIT"},
	{"autocommit off in one text", my, nil, []string{"SET autocommit = 0; " + raise}, "COMMIT"},
	{"autocommit on commits", my, nil, []string{"SET autocommit = 0", raise}, "SET autocommit = 1"},
	{"begin commits", my, nil, []string{"SET autocommit = 0", raise}, "BEGIN"},
	{"ddl commits", my, nil, []string{"BEGIN", raise}, "CREATE TABLE more (id INTEGER)"},
	{"lock tables commits", my, nil, []string{"BEGIN", raise}, "LOCK TABLES items READ"},
	{"ddl that cannot be read", my, nil, []string{"BEGIN", raise, "!ALTER TABLE items NONSENSE"}, "COMMIT"},
	{"begun by a procedure", my, []string{"CREATE PROCEDURE opens() START TRANSACTION"}, []string{"CALL opens()", raise}, "COMMIT"},
	{"written by a procedure", my, []string{"CREATE PROCEDURE raises() " + raise}, []string{"BEGIN", "CALL raises()"}, "COMMIT"},
	{"begun by a prepared text", maria, nil, []string{"PREPARE s FROM 'START TRANSACTION'", "EXECUTE s", raise}, "COMMIT"},
	{"committed by a prepared text", my, nil, []string{"PREPARE s FROM 'COMMIT'", "BEGIN", raise}, "EXECUTE s"},
	{"completion type", my, nil, []string{"SET completion_type = 1", "BEGIN", "COMMIT", raise}, "COMMIT"},
	{"xa", my, nil, []string{"XA START '" + xid + "1'", raise, "XA END '" + xid + "1'", "XA PREPARE '" + xid + "1'"}, "XA COMMIT '" + xid + "1'"},
	{"xa in one phase", my, nil, []string{"XA START '" + xid + "2'", raise, "XA END '" + xid + "2'"}, "XA COMMIT '" + xid + "2' ONE PHASE"},
	{"xa commit among others", my, nil, []string{"XA START '" + xid + "3'", raise, "XA END '" + xid + "3'", "XA PREPARE '" + xid + "3'"}, "XA COMMIT '" + xid + "3'; UPDATE other SET n = 3"},
}

func TestCommitOfAnyKindAnnouncesWhatWasWritten(t *testing.T) {
	inPairs(t, func(p *pair) {
		prepares := p.dialect != cachedsql.Postgres ||
			answer(p.Context(), p.bare, "SHOW max_prepared_transactions") != "max_prepared_transactions | 0"
		for _, tc := range openTransactions {
			if !p.isOn(tc.on) {
				continue
			}
			p.run(tc.name, func(p *pair) {
				if strings.HasPrefix(tc.end, "COMMIT PREPARED") && !prepares {
					p.Skip("SKIPPED: max_prepared_transactions is 0")
				}
				p.exec(p.bare, tc.setup...)
				p.b.warm(allItems)
				c := p.conn(p.a.db)
				p.exec(c, tc.before...)
				p.b.warm(allItems) // with what is committed
				p.exec(c, tc.end)
				p.wantFresh(allItems)
				p.a.warm(allItems) // and the table is cached again
			})
		}
	})
}

func TestTransactionBegunInsideATextTransactionKeepsItsWrites(t *testing.T) {
	inPairs(t, func(p *pair) {
		c := p.conn(p.a.db)
		p.exec(c, "BEGIN", raise)
		tx, err := c.BeginTx(p.Context(), nil)
		if err != nil {
			p.Fatal(err)
		}
		p.exec(tx, "UPDATE other SET n = 1")
		p.b.warm(allItems)
		if err := tx.Commit(); err != nil {
			p.Fatal(err)
		}
		p.wantFresh(allItems)
	})
}

func TestWriteOnAnUnwrappedConnectionIsNotMissed(t *testing.T) {
	inPairs(t, func(p *pair) {
		p.b.warm(allItems)
		c := p.conn(p.a.db)
		unwrap(p, c, "BEGIN")
		p.exec(c, raise)
		p.b.read(allItems)
		unwrap(p, c, "COMMIT")
		p.wantFresh(allItems)
	})
}

// TestStateMadeOnAnUnwrappedConnectionStaysThere: temporary tables and settings of which nobody can ask are made where the cache does not look.
func TestStateMadeOnAnUnwrappedConnectionStaysThere(t *testing.T) {
	t.Parallel()
	const likeLamp = "SELECT count(*) FROM items WHERE name LIKE 'LAMP'"
	for _, srv := range servers(t) {
		t.Run(srv.name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, srv.dialect, cachedsql.Config{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})})
			c, bare := p.conn(p.a.db), p.conn(p.bare)
			p.exec(c, "UPDATE items SET price = 40 WHERE id = 1") // the catalog is known
			statements := []string{"CREATE TEMPORARY TABLE items (id INTEGER PRIMARY KEY, name VARCHAR(100), price INTEGER)", "INSERT INTO items VALUES (1, 'mine', 4)"}
			if srv.dialect == cachedsql.SQLite {
				statements = []string{"PRAGMA case_sensitive_like = 1"}
			}
			for _, text := range statements {
				unwrap(p, c, text)
				p.exec(bare, text)
			}
			p.exec(c, "BEGIN", "COMMIT") // no doubt about that any more
			for _, query := range []string{allItems, likeLamp} {
				want, others := answer(t.Context(), bare, query), answer(t.Context(), p.bare, query)
				for range 3 {
					if got := answer(t.Context(), c, query); got != want {
						t.Errorf("%s on the connection: got %s, want %s", query, got, want)
					}
					if got, did := p.a.read(query); got != others {
						t.Errorf("%s elsewhere: got %s (%s), want %s", query, got, did, others)
					}
				}
			}
		})
	}
}

// unwrap runs a statement on the connection of the wrapped driver.
func unwrap(p *pair, c *sql.Conn, text string) {
	p.Helper()
	if err := rawExec(p.Context(), c, text); err != nil {
		p.Fatal(err)
	}
}

func TestPreparedStatementsFollowTheTransactionTheyRunIn(t *testing.T) {
	inPairs(t, func(p *pair) {
		mark := map[cachedsql.Dialect]string{cachedsql.Postgres: "$1", cachedsql.MySQL: "?"}[p.dialect]
		write, err := p.a.db.Prepare("UPDATE items SET price = " + mark + " WHERE id = 1")
		if err != nil {
			p.Fatal(err)
		}
		defer write.Close()
		read, err := p.a.db.Prepare("SELECT price FROM items WHERE id = 1")
		if err != nil {
			p.Fatal(err)
		}
		defer read.Close()
		for price := 50; price < 53; price++ {
			p.b.warm(allItems)
			tx, err := p.a.db.Begin()
			if err != nil {
				p.Fatal(err)
			}
			if _, err := tx.Stmt(write).Exec(price); err != nil {
				p.Fatal(err)
			}
			var got int
			if err := tx.Stmt(read).QueryRow().Scan(&got); err != nil || got != price {
				p.Errorf("in the transaction: got %d, %v, want %d", got, err, price)
			}
			p.b.warm(allItems)
			if err := tx.Commit(); err != nil {
				p.Fatal(err)
			}
			p.wantFresh(allItems)
			if err := read.QueryRow().Scan(&got); err != nil || got != price {
				p.Errorf("after the transaction: got %d, %v, want %d", got, err, price)
			}
		}
	})
}

func TestReaderWithAnOldSnapshotFillsNothing(t *testing.T) {
	inPairs(t, func(p *pair) {
		tx, err := p.b.db.BeginTx(p.Context(), &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
		if err != nil {
			p.Fatal(err)
		}
		defer tx.Rollback()
		old := answer(p.Context(), tx, allItems)
		p.exec(p.a.db, raise)
		if got := answer(p.Context(), tx, allItems); got != old {
			p.Errorf("in the snapshot: got %q, want %q", got, old)
		}
		p.wantFresh(allItems)
		c := p.conn(p.b.db)
		p.exec(c, "START TRANSACTION")
		answer(p.Context(), c, allItems)
		p.exec(p.a.db, raise)
		answer(p.Context(), c, allItems)
		p.wantFresh(allItems)
	})
}

// rawExec runs a statement past the cache, as a program does that needs what
// only the driver itself can.
func rawExec(ctx context.Context, c *sql.Conn, text string) error {
	return c.Raw(func(dc any) error {
		inner := dc.(interface{ Unwrap() driver.Conn }).Unwrap()
		_, err := inner.(driver.ExecerContext).ExecContext(ctx, text, nil)
		return err
	})
}
