package cachedsql_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
)

// A server may end a transaction by itself: what comes after that takes effect
// at once, and a ROLLBACK undoes none of it.

const allOther = "SELECT id, n FROM other ORDER BY id"

func TestWriteAfterATransactionThatAnErrorEnded(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, ends string }{
		{"conflict", "INSERT OR ROLLBACK INTO items VALUES (1, 'twice', 1)"},
		{"trigger", "DELETE FROM items"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t, cachedsql.SQLite, cachedsql.Config{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{})})
			p.exec(p.a.db, "CREATE TRIGGER kept BEFORE DELETE ON items BEGIN SELECT RAISE(ROLLBACK, 'they are kept'); END")
			p.writeInWhatIsNoTransaction(func(tx *sql.Tx) { p.exec(tx, "!"+tc.ends) })
		})
	}
}

func TestWriteAfterATransactionThatADeadlockEnded(t *testing.T) {
	inPairs(t, func(p *pair) {
		if p.dialect != cachedsql.MySQL {
			p.Skip("PostgreSQL runs nothing more in it")
		}
		for _, last := range []string{"UPDATE items SET price = 1 WHERE id = 2", "SELECT price FROM items WHERE id = 2 FOR UPDATE"} {
			p.run(last, func(p *pair) {
				p.writeInWhatIsNoTransaction(func(tx *sql.Tx) { p.loseDeadlock(tx, last) })
			})
		}
	})
}

// loseDeadlock makes tx the victim, with the statement last.
func (p *pair) loseDeadlock(tx *sql.Tx, last string) {
	p.Helper()
	other := p.conn(p.bare)
	defer other.ExecContext(p.Context(), "ROLLBACK")
	id := answer(p.Context(), other, "SELECT CONNECTION_ID() AS id")
	blocked := "SELECT COUNT(*) AS n FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT' AND trx_mysql_thread_id = " + strings.TrimPrefix(id, "id | ")
	p.exec(other, "BEGIN", "UPDATE items SET price = 2 WHERE id = 2")
	for i := range 20 { // the server spares who has changed more
		p.exec(other, fmt.Sprintf("INSERT INTO items VALUES (%d, 'weight', 0)", 1000+i))
	}
	p.exec(tx, "UPDATE items SET price = 3 WHERE id = 1")
	waits := make(chan error, 1)
	go func() {
		_, err := other.ExecContext(p.Context(), "UPDATE items SET price = 4 WHERE id = 1")
		waits <- err
	}()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(150 * time.Millisecond) { // which is how old the answer may be
		got := answer(p.Context(), p.bare, blocked)
		if got == "n | 1" {
			break
		}
		if got != "n | 0" || time.Now().After(deadline) {
			p.Fatalf("nobody waits: %s", got)
		}
	}
	if got := answer(p.Context(), tx, last); !strings.Contains(got, "1213") {
		p.Fatalf("%s: got %q, want a deadlock", last, got)
	}
	if err := <-waits; err != nil {
		p.Fatal(err)
	}
}

// writeInWhatIsNoTransaction writes after a transaction has ended in a way that
// the program does not heed.
func (p *pair) writeInWhatIsNoTransaction(end func(*sql.Tx)) {
	p.Helper()
	p.b.warm(allItems)
	p.b.warm(allOther)
	tx, err := p.a.db.Begin()
	if err != nil {
		p.Fatal(err)
	}
	defer tx.Rollback()
	p.exec(tx, "UPDATE items SET price = 5 WHERE id = 1")
	end(tx)
	p.exec(tx, "INSERT INTO other VALUES (7, 7)")
	if got, did := p.b.read(allOther); got != "id,n | 7 7" {
		p.Errorf("before the ROLLBACK: got %q (%s), want what was inserted", got, did)
	}
	_ = tx.Rollback()
	p.wantFresh(allOther)
	p.wantFresh(allItems)
}

// The server queues the rows, and says that it has inserted them.
func TestDelayedInsertKeepsItsLease(t *testing.T) {
	inPairs(t, func(p *pair) {
		if p.dialect != cachedsql.MySQL {
			p.Skip("PostgreSQL has none")
		}
		p.config.Lease = 2 * time.Second
		p.a, p.b = p.handle(), p.handle()
		p.exec(p.a.db, "CREATE TABLE queued (id INTEGER PRIMARY KEY) ENGINE = MyISAM")
		const read = "SELECT id FROM queued"
		for _, insert := range []string{"INSERT DELAYED INTO queued VALUES (1)", "REPLACE DELAYED queued VALUES (2)"} {
			p.b.warm(read)
			p.exec(p.a.db, insert)
			if _, did := p.b.read(read); did != "bypass pending_write" {
				p.Errorf("after %s: %s, want a bypass", insert, did)
			}
		}
		p.b.warm(read)
		p.exec(p.a.db, "INSERT INTO queued VALUES (3)")
		p.b.read(read)
		if _, did := p.b.read(read); did != "hit" {
			p.Errorf("after an INSERT: %s, want a hit", did)
		}
	})
}
