package cachedsql

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/cachedsql/cachedsql/internal/zone"
)

// Two handles on one database may make different things of one value, or of one
// argument: by parseTime and loc, by a statement mode, by a type that a hook
// registers. Adapter.Variant tells them apart, and WrapDriver has the data source
// name. Of a connector of which nobody has said anything, or whose connections
// pass through hooks, a sample is taken: a question with a value of each type
// that options are about, and with arguments; the Go types, values and names
// that come back stand for the options. It is taken once for a connector, on the
// first connection, before anybody uses it.
//
// Where a sample cannot tell, the connector shares its results with no other:
// SQLite's options depend on the types that columns are declared with, and of a
// driver that is not known nobody can say what its options are about.

// variant is what tells handles apart whose connections hand out different
// things.
func (c *conn) variant() string { return c.connector.variant + "\x00" + c.sample }

// wantsSample reports whether it has not been said in full what the connections
// hand out. A data source name does not say it: it may be one under which a
// program has registered anything.
func (k *connector) wantsSample() bool {
	return k.adapter.Variant == "" || k.adapter.Alike != nil && !k.adapter.Alike(k.inner)
}

// noteSample makes known what a connection that has just been made hands out.
func (c *conn) noteSample(ctx context.Context) {
	k := c.connector
	if !k.wantsSample() {
		return
	}
	if told := k.sample.Load(); told != nil {
		c.sample = *told
		return
	}
	question, args := sampleQuestion(k.kind())
	switch {
	case question == "" && k.variant == "":
		c.sample = k.private
		if !k.cache.inline {
			k.tellUntold(ctx, errNoQuestion)
		}
	case question != "":
		sample, err := c.takeSample(ctx, question, args)
		if err != nil {
			sample = k.private
			k.tellUntold(ctx, err)
		}
		if c.sample = sample; err == nil || ctx.Err() == nil && !errors.Is(err, driver.ErrBadConn) {
			k.sample.Store(&sample) // an error would be the same the next time
		}
	}
}

var errNoQuestion = errors.New("a driver of this kind cannot be asked")

// tellUntold notes once that a connector's results are for itself.
func (k *connector) tellUntold(ctx context.Context, err error) {
	if ctx.Err() == nil {
		k.noSample.Do(func() {
			k.cache.note(fmt.Errorf("cachedsql: it is not known how the driver is configured, so no other handle, and no other process, shares its results; an Adapter without hooks, or one with a Variant, would say it: %w", err))
		})
	}
}

// sampleQuestion asks for a sample. Its answer does not depend on what a session
// is told by SET, as far as that can be.
func sampleQuestion(d Dialect) (question string, args []driver.Value) {
	switch d {
	case Postgres:
		return postgresSample, []driver.Value{time.Date(2001, 2, 3, 4, 5, 6, 0, time.FixedZone("", 9*60*60)), `\x41`}
	case MySQL:
		for _, t := range sampleTimes {
			args = append(args, t)
		}
		return mysqlSample + strings.Repeat(", CAST(? AS CHAR)", len(args)) + mysqlSampleFrom, args
	}
	return "", nil
}

// postgresSample has a column for each type of which pgx or lib/pq makes a Go
// type of its own, and some that stay text. The first three tell how arguments
// are sent: pgx keeps the zone of a time or, in mode exec, does not; lib/pq takes a
// text for the bytes themselves or, with binary_parameters, for their spelling; and
// pgx's simple protocol has them within the text.
const postgresSample = `SELECT $1::timestamp, $2::bytea, pg_catalog.strpos(pg_catalog.current_query(), '$' || '1') <> 0,` +
	` true, 'a'::"char", 'a'::text, 'a'::varchar, 'a'::char(3), 'a'::name, '\x00ff'::bytea, 1::int2, 1::int8, 1::oid, '1'::xid,` +
	` 1.5::float4, 0.1::float8, 1.50::numeric, date '2001-02-03', time '04:05:06', timetz '04:05:06+02',` +
	` timestamp '2001-02-03 04:05:06.789', timestamptz '2001-07-03 04:05:06.789+00', interval '1 day 02:03:04',` +
	` 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, '{"a": 1}'::json, '{"a": 1}'::jsonb, inet '10.0.0.1', '{1,2}'::int4[], NULL::text`

// mysqlSample names its columns by way of an alias, and has an argument for each
// of sampleTimes.
const (
	mysqlSample     = `SELECT p.a, p.b, p.c, p.d, p.e, p.f`
	mysqlSampleFrom = ` FROM (SELECT TIMESTAMP'2001-02-03 04:05:06' AS a, DATE'2001-02-03' AS b, TIME'04:05:06' AS c,` +
		` 18446744073709551615 AS d, 1.5 AS e, 'x' AS f) AS p`
)

// sampleTimes are moments at which a zone that is not UTC differs from it. No
// zone can be told from others by a few of them.
var sampleTimes = []time.Time{
	time.Date(1950, 1, 2, 3, 4, 5, 123456789, time.UTC), time.Date(1950, 7, 2, 3, 4, 5, 987654321, time.UTC),
	time.Date(1970, 1, 2, 3, 4, 5, 123456789, time.UTC), time.Date(1970, 7, 2, 3, 4, 5, 0, time.UTC),
	time.Date(1985, 7, 2, 3, 4, 5, 0, time.UTC), time.Date(2001, 1, 2, 3, 4, 5, 0, time.UTC),
	time.Date(2018, 7, 2, 3, 4, 5, 0, time.UTC), time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(2025, 7, 2, 3, 4, 5, 0, time.UTC),
}

// takeSample asks, and returns what stands for the answer.
func (c *conn) takeSample(ctx context.Context, question string, args []driver.Value) (string, error) {
	rows, err := c.ownRows(ctx, question, named(args)...)
	if err != nil {
		return "", err
	}
	_, prepared := rows.(closingRows)
	values := make([]driver.Value, len(rows.Columns()))
	if len(values) <= len(args) { // somebody answers whatever is asked
		_ = rows.Close()
		return "", fmt.Errorf("%d columns in answer to %s", len(values), question)
	}
	var sample string
	if err = rows.Next(values); err == nil {
		sample = sampleOf(rows, values, prepared)
		err = c.zoneTold(values)
	} else if err == io.EOF { //nolint:errorlint // as the contract of Rows has it
		err = io.ErrUnexpectedEOF
	}
	for err == nil { // the driver may have more to say
		err = rows.Next(make([]driver.Value, len(values)))
	}
	if err == io.EOF { //nolint:errorlint // as the contract of Rows has it
		err = nil
	}
	if closing := rows.Close(); err == nil {
		err = closing
	}
	return sample, err
}

// sampleOf describes a row as it was handed out.
func sampleOf(rows driver.Rows, values []driver.Value, prepared bool) string {
	hash := sha256.New()
	fmt.Fprintf(hash, "prepared %v\n", prepared)
	typed, _ := rows.(driver.RowsColumnTypeDatabaseTypeName)
	for i, name := range rows.Columns() {
		databaseType := ""
		if typed != nil {
			databaseType = typed.ColumnTypeDatabaseTypeName(i)
		}
		if t, ok := values[i].(time.Time); ok {
			fmt.Fprintf(hash, "%q %q time %s %q %s\n", name, databaseType, t.Format(time.RFC3339Nano), t.Location(), zone.Rules(t.Location()))
			continue
		}
		fmt.Fprintf(hash, "%q %q %T %q\n", name, databaseType, values[i], fmt.Sprint(values[i]))
	}
	return "sample " + hex.EncodeToString(hash.Sum(nil)[:8])
}

// zoneTold reports an error where MySQL's driver sends times in a zone that shows
// neither in a Variant nor in a value: arguments tell that it is not UTC, but not
// which it is.
func (c *conn) zoneTold(values []driver.Value) error {
	if c.connector.kind() != MySQL || c.connector.variant != "" {
		return nil
	}
	if _, shown := values[0].(time.Time); shown {
		return nil
	}
	for i, t := range sampleTimes {
		sent := textOf(values[len(values)-len(sampleTimes)+i]).S
		if !strings.HasPrefix(sent, t.Format(time.DateTime)) {
			return fmt.Errorf("times are sent in a zone of which no value tells: %s is sent as %s", t.Format(time.DateTime), sent)
		}
	}
	return nil
}
