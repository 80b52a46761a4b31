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
	conn  *conn
	set   int
	names []string
	types []rowcodec.Column
	room  [12]string // for the names of a first set with few columns

	result *rowcodec.Result
	cursor rowcodec.Cursor

	source    driver.Rows
	recording *recording

	current []driver.Value //nolint:unused // Go 1.27: the row that ScanColumn reads
}

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
	r := &rows{conn: c, result: result}
	r.enterSet(0, r.room[:])
	return r
}

func (r *rows) enterSet(set int, room []string) {
	r.set = set
	r.names, r.types = r.result.Names(set, room), nil
	r.cursor = r.result.Cursor(set)
}

// column returns what the driver said of a column. Few callers ask.
func (r *rows) column(i int) *rowcodec.Column {
	switch {
	case r.types != nil:
	case r.source != nil: // it could not say at once
		column := columnOf(r.source, i, r.names[i])
		return &column
	default:
		r.types = r.result.Columns(r.set)
	}
	return &r.types[i]
}

// record returns the rows of a miss, which are stored when the caller has read
// them to the end.
func (c *conn) record(source driver.Rows, l *lookup) driver.Rows {
	r := &rows{conn: c, source: source, recording: newRecording(c, l)}
	r.enterSourceSet()
	if c.snapshotPerConn() {
		c.openRows++
	}
	return r
}

func (r *rows) enterSourceSet() {
	r.names = r.source.Columns()
	r.types = columnsOf(r.source, r.names)
	if r.types == nil {
		r.recording.drop(reason.UnsupportedValue)
	}
	r.recording.beginSet(r.types)
}

// Columns returns the column names of the current result set.
func (r *rows) Columns() []string { return r.names }

// Next fills dest with the next row.
func (r *rows) Next(dest []driver.Value) error {
	if r.source == nil {
		return r.cursor.Next(dest)
	}
	err := r.source.Next(dest)
	r.recording.next(dest, err, r.source)
	return err
}

// HasNextResultSet reports whether there is another result set.
func (r *rows) HasNextResultSet() bool {
	if r.source == nil {
		return r.set+1 < r.result.Sets()
	}
	return hasNextResultSet(r.source)
}

// NextResultSet advances to the next result set, io.EOF if there is none.
func (r *rows) NextResultSet() error {
	if r.source == nil {
		if !r.HasNextResultSet() {
			return io.EOF
		}
		r.enterSet(r.set+1, nil) // the names before are the caller's
		return nil
	}
	more, ok := r.source.(driver.RowsNextResultSet)
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
	if r.source == nil {
		return nil
	}
	// QueryRow stops after the row it wants. Whether there is another is worth
	// one look: the driver has to skip the rest of the result anyway.
	if r.recording.oneRowIn() {
		extra := make([]driver.Value, len(r.names))
		r.recording.next(extra, r.source.Next(extra), r.source)
	}
	err := r.source.Close()
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

func newRecording(c *conn, l *lookup) *recording {
	rec := &recording{
		conn: c, lookup: l, enc: encoders.Get().(*rowcodec.Encoder),
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
func (rec *recording) next(row []driver.Value, err error, source driver.Rows) {
	switch {
	case errors.Is(err, io.EOF):
		rec.setEnded = true
		rec.ended = !hasNextResultSet(source)
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
	return rec.enc != nil && !rec.setEnded && !rec.failed && rec.setRows <= 1
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
