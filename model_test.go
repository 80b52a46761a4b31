package cachedsql_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
)

const (
	modelRows    = 4
	modelWorkers = 6
	modelRounds  = 4
)

// model is what is known of a table whose rows are counters. A row is written
// by one worker at a time, one higher each time, so a read is older than a
// finished write exactly if it is lower.
type model struct {
	*pair
	writing  [modelRows]sync.Mutex
	finished [modelRows]atomic.Int64 // the counter after the last write that has returned
	reads    atomic.Int64
	writes   atomic.Int64
}

// TestRandomReadsAreNeverOlderThanAFinishedWrite runs for some seconds, or for
// CACHEDSQL_TEST_MODEL ("10m") on each database, with what
// CACHEDSQL_TEST_SEED repeats as far as goroutines can be repeated.
func TestRandomReadsAreNeverOlderThanAFinishedWrite(t *testing.T) {
	t.Parallel()
	duration := 3 * time.Second
	if text := os.Getenv("CACHEDSQL_TEST_MODEL"); text != "" {
		var err error
		if duration, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	seed := rand.Uint64()
	if text := os.Getenv("CACHEDSQL_TEST_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	for _, srv := range servers(t) {
		if srv.dialect == cachedsql.SQLite {
			continue // one writer at a time
		}
		t.Run(srv.name, func(t *testing.T) {
			t.Parallel()
			t.Logf("CACHEDSQL_TEST_SEED=%d", seed)
			m := newModel(t, srv.dialect)
			for round := range uint64(modelRounds) {
				m.round(seed+round*modelWorkers, duration/modelRounds)
				m.wantFresh("SELECT id, n FROM counters ORDER BY id")
				m.wantFresh("SELECT sum(n) AS total FROM counters")
				m.wantFresh("SELECT c.n, o.n FROM counters c JOIN more o ON o.id = c.id ORDER BY c.id")
			}
			hits := m.a.rec.Count(cachedsql.Hit) + m.b.rec.Count(cachedsql.Hit)
			t.Logf("%d reads, %d hits, %d writes", m.reads.Load(), hits, m.writes.Load())
			if hits == 0 {
				t.Error("no hits: nothing was tested")
			}
		})
	}
}

func newModel(t *testing.T, d cachedsql.Dialect) *model {
	t.Helper()
	config := redisConfig(t, testredis.Start(t).URL(), func(c *cachedsql.Config) { c.LookupTimeout = 2 * time.Second })
	m := &model{pair: newPair(t, d, config)}
	m.exec(m.bare, "CREATE TABLE counters (id INTEGER PRIMARY KEY, n BIGINT)", "CREATE TABLE more (id INTEGER PRIMARY KEY, n BIGINT)")
	for id := range modelRows {
		m.exec(m.bare, fmt.Sprintf("INSERT INTO counters VALUES (%d, 0)", id), fmt.Sprintf("INSERT INTO more VALUES (%d, 0)", id))
	}
	m.a.warm("SELECT n FROM counters")
	m.b.warm("SELECT n FROM more")
	return m
}

func (m *model) round(seed uint64, d time.Duration) {
	ctx, cancel := context.WithTimeout(m.Context(), d)
	defer cancel()
	var all sync.WaitGroup
	for worker := range uint64(modelWorkers) {
		all.Go(func() {
			random := rand.New(rand.NewPCG(seed, worker))
			for ctx.Err() == nil && !m.Failed() {
				db := []*sql.DB{m.a.db, m.b.db}[random.IntN(2)]
				if random.IntN(8) == 0 {
					m.write(random, db)
				} else {
					m.read(random, db)
				}
			}
		})
	}
	all.Wait()
}

func (m *model) mark(n int) string {
	if m.dialect == cachedsql.Postgres {
		return "$" + strconv.Itoa(n)
	}
	return "?"
}

// read asks for one row or for all, and compares with what had been written
// before.
func (m *model) read(random *rand.Rand, db *sql.DB) {
	m.reads.Add(1)
	var before [modelRows]int64
	for id := range before {
		before[id] = m.finished[id].Load()
	}
	id := random.IntN(modelRows)
	switch random.IntN(4) {
	case 0:
		var n int64
		err := db.QueryRow("SELECT n FROM counters WHERE id = "+m.mark(1), id).Scan(&n)
		m.judge("by argument", id, n, before[id], err)
	case 1:
		var n int64
		err := db.QueryRow(fmt.Sprintf("SELECT n FROM counters WHERE id = %d", id)).Scan(&n)
		m.judge("by literal", id, n, before[id], err)
	case 2:
		var n int64
		err := db.QueryRow("SELECT c.n FROM counters c JOIN more o ON o.id = c.id WHERE o.id = "+m.mark(1), id).Scan(&n)
		m.judge("join", id, n, before[id], err)
	default:
		m.readAll(db, &before)
	}
}

func (m *model) readAll(db *sql.DB, before *[modelRows]int64) {
	rows, err := db.Query("SELECT id, n FROM counters ORDER BY id")
	if err != nil {
		m.Error(err)
		return
	}
	defer rows.Close()
	for rows.Next() {
		var id int
		var n int64
		err := rows.Scan(&id, &n)
		m.judge("list", id, n, before[id], err)
	}
	if err := rows.Err(); err != nil {
		m.Error(err)
	}
}

func (m *model) judge(what string, id int, n, atLeast int64, err error) {
	switch {
	case err != nil:
		m.Errorf("%s: %v", what, err)
	case n < 0:
		m.Errorf("%s: row %d: got %d, which was rolled back", what, id, n)
	case n < atLeast:
		m.Errorf("%s: row %d: got %d, but the write of %d had returned before", what, id, n, atLeast)
	}
}

// write counts a row up in one of many ways.
func (m *model) write(random *rand.Rand, db *sql.DB) {
	id := random.IntN(modelRows)
	m.writing[id].Lock()
	defer m.writing[id].Unlock()
	m.writes.Add(1)
	next := m.finished[id].Load() + 1
	way := random.IntN(6)
	if err := m.writeBy(way, db, id, next); err != nil {
		m.Errorf("write in way %d: %v", way, err)
		return
	}
	m.finished[id].Store(next)
}

func (m *model) writeBy(way int, db *sql.DB, id int, next int64) error {
	set := "UPDATE counters SET n = " + m.mark(1) + " WHERE id = " + m.mark(2)
	switch way {
	case 0:
		_, err := db.Exec(set, next, id)
		return err
	case 1:
		_, err := db.Exec(fmt.Sprintf("UPDATE counters SET n = %d WHERE id = %d", next, id))
		return err
	case 2:
		stmt, err := db.Prepare(set)
		if err != nil {
			return err
		}
		defer stmt.Close()
		_, err = stmt.Exec(next, id)
		return err
	case 3:
		return m.inText(db, id, next)
	}
	return m.inTransaction(way == 4, db, set, id, next)
}

// inTransaction counts up in a transaction, after one that was rolled back if
// asked for.
func (m *model) inTransaction(failFirst bool, db *sql.DB, set string, id int, next int64) error {
	if failFirst {
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		if _, err := tx.Exec(set, -next, id); err != nil {
			return err
		}
		if err := tx.Rollback(); err != nil {
			return err
		}
	}
	tx, err := db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.Exec(set, next, id); err != nil {
		return err
	}
	var own int64
	if err := tx.QueryRow("SELECT n FROM counters WHERE id = "+m.mark(1), id).Scan(&own); err != nil || own != next {
		return fmt.Errorf("own write: got %d, %w, want %d", own, err, next)
	}
	return tx.Commit()
}

// inText counts up in a transaction that BEGIN and COMMIT as text make.
func (m *model) inText(db *sql.DB, id int, next int64) error {
	conn, err := db.Conn(context.Background())
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, text := range []string{"BEGIN", fmt.Sprintf("UPDATE counters SET n = %d WHERE id = %d", next, id), "COMMIT"} {
		if _, err := conn.ExecContext(context.Background(), text); err != nil {
			return err
		}
	}
	return nil
}
