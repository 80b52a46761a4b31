package cachedsql

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"reflect"
	"sync"
	"time"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/rowcodec"
)

// rows answers a cached statement, a hit as well as a miss: one type, so that
// nobody can tell one from the other. A hit has a result to replay; a miss has
// the driver's rows, which it records while the caller reads them.
type rows struct {
	conn      *conn
	set       int
	names     []string
	cursor    rowcodec.Cursor // of a hit
	recording *recording      // nil: a hit
	asked     *askedRows      // nil: nobody has asked for such things
}

// askedRows is what few callers want to know of rows.
type askedRows struct {
	types   []rowcodec.Column
	current []driver.Value //nolint:unused // Go 1.27: the row that ScanColumn reads
}

// Rows with room for the names of a first set with few columns, and with a few
// more. The names are the caller's, who may keep them and change them.
type (
	rowsOfFew struct {
		rows
		room [4]string
	}
	rowsOfSome struct {
		rows
		room [11]string
	}
)

var (
	_ driver.Rows                           = (*rows)(nil)
	_ driver.RowsNextResultSet              = (*rows)(nil)
	_ driver.RowsColumnTypeScanType         = (*rows)(nil)
	_ driver.RowsColumnTypeDatabaseTypeName = (*rows)(nil)
	_ driver.RowsColumnTypeLength           = (*rows)(nil)
	_ driver.RowsColumnTypeNullable         = (*rows)(nil)
	_ driver.RowsColumnTypePrecisionScale   = (*rows)(nil)
)

// replay returns the rows of a hit.
func (c *conn) replay(result *rowcodec.Result) *rows {
	var r *rows
	var room []string
	switch width := result.Width(0); {
	case width <= len(rowsOfFew{}.room):
		few := &rowsOfFew{}
		r, room = &few.rows, few.room[:]
	case width <= len(rowsOfSome{}.room):
		some := &rowsOfSome{}
		r, room = &some.rows, some.room[:]
	default:
		r = &rows{}
	}
	r.conn = c
	r.enterSet(result, 0, room)
	return r
}

func (r *rows) enterSet(result *rowcodec.Result, set int, room []string) {
	r.set, r.asked = set, nil
	r.names = result.Names(set, room)
	r.cursor = result.Cursor(set)
	if r.conn.connector.adapter.ReusesBytes {
		r.cursor.ReuseBytes()
	}
}

// rarely returns what few callers want, empty at first.
func (r *rows) rarely() *askedRows {
	if r.asked == nil {
		r.asked = &askedRows{}
	}
	return r.asked
}

// column returns what the driver said of a column.
func (r *rows) column(i int) *rowcodec.Column {
	q := r.rarely()
	switch {
	case q.types != nil:
	case r.recording != nil: // it could not say at once
		column := columnOf(r.recording.source, i, r.names[i])
		return &column
	default:
		q.types = r.cursor.Result().Columns(r.set)
	}
	return &q.types[i]
}

// record returns the rows of a miss, which are stored when the caller has read
// them to the end.
func (c *conn) record(source driver.Rows, l *lookup) driver.Rows {
	r := &rows{conn: c, recording: newRecording(c, l, source)}
	r.enterSourceSet()
	if c.snapshotPerConn() {
		c.openRows++
	}
	return r
}

func (r *rows) enterSourceSet() {
	rec := r.recording
	r.names = rec.source.Columns()
	types := columnsOf(rec.source, r.names)
	if types == nil {
		rec.drop(reason.UnsupportedValue)
	}
	rec.beginSet(types)
	r.asked = &askedRows{types: types}
}

// Columns returns the column names of the current result set.
func (r *rows) Columns() []string { return r.names }

// Next fills dest with the next row.
func (r *rows) Next(dest []driver.Value) error {
	if r.recording == nil {
		return r.cursor.Next(dest)
	}
	err := r.recording.source.Next(dest)
	r.recording.next(dest, err)
	return err
}

// HasNextResultSet reports whether there is another result set.
func (r *rows) HasNextResultSet() bool {
	if r.recording == nil {
		return r.set+1 < r.cursor.Result().Sets()
	}
	return hasNextResultSet(r.recording.source)
}

// NextResultSet advances to the next result set, io.EOF if there is none.
func (r *rows) NextResultSet() error {
	if r.recording == nil {
		if !r.HasNextResultSet() {
			return io.EOF
		}
		r.enterSet(r.cursor.Result(), r.set+1, nil) // the names before are the caller's
		return nil
	}
	more, ok := r.recording.source.(driver.RowsNextResultSet)
	if !ok {
		return io.EOF
	}
	r.recording.leaveSet()
	if err := more.NextResultSet(); err != nil {
		r.recording.drop(reason.ResultError)
		return err
	}
	r.enterSourceSet()
	return nil
}

// Close ends the reading, and stores what was recorded if it is complete.
func (r *rows) Close() error {
	if r.recording == nil {
		return nil
	}
	if r.recording.oneRowIn() {
		r.recording.seekEnd(len(r.names))
	}
	err := r.recording.source.Close()
	if r.conn.snapshotPerConn() {
		r.conn.openRows--
	}
	r.recording.finish(err)
	return err
}

// ColumnTypeScanType returns the Go type the driver suggests for a column.
func (r *rows) ColumnTypeScanType(i int) reflect.Type { return r.column(i).ScanType }

// ColumnTypeDatabaseTypeName returns the driver's name for a column's type.
func (r *rows) ColumnTypeDatabaseTypeName(i int) string { return r.column(i).DatabaseType }

// ColumnTypeLength returns a column's length as the driver tells it.
func (r *rows) ColumnTypeLength(i int) (int64, bool) {
	return r.column(i).Length, r.column(i).HasLength
}

// ColumnTypeNullable returns a column's nullability as the driver tells it.
func (r *rows) ColumnTypeNullable(i int) (nullable, ok bool) {
	return r.column(i).Nullable, r.column(i).HasNullable
}

// ColumnTypePrecisionScale returns a column's precision as the driver tells it.
func (r *rows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	return r.column(i).Precision, r.column(i).Scale, r.column(i).HasPrecisionScale
}

func hasNextResultSet(r driver.Rows) bool {
	more, ok := r.(driver.RowsNextResultSet)
	return ok && more.HasNextResultSet()
}

// columnsOf asks a driver all it can say of its columns. Nil: it panicked, as
// some do before the first row.
func columnsOf(r driver.Rows, names []string) (cols []rowcodec.Column) {
	defer func() {
		if recover() != nil {
			cols = nil
		}
	}()
	cols = make([]rowcodec.Column, len(names))
	for i, name := range names {
		cols[i] = columnOf(r, i, name)
	}
	return cols
}

// columnOf asks what a driver says of one column.
func columnOf(r driver.Rows, i int, name string) (col rowcodec.Column) {
	col.Name = name
	if t, ok := r.(driver.RowsColumnTypeDatabaseTypeName); ok {
		col.DatabaseType = t.ColumnTypeDatabaseTypeName(i)
	}
	col.ScanType = reflect.TypeFor[any]() // database/sql's answer for a driver without one
	if t, ok := r.(driver.RowsColumnTypeScanType); ok {
		col.ScanType = t.ColumnTypeScanType(i)
	}
	if t, ok := r.(driver.RowsColumnTypeLength); ok {
		col.Length, col.HasLength = t.ColumnTypeLength(i)
	}
	if t, ok := r.(driver.RowsColumnTypeNullable); ok {
		col.Nullable, col.HasNullable = t.ColumnTypeNullable(i)
	}
	if t, ok := r.(driver.RowsColumnTypePrecisionScale); ok {
		col.Precision, col.Scale, col.HasPrecisionScale = t.ColumnTypePrecisionScale(i)
	}
	return col
}

// recording is the copy of a result that is made while the caller reads it.
// Whatever goes wrong with it, the caller's reading goes on.
type recording struct {
	conn   *conn
	lookup *lookup
	source driver.Rows
	enc    *rowcodec.Encoder // nil once dropped
	why    Reason            // why it was dropped

	setRows  int64 // in this set
	setEnded bool  // this set has been read to its end
	ended    bool  // so has the last one
	failed   bool  // the driver returned an error
	maxRows  int64
	maxBytes int64
	dbTime   time.Duration
}

var encoders = sync.Pool{New: func() any { return new(rowcodec.Encoder) }}

func newRecording(c *conn, l *lookup, source driver.Rows) *recording {
	rec := &recording{
		conn: c, lookup: l, source: source, enc: encoders.Get().(*rowcodec.Encoder),
		maxRows: defaultMaxRows, maxBytes: defaultMaxBytes, dbTime: time.Since(l.started),
	}
	if rule := l.route.rule; rule != nil {
		rec.maxRows, rec.maxBytes = rule.MaxRows, rule.MaxBytes
	}
	rec.enc.Reset()
	return rec
}

func (rec *recording) beginSet(cols []rowcodec.Column) {
	rec.setRows, rec.setEnded = 0, false
	if rec.enc == nil {
		return
	}
	if err := rec.enc.BeginSet(cols); err != nil {
		rec.drop(reason.UnsupportedValue)
	}
}

// next takes in what the driver's Next returned. The values are copied here
// and now: drivers reuse their memory.
func (rec *recording) next(row []driver.Value, err error) {
	switch {
	case errors.Is(err, io.EOF):
		rec.setEnded = true
		rec.ended = !hasNextResultSet(rec.source)
	case err != nil:
		rec.failed = true
		rec.drop(reason.ResultError)
	default:
		rec.setRows++
		rec.add(row)
	}
}

func (rec *recording) add(row []driver.Value) {
	if rec.enc == nil {
		return
	}
	switch err := rec.enc.Row(row); {
	case err != nil:
		rec.drop(reason.UnsupportedValue)
	case rec.maxRows > 0 && rec.enc.Rows() > rec.maxRows:
		rec.drop(reason.TooManyRows)
	case rec.maxBytes > 0 && int64(rec.enc.Size()) > rec.maxBytes:
		rec.drop(reason.TooLarge)
	}
}

func (rec *recording) leaveSet() {
	if !rec.setEnded {
		rec.drop(reason.PartialRead)
	}
}

// oneRowIn reports whether a caller that closes now may have read everything.
func (rec *recording) oneRowIn() bool {
	return rec.enc != nil && !rec.setEnded && !rec.failed && rec.setRows <= 1 && rec.seeksEnd()
}

// QueryRow stops after the row it wants. Whether there is another is worth one
// look: most drivers have to skip the rest of the result anyway. SQLite computes
// rows as they are asked for, and the next may be at the end of a large table. A
// statement for which the look took longer than its row, several times in a row,
// is not looked behind again, and its results are not stored where their end is
// not read.

const (
	endNear  = time.Millisecond // how long a look may take in any case
	farLooks = 3                // that many in a row are no accident of a busy machine
)

// seeksEnd reports whether to look for a row behind the only one that was read.
func (rec *recording) seeksEnd() bool {
	p := rec.lookup.plan
	return !rec.conn.snapshotPerConn() || !p.st.Endless && !rec.lookup.route.effects.Endless && p.tally.farLooks.Load() < farLooks
}

func (rec *recording) seekEnd(width int) {
	began := time.Now()
	row := make([]driver.Value, width)
	rec.next(row, rec.source.Next(row))
	far := &rec.lookup.plan.tally.farLooks
	switch took := time.Since(began); {
	case !rec.conn.snapshotPerConn():
	case took > endNear && took > began.Sub(rec.lookup.started):
		far.Add(1)
	case far.Load() != 0:
		far.Store(0)
	}
}

// drop gives the recording up.
func (rec *recording) drop(why Reason) {
	if rec.enc == nil {
		return
	}
	encoders.Put(rec.enc)
	rec.enc, rec.why = nil, why
	rec.lookup.flight.fail(why != reason.ResultError)
}

// finish stores the result if it is all there and the driver closed it without
// an error: some report theirs only then.
func (rec *recording) finish(err error) {
	switch {
	case err != nil:
		rec.drop(reason.ResultError)
	case !rec.ended:
		rec.drop(reason.PartialRead)
	}
	switch {
	case rec.lookup.check != nil:
		rec.compareWithHit()
	case rec.enc == nil:
		rec.notFilled(rec.why)
	default:
		rec.fill()
	}
}

func (rec *recording) notFilled(why Reason) {
	if rec.lookup.shared {
		return
	}
	rec.conn.emit(context.TODO(), rec.lookup.plan, Event{Outcome: NotFilled, Reason: why, Rule: rec.lookup.route.ruleName()})
}
