package cachedsql_test

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/cachedsql/cachedsql"
)

// clockReads look at the clock in ways that their texts hide: the database
// itself says so, by another answer at another time. Every one of steadyReads
// is beside one of them and is to be cached all the same.
var clockReads = []struct {
	on     int
	setup  []string
	reads  []string
	steady []string
}{
	{
		pg,
		[]string{
			"CREATE DOMAIN due AS TIMESTAMPTZ", "CREATE DOMAIN later AS due", "CREATE DOMAIN words AS TEXT", "CREATE TYPE span AS (starts due, label TEXT)", "CREATE TYPE slot AS RANGE (subtype = TIMESTAMPTZ)",
			"CREATE DOMAIN recent AS TIMESTAMPTZ CHECK (VALUE > '2020-01-01')", "CREATE SCHEMA aside", "CREATE DOMAIN aside.due AS TIMESTAMPTZ", "CREATE DOMAIN small AS INTEGER CHECK (VALUE > 0)",
			"CREATE TABLE events (id INTEGER PRIMARY KEY, at TIMESTAMPTZ)", "CREATE DOMAIN event AS events", "CREATE TYPE noted AS (e events[], n INTEGER)", "CREATE TABLE logged (e events)", "CREATE DOMAIN log AS logged",
			"CREATE FUNCTION at(TEXT) RETURNS TIMESTAMPTZ IMMUTABLE LANGUAGE sql AS 'SELECT $1::timestamptz'",
			"CREATE FUNCTION at2(TEXT) RETURNS TIMESTAMPTZ IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN $1; END'",
			"CREATE FUNCTION at3(JSONB) RETURNS TEXT IMMUTABLE LANGUAGE plpgsql AS $$ DECLARE d due; BEGIN d := $1 ->> 't'; RETURN d; END $$",
			"CREATE FUNCTION at4() RETURNS TIMESTAMPTZ IMMUTABLE LANGUAGE plpgsql AS $$ DECLARE x TEXT = 'now'; BEGIN RETURN x; END $$",
			"CREATE FUNCTION month(TIMESTAMPTZ) RETURNS DATE IMMUTABLE LANGUAGE sql AS $$ SELECT date_trunc('month', $1 AT TIME ZONE 'UTC')::date $$",
			"CREATE FUNCTION plain(TEXT) RETURNS TEXT IMMUTABLE LANGUAGE sql AS 'SELECT upper($1)'",
			"CREATE TABLE notes (id INTEGER PRIMARY KEY, txt TEXT, at TIMESTAMPTZ, j JSONB, w words, a TEXT[], x XML, n INTEGER)",
			`INSERT INTO notes VALUES (1, 'now', '2026-01-01', '{"t": "now", "starts": "now"}', 'now', '{now}', '<r><t>now</t></r>', 1)`,
			"CREATE VIEW shown AS SELECT id, txt::due AS at FROM notes",
		},
		[]string{
			"SELECT txt::due FROM notes", "SELECT CAST(txt AS later) FROM notes", "SELECT txt::aside.due FROM notes", "SELECT txt::public.due FROM notes", "SELECT a::due[] FROM notes", "SELECT w::timestamptz FROM notes", "SELECT txt::words::timestamptz FROM notes",
			"SELECT ROW(txt, '')::span FROM notes", "SELECT (ROW(txt, '')::span).starts FROM notes", "SELECT ('[' || txt || ',)')::slot FROM notes", "SELECT ROW(id, txt)::events FROM notes", "SELECT txt::recent FROM notes", "SELECT a[1]::due FROM notes",
			"SELECT r.t FROM notes, jsonb_to_record(j) AS r(t due)", "SELECT r.t FROM notes, jsonb_to_recordset(jsonb_build_array(j)) AS r(t later)", "SELECT jsonb_populate_record(NULL::span, j) FROM notes", "SELECT r.* FROM notes, json_populate_record(NULL::span, j::json) r",
			"SELECT xt.t FROM notes, xmltable('/r' PASSING x COLUMNS t due PATH 't') xt", "SELECT at FROM shown", "SELECT at(txt) FROM notes", "SELECT at2(txt) FROM notes", "SELECT at3(j) FROM notes", "SELECT at4() FROM notes",
			"SELECT max(txt)::due FROM notes", "SELECT COALESCE(NULL, txt)::due FROM notes", "SELECT (SELECT txt)::due FROM notes", "WITH c AS (SELECT txt AS at FROM notes) SELECT at::due FROM c", "SELECT (j ->> 't')::due FROM notes",
			"SELECT ('(1,' || txt || ')')::event FROM notes", `SELECT ('("{""(1,' || txt || ')""}",1)')::noted FROM notes`, `SELECT ('("(1,' || txt || ')")')::log FROM notes`,
		},
		[]string{
			"SELECT '2026-01-01'::due FROM notes", "SELECT n::small FROM notes", "SELECT txt::words FROM notes", "SELECT month(at) FROM notes", "SELECT plain(txt) FROM notes", "SELECT ROW(n)::text FROM notes", "SELECT at::date, at::timestamp FROM notes", "SELECT n::small::int FROM notes", "SELECT txt::varchar(2) FROM notes",
		},
	},
	{
		my,
		[]string{
			"CREATE TABLE shifts (id INTEGER PRIMARY KEY, t TIME, t2 TIME, d DATE, dt DATETIME, s VARCHAR(30), n INTEGER)",
			"INSERT INTO shifts VALUES (1, '10:00', '11:00', '2026-06-05', '2026-06-05 10:00:00', '2026-06-05 09:00:00', 5)",
			"CREATE TABLE meets (id INTEGER PRIMARY KEY, t DATETIME, x TIME)", "INSERT INTO meets VALUES (1, '2026-06-05 12:00:00', '10:00')",
			"CREATE TABLE days (id INTEGER PRIMARY KEY, t DATETIME)", "INSERT INTO days SELECT i, '2026-05-28 10:00:00' + INTERVAL i DAY FROM (SELECT 0 AS i UNION SELECT 1 UNION SELECT 2 UNION SELECT 3) s",
			"CREATE VIEW late AS SELECT id, t > dt AS is_late, COALESCE(t, dt) AS at FROM shifts",
		},
		[]string{
			"SELECT t > dt FROM shifts", "SELECT id FROM shifts WHERE d >= t", "SELECT count(*) FROM shifts s JOIN days y ON y.t = s.t", "SELECT count(*) FROM shifts JOIN days USING (t)", "SELECT count(*) FROM shifts NATURAL JOIN (SELECT t FROM days) y",
			"SELECT t FROM shifts UNION SELECT dt FROM shifts", "SELECT t, 1 FROM shifts UNION ALL SELECT d, 2 FROM shifts ORDER BY 1", "SELECT COALESCE(t, dt) FROM shifts", "SELECT IF(n > 9, dt, t) FROM shifts", "SELECT CASE n WHEN 5 THEN t ELSE dt END FROM shifts",
			"SELECT TIMESTAMPDIFF(SECOND, t, dt) FROM shifts", "SELECT TIMESTAMPDIFF(HOUR, t, s) FROM shifts", "SELECT GREATEST(t, dt) FROM shifts", "SELECT LEAST(MAKETIME(1, 2, 3), d) FROM shifts", "SELECT CAST(ADDTIME(t, '01:00') AS DATETIME) FROM shifts", "SELECT DATE(COALESCE(t, t2)) FROM shifts",
			"SELECT x > dt FROM (SELECT dt, t AS x FROM shifts) s", "SELECT x > dt FROM (SELECT dt, CAST(s AS TIME) x FROM shifts) s", "WITH c (a, b) AS (SELECT t, dt FROM shifts) SELECT a < b FROM c", "SELECT UNIX_TIMESTAMP(x) FROM (SELECT t AS x FROM shifts) s", "SELECT is_late FROM late", "SELECT at FROM late",
			"SELECT count(*) FROM days WHERE t IN (SELECT t FROM shifts)", "SELECT count(*) FROM days WHERE t > ANY (SELECT x FROM meets)", "SELECT count(*) FROM days WHERE t BETWEEN (SELECT min(t2) FROM shifts) AND '2030-01-01'", "SELECT (t, 1) < (dt, 2) FROM shifts", "SELECT t < (SELECT min(dt) FROM shifts) FROM shifts",
			"SELECT NULLIF(1, 1) IS NULL AND dt < TIME'10:30' FROM shifts", "WITH RECURSIVE r AS (SELECT dt AS v, 1 AS i FROM shifts UNION ALL SELECT (SELECT max(x) FROM meets), i + 1 FROM r WHERE i < 2) SELECT max(v), min(v) FROM r", "SELECT DATE(STR_TO_DATE(s, '%Y')) < dt, DATE(SEC_TO_TIME(n)) FROM shifts",
		},
		[]string{
			"SELECT t < t2, t = '10:00' FROM shifts", "SELECT t, d, dt FROM shifts WHERE dt > '2026-01-01' AND t > '09:00' AND d = DATE(dt)", "SELECT TIMESTAMPDIFF(SECOND, t, t2) FROM shifts", "SELECT COALESCE(t, t2), GREATEST(d, dt) FROM shifts", "SELECT t FROM shifts UNION SELECT t2 FROM shifts", "SELECT max(t), max(dt) FROM shifts GROUP BY id",
			"SELECT DATE(STR_TO_DATE(s, '%Y-%m-%d')) FROM shifts", "SELECT n < dt, ADDTIME(t, '01:00') < t2 FROM shifts", "SELECT TIME(dt) = t FROM shifts",
		},
	},
}

func TestReadThatLooksAtTheClockIsNeverServedFromTheCache(t *testing.T) {
	inPairs(t, func(p *pair) {
		for _, tc := range clockReads {
			if !p.isOn(tc.on) {
				continue
			}
			p.exec(p.bare, tc.setup...)
			c := p.conn(p.bare)
			for _, read := range tc.reads {
				first, second := p.atTwoTimes(c, read)
				if strings.HasPrefix(first, "error") && !p.isOn(pg|maria) {
					continue // MySQL takes fewer of them
				}
				if first == second {
					p.Errorf("%s: twice %q, so this shows nothing", read, first)
				}
				for range 3 {
					if got, did := p.b.read(read); did == "hit" {
						p.Errorf("%s: got %q from the cache", read, got)
					}
				}
			}
			for _, read := range tc.steady {
				if first, second := p.atTwoTimes(c, read); first != second {
					p.Errorf("%s: got %q, then %q", read, first, second)
				}
				p.b.read(read)
				if got, did := p.b.read(read); did != "hit" {
					p.Errorf("%s: got %q, but %s", read, got, did)
				}
			}
		}
	})
}

// atTwoTimes asks the database at two times: MySQL as of two days.
func (p *pair) atTwoTimes(on execer, read string) (first, second string) {
	for i, answerAt := range []*string{&first, &second} {
		if p.dialect == cachedsql.MySQL {
			p.exec(on, fmt.Sprintf("SET timestamp = %d", 1780000000+i*1234567))
		} else {
			p.exec(on, "DISCARD PLANS") // what is called immutable has become a constant in them
		}
		*answerAt = answer(p.Context(), on, read)
	}
	return first, second
}

// bytesValuer is an argument that becomes bytes only when it is sent.
type bytesValuer struct{ text *string }

func (v bytesValuer) Value() (driver.Value, error) { return []byte(*v.text), nil }

func TestArgumentThatNamesTheTimeIsNeverServedFromTheCache(t *testing.T) {
	inPairs(t, func(p *pair) {
		if p.dialect != cachedsql.Postgres {
			p.Skip("it is PostgreSQL that reads them")
		}
		p.exec(p.bare, "CREATE TABLE events (id INTEGER PRIMARY KEY, at TIMESTAMPTZ)", "INSERT INTO events VALUES (1, '2026-01-01')")
		const since, one, many = "SELECT id, @since - at FROM events", "SELECT id, $1 - at FROM events", "SELECT id, ($1::timestamptz[])[1] - at FROM events"
		now, then := "now", "2026-01-02"
		type named string
		for _, tc := range []struct {
			query string
			arg   func(word string) any
		}{
			{one, func(w string) any { return w }},
			{one, func(w string) any { return &w }},
			{one, func(w string) any { return named(w) }},
			{one, func(w string) any { return json.RawMessage(w) }},
			{one, func(w string) any { return bytesValuer{&w} }},
			{one, func(w string) any { return sql.NullString{String: w, Valid: true} }},
			{one, func(w string) any { return pgtype.Text{String: w, Valid: true} }},
			{since, func(w string) any { return pgx.NamedArgs{"since": w} }},
			{since, func(w string) any { return pgx.StrictNamedArgs{"since": &w} }},
			{many, func(w string) any { return []string{w} }},
			{many, func(w string) any { return []any{w} }},
			{many, func(w string) any { return []*string{&w} }},
			{many, func(w string) any { return []named{named(w)} }},
			{many, func(w string) any { return pgtype.FlatArray[string]{w} }},
			{many, func(w string) any { return []pgtype.Text{{String: w, Valid: true}} }},
			{many, func(w string) any { return "{" + w + "}" }},
		} {
			arg := tc.arg(now)
			if got := answer(p.Context(), p.bare, tc.query, tc.arg(then)); strings.HasPrefix(got, "error") {
				p.Logf("%s with %T: %s", tc.query, arg, got) // not an argument for it
				continue
			}
			for range 3 {
				if got, did := p.b.read(tc.query, arg); did == "hit" {
					p.Errorf("%s with %T: got %q from the cache", tc.query, arg, got)
				}
			}
		}
		p.b.read(since, pgx.NamedArgs{"since": then})
		if got, did := p.b.read(since, pgx.NamedArgs{"since": then}); did != "hit" {
			p.Errorf("got %q, but %s", got, did)
		}
	})
}
