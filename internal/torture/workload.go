//go:build unix

package main

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/cachedsql/cachedsql"
)

// query is a read of a few rows of three columns.
type query struct {
	text string
	// row says which versions a row shows.
	row func(arg, a, b, c int64) []shown
	// empty is what no rows at all show, if anything.
	empty func(arg int64) []shown
}

// shown is a version that a read has returned.
type shown struct{ register, version int64 }

func itemRow(_, id, version, _ int64) []shown  { return []shown{{id, version}} }
func groupRow(_, id, version, _ int64) []shown { return []shown{{groupBase + id, version}} }
func lineRow(arg, _, seq, _ int64) []shown     { return []shown{{lineBase + arg, seq}} }
func noLines(arg int64) []shown                { return []shown{{lineBase + arg, 0}} }
func joinRow(arg, id, version, group int64) []shown {
	return []shown{{id, version}, {groupBase + arg, group}}
}

var itemQueries = []query{
	{`SELECT id, version, 0 FROM items WHERE id = ?`, itemRow, nil},
	{`SELECT id, version, 0 FROM items_view WHERE id = ?`, itemRow, nil},
	{`SELECT id, version, 0 FROM audit WHERE id = ?`, itemRow, nil},
	{`SELECT id, version, 0 FROM items WHERE code = ?`, itemRow, nil},
}

var groupQueries = []query{
	{`SELECT id, version, 0 FROM items WHERE grp = ? ORDER BY id`, itemRow, nil},
	{`SELECT i.id, i.version, g.version FROM items i JOIN grps g ON g.id = i.grp WHERE g.id = ?`, joinRow, nil},
	{`SELECT id, version, 0 FROM grps WHERE id = ?`, groupRow, nil},
	{`SELECT 0, COALESCE(MAX(seq), 0), 0 FROM entries WHERE grp = ?`, lineRow, nil},
	{`SELECT grp, seq, 0 FROM entries WHERE grp = ? ORDER BY seq DESC`, lineRow, noLines},
}

// read reads something once. With leased hits it reads it again and again for
// a while, as what is worth leasing is: only then does a hit come late in its
// bound.
func (w *worker) read(ctx context.Context) {
	again := w.anyRead()
	again(ctx)
	if w.Near != nearLeased {
		return
	}
	for range rand.IntN(40) {
		pause(ctx, w.bound()/5)
		again(ctx)
	}
}

func (w *worker) anyRead() func(context.Context) {
	group, item := rand.Int64N(groups), rand.Int64N(items)
	switch rand.IntN(4) {
	case 0:
		q := groupQueries[rand.IntN(len(groupQueries))]
		return func(ctx context.Context) { w.readRows(ctx, q, group) }
	case 1:
		return func(ctx context.Context) { w.readSum(ctx, group) }
	default:
		q := itemQueries[rand.IntN(len(itemQueries))]
		return func(ctx context.Context) { w.readRows(ctx, q, item) }
	}
}

func (w *worker) readRows(ctx context.Context, q query, arg int64) {
	text := w.database.sql(q.text)
	floors, began := w.shared.floors(), time.Now()
	newest, err := w.ask(ctx, q, text, arg)
	if err != nil {
		w.fault(err)
		return
	}
	w.shared.add(reads)
	for register, version := range newest {
		if verdict := w.shared.check(&floors, began, register, version); verdict != "" {
			w.complain(text, verdict)
		}
	}
}

// ask returns the newest version of each register that the result shows.
func (w *worker) ask(ctx context.Context, q query, text string, arg int64) (map[int64]int64, error) {
	rows, err := w.db.QueryContext(ctx, text, arg)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	newest := map[int64]int64{}
	note := func(all []shown) {
		for _, s := range all {
			newest[s.register] = max(newest[s.register], s.version)
		}
	}
	if q.empty != nil {
		note(q.empty(arg))
	}
	for rows.Next() {
		var a, b, c int64
		if err := rows.Scan(&a, &b, &c); err != nil {
			return nil, err
		}
		note(q.row(arg, a, b, c))
	}
	return newest, rows.Err()
}

// readSum reads an aggregate: it can be no less than what its rows must be.
func (w *worker) readSum(ctx context.Context, group int64) {
	floors, began := w.shared.floors(), time.Now()
	var sum int64
	text := w.database.sql(`SELECT SUM(version) FROM items WHERE grp = ?`)
	if err := w.db.QueryRowContext(ctx, text, group).Scan(&sum); err != nil {
		w.fault(err)
		return
	}
	w.shared.add(reads)
	var acked, seen int64
	for i := group; i < items; i += groups {
		acked, seen = acked+floors.acked[i], seen+floors.seen[i]
	}
	switch {
	case sum < acked:
		w.shared.add(stale)
		w.complain(text, "the sum is less than that of the versions committed before the read began, "+began.Format(time.StampMilli))
	case sum < seen:
		w.shared.add(overtaken)
		w.complain(text, "the sum is less than that of the versions shown before the read began")
	}
}

// fault counts a statement that failed. A cached result is never the reason.
func (w *worker) fault(err error) {
	if errors.Is(err, cachedsql.ErrCacheDown) {
		w.shared.add(refused)
		return
	}
	if w.database.isVictim(err) {
		w.shared.add(victims)
		return
	}
	w.shared.add(failed)
}

// version takes the next version of a register. Rows keep the highest they are
// given, so they grow in whatever order writers commit.
func (w *worker) version(register int64) int64 {
	v := w.shared.next[register].Add(1)
	w.shared.when[register][v%history].Store(0)
	return v
}

// change is one row that a write gives a new version.
type change struct {
	register, version int64
	text              string
	args              []any
}

func (w *worker) item(id int64) change {
	v := w.version(id)
	return change{id, v, `UPDATE items SET version = GREATEST(version, ?) WHERE id = ?`, []any{v, id}}
}

func (w *worker) group(id int64) change {
	v := w.version(groupBase + id)
	return change{groupBase + id, v, `UPDATE grps SET version = GREATEST(version, ?) WHERE id = ?`, []any{v, id}}
}

func (w *worker) line(group int64) change {
	v := w.version(lineBase + group)
	return change{lineBase + group, v, `INSERT INTO entries (grp, seq) VALUES (?, ?)`, []any{group, v}}
}

func (w *worker) write(ctx context.Context) {
	group := rand.Int64N(groups)
	kind := rand.IntN(6)
	if w.shared.contend.Load() {
		kind = contending
	}
	switch kind {
	case 0:
		w.autocommit(ctx, w.line(group))
	case 1:
		w.autocommit(ctx, w.group(group))
	case 2:
		w.autocommit(ctx, w.item(rand.Int64N(items)))
	case 3:
		w.prune(ctx, group)
	case contending:
		w.contend(ctx, w.item(group), w.item(group+groups), w.group(group), w.line(group))
	default:
		_ = w.transaction(ctx, sql.LevelReadCommitted, w.item(group), w.item(group+groups), w.group(group), w.line(group))
	}
}

// contending is the kind of write that meets others.
const contending = 4

// tries is how often a transaction is tried that was the victim of another.
const tries = 3

// contend writes in any order, so that there are deadlocks, and half of the
// time at a level at which transactions fail because of others. It tries again,
// as programs should.
func (w *worker) contend(ctx context.Context, changes ...change) {
	level := []sql.IsolationLevel{sql.LevelReadCommitted, sql.LevelSerializable}[rand.IntN(2)]
	for range tries {
		rand.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
		err := w.transaction(ctx, level, changes...)
		if err == nil || !w.database.isVictim(err) {
			return
		}
	}
}

func (w *worker) autocommit(ctx context.Context, c change) {
	if _, err := w.db.ExecContext(ctx, w.database.sql(c.text), c.args...); err != nil {
		w.fault(err)
		return
	}
	w.committed([]change{c})
}

// committed notes that a commit has returned.
func (w *worker) committed(changes []change) {
	w.shared.add(commits)
	for _, c := range changes {
		w.shared.ack(c.register, c.version)
	}
}

// prune removes old lines: the highest stays.
func (w *worker) prune(ctx context.Context, group int64) {
	text := w.database.sql(`DELETE FROM entries WHERE grp = ? AND seq < ?`)
	if _, err := w.db.ExecContext(ctx, text, group, w.shared.acked[lineBase+group].Load()-20); err != nil {
		w.fault(err)
	}
}

// changesKey is where a transaction's context has its changes: for COMMITs that
// arrive when their writer has given up.
type changesKey struct{}

func changesOf(ctx context.Context) []change {
	changes, _ := ctx.Value(changesKey{}).([]change)
	return changes
}

func (w *worker) transaction(ctx context.Context, level sql.IsolationLevel, changes ...change) error {
	// Not REPEATABLE READ: there an update that changes nothing does not make a
	// row the transaction's own, and MariaDB goes on showing the old one.
	tx, err := w.db.BeginTx(context.WithValue(ctx, changesKey{}, changes), &sql.TxOptions{Isolation: level})
	if err != nil {
		w.fault(err)
		return err
	}
	for _, c := range changes {
		if err := w.changeIn(ctx, tx, c); err != nil {
			_ = tx.Rollback()
			w.fault(err)
			return err
		}
	}
	if rand.IntN(4) == 0 {
		_ = tx.Rollback()
		w.shared.add(rolledBack)
		return nil
	}
	if err := tx.Commit(); err != nil {
		w.fault(err)
		return err
	}
	w.committed(changes)
	return nil
}

func (w *worker) changeIn(ctx context.Context, tx *sql.Tx, c change) error {
	if _, err := tx.ExecContext(ctx, w.database.sql(c.text), c.args...); err != nil {
		return err
	}
	// A read in the transaction must see its own write, and must not be stored.
	if c.register >= items {
		return nil
	}
	var got int64
	err := tx.QueryRowContext(ctx, w.database.sql(itemQueries[0].text), c.register).Scan(new(int64), &got, new(int64))
	if err == nil && got < c.version {
		w.shared.add(stale)
		w.complain("in a transaction", "it does not see its own write")
	}
	return err
}

func (w *worker) changeSchema(ctx context.Context) {
	for _, text := range []string{`ALTER TABLE audit ADD COLUMN extra INTEGER`, `ALTER TABLE audit DROP COLUMN extra`} {
		if _, err := w.db.ExecContext(ctx, text); err != nil {
			continue // another worker does the same
		}
		w.shared.add(ddl)
	}
}

// readByKey reads every item by the column of changeKey.
func (w *worker) readByKey() {
	for id := range int64(items) {
		w.readItemByKey(id)
	}
}

func (w *worker) readItemByKey(id int64) {
	ctx, cancel := context.WithTimeout(context.Background(), aWhile)
	defer cancel()
	w.readRows(ctx, itemQueries[len(itemQueries)-1], id)
}

// changeKey makes the column code a unique key, or if it is one no longer one.
func (w *worker) changeKey() {
	if !w.alter(`CREATE UNIQUE INDEX items_code ON items (code)`) {
		w.alter(w.database.dropIndex())
	}
}

// dropKey is for the next changeKey: mostly it is to make a key.
func (w *worker) dropKey() {
	if rand.IntN(4) != 0 {
		w.alter(w.database.dropIndex())
	}
}

func (w *worker) alter(text string) (done bool) {
	ctx, cancel := context.WithTimeout(context.Background(), aWhile)
	defer cancel()
	if _, err := w.db.ExecContext(ctx, text); err != nil {
		return false
	}
	w.shared.add(ddl)
	return true
}
