package cachedsql

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/cachedsql/cachedsql/internal/catalog"
	"github.com/cachedsql/cachedsql/internal/reason"
)

// postgresSettings are the settings of PostgreSQL that can change what a
// cacheable statement returns.
var postgresSettings = []string{
	"search_path", "TimeZone", "DateStyle", "IntervalStyle", "extra_float_digits", "bytea_output",
	"client_encoding", "lc_messages", "lc_monetary", "lc_numeric", "lc_time", "xmlbinary", "xmloption",
	"default_text_search_config", "standard_conforming_strings", "quote_all_identifiers", "row_security",
	"transform_null_equals", "array_nulls", "backslash_quote", "gin_fuzzy_search_limit", "timezone_abbreviations",
	"default_transaction_isolation", "plan_cache_mode", "session_replication_role", "restrict_nonsystem_relation_kind",
	"pg_trgm.similarity_threshold", "pg_trgm.word_similarity_threshold", "pg_trgm.strict_word_similarity_threshold",
	"hnsw.ef_search", "hnsw.iterative_scan", "hnsw.max_scan_tuples", "hnsw.scan_mem_multiplier",
	"ivfflat.probes", "ivfflat.iterative_scan", "ivfflat.max_probes",
}

// postgresGiven asks for the session's value of each setting of an extension, or
// of the application's own, that ALTER ROLE or ALTER DATABASE gives now. Those of
// a library that is not loaded yet are in force, and not in pg_settings.
const postgresGiven = `(SELECT pg_catalog.json_object_agg(name, pg_catalog.current_setting(name, true) ORDER BY name)` +
	` FROM (SELECT DISTINCT pg_catalog.lower(pg_catalog.split_part(c, '=', 1)) AS name FROM pg_catalog.pg_db_role_setting, pg_catalog.unnest(setconfig) AS c` +
	` WHERE setdatabase IN (0, (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))` +
	` AND setrole IN (0, (SELECT usesysid FROM pg_catalog.pg_user WHERE usename = session_user))) AS given WHERE name LIKE '%.%')::text`

// postgresIgnored are settings that change how long a statement takes or what
// is logged of it, never what it returns.
var postgresIgnored = map[string]bool{
	"application_name": true, "statement_timeout": true, "lock_timeout": true, "transaction_timeout": true,
	"idle_in_transaction_session_timeout": true, "idle_session_timeout": true, "work_mem": true,
	"maintenance_work_mem": true, "client_min_messages": true, "synchronous_commit": true, "jit": true,
	"tcp_user_timeout": true, "tcp_keepalives_idle": true, "role": true, "session_authorization": true,
}

func (c *conn) postgresState(ctx context.Context) (state, error) {
	settings := c.postgresSettings()
	// What is open to everybody may change between two questions, but hardly
	// twice.
	for range 3 {
		alone := c.connector.noControl.Load()
		rows, err := (server{c}).Query(ctx, postgresQuestion(alone, settings), postgresFacts+len(settings))
		if err != nil {
			if alone || !c.mayNotAskControl(ctx) {
				return state{}, err
			}
			c.withoutControl()
			continue
		}
		if len(rows) != 1 {
			return state{}, fmt.Errorf("cachedsql: unexpected answer about the session: %d rows", len(rows))
		}
		switch open := rows[0][9].S == "true"; {
		case open == !alone:
			return postgresAnswer(rows[0])
		case open:
			c.connector.noControl.Store(false)
		default:
			c.withoutControl()
		}
	}
	return state{}, errors.New("cachedsql: who may call pg_control_system changes all the time")
}

func (c *conn) postgresSettings() []string {
	settings := postgresSettings
	for _, w := range c.session.watched {
		if !postgresIgnored[w] && !slices.ContainsFunc(settings, func(s string) bool { return strings.EqualFold(s, w) }) {
			settings = append(slices.Clip(settings), w)
		}
	}
	return settings
}

// postgresRun is the microsecond in which the server started: see restarted.
const postgresRun = `(EXTRACT(epoch FROM pg_catalog.pg_postmaster_start_time()) * 1000000)::bigint`

// postgresFacts are the answers before those about settings.
const postgresFacts = 13

// postgresQuestion asks which database this is, and for the session. The name
// of the database has to be the same for all its users, however they connect
// and whatever they may: two names for one database keep its writers from
// being heard by its readers. So the system identifier is it only where
// PUBLIC may ask for it. Elsewhere a server is known, also to those who may, by
// the microsecond in which it started.
func postgresQuestion(withoutControl bool, settings []string) string {
	var q strings.Builder
	q.WriteString(`SELECT `)
	if withoutControl {
		q.WriteString(`'run-' || ` + postgresRun + ` || '-' || pg_catalog.current_setting('port')`)
	} else {
		q.WriteString(`(SELECT system_identifier FROM pg_catalog.pg_control_system())::text`)
	}
	q.WriteString(`, (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())::text,` +
		` pg_catalog.current_database()::text, current_user::text, session_user::text,` +
		` pg_catalog.pg_is_in_recovery()::text, pg_catalog.array_to_json(pg_catalog.current_schemas(false))::text,` +
		` (SELECT pg_catalog.json_agg(relname) FROM pg_catalog.pg_class WHERE pg_catalog.pg_my_temp_schema() <> 0 AND relnamespace = pg_catalog.pg_my_temp_schema())::text,` +
		` (SELECT pg_catalog.bool_or(typtype <> 'c' OR typrelid IN (SELECT oid FROM pg_catalog.pg_class WHERE relkind = 'c')) FROM pg_catalog.pg_type` +
		` WHERE pg_catalog.pg_my_temp_schema() <> 0 AND typnamespace = pg_catalog.pg_my_temp_schema() AND typelem = 0)::text,` +
		` (SELECT pg_catalog.bool_or(pg_catalog.has_function_privilege('public', oid, 'execute'))` +
		` FROM pg_catalog.pg_proc WHERE proname = 'pg_control_system')::text, ` + postgresRun + `::text,` +
		` pg_catalog.to_regrole(pg_catalog.quote_ident(current_user))::oid::text, ` + postgresGiven)
	for _, name := range settings {
		q.WriteString(`, pg_catalog.current_setting('` + strings.ReplaceAll(name, `'`, `''`) + `', true)`)
	}
	return q.String()
}

// mayNotAskControl reports whether the server does not let this user ask for
// the system identifier, or does not know the question. Any other failure is
// one of the moment: a process that took it for this one would name the
// database differently from all others, and neither would see the other's
// writes.
func (c *conn) mayNotAskControl(ctx context.Context) bool {
	rows, err := (server{c}).Query(ctx, `SELECT pg_catalog.has_function_privilege(oid, 'execute')::text`+
		` FROM pg_catalog.pg_proc WHERE proname = 'pg_control_system'`, 1)
	return err == nil && (len(rows) == 0 || rows[0][0].S == "false")
}

// withoutControl notes that the database is known by its server's start, which
// an operator may want to change.
func (c *conn) withoutControl() {
	if !c.connector.noControl.Swap(true) && c.cache.config.Namespace == "" {
		c.cache.note(errNoControl)
	}
}

var errNoControl = errors.New("cachedsql: not everybody may call pg_control_system(): the database is known by the time its server" +
	" started, and nothing that was cached before a restart is used after it;" +
	" GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO PUBLIC, or set cache_namespace")

func postgresAnswer(row []catalog.Text) (state, error) {
	st := state{
		namespace: "pg-" + row[0].S + "-" + row[1].S,
		run:       row[10].S,
		database:  row[2].S,
		user:      row[3].S,
		names:     catalog.Session{Known: true},
	}
	// A role may be renamed, and another made that is called as it was.
	for _, v := range append([]catalog.Text{row[4], row[11], row[12]}, row[postgresFacts:]...) {
		if v.Valid {
			st.settings = append(st.settings, "="+v.S)
		} else {
			st.settings = append(st.settings, "")
		}
	}
	if err := json.Unmarshal([]byte(row[6].S), &st.names.SearchPath); err != nil {
		return state{}, fmt.Errorf("cachedsql: search path of the session: %w", err)
	}
	if row[7].Valid {
		if err := json.Unmarshal([]byte(row[7].S), &st.temp); err != nil {
			return state{}, fmt.Errorf("cachedsql: temporary tables of the session: %w", err)
		}
	}
	setting := func(name string) string { return row[postgresFacts+slices.Index(postgresSettings, name)].S }
	if row[8].S == "true" { // a type of the session hides others of its name, which show in few texts; that of a table's rows: see readsTemp
		st.unfit = reason.SessionState
	}
	isolation := setting("default_transaction_isolation")
	st.misread = setting("standard_conforming_strings") == "off"
	switch {
	case row[5].S != "false":
		st.unfit, st.replica, st.run = reason.ReadReplica, true, "" // its start says nothing of the primary
	case isolation == "serializable":
		st.unfit = reason.IsolationLevel
	}
	return st, nil
}
