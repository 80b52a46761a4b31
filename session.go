package cachedsql

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/cachedsql/cachedsql/internal/catalog"
	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// session is what is known of a connection's state on the server. It is asked
// from the server when a statement first needs it and again after any
// statement that may have changed it, never inside a transaction: there the
// question could fix a snapshot the application has not asked for.
type session struct {
	known bool   // the fields below are the server's word
	off   Reason // why nothing may be cached whatever the server says; sticky

	key      [sha256.Size]byte // everything that can change a result
	space    *space
	names    catalog.Session
	path     string // names, as a comparable value
	database string
	user     string
	unfit    Reason // why this state allows no caching: a replica, an isolation level
	temp     map[string]struct{}

	// misread: a setting makes, or may make, the server read texts in another
	// way than their analysis does. See judged.
	misread bool

	// watched are settings the application has changed, beyond those that are
	// always part of the key.
	watched []string
}

// stale makes the next statement that needs the state ask for it again.
func (s *session) stale() { s.known = false }

// renamed makes every schema possible for a bare name until the state has been
// asked for again.
func (s *session) renamed() {
	s.known = false
	s.names.Known = false
	s.path = "?"
}

// renames reports whether a statement may change what a bare name means.
func renames(st *sqlparse.Statement) bool {
	return st.SessionUnknown || st.SessionReset || st.ChangesDatabase || st.Kind == sqlparse.Unknown ||
		slices.ContainsFunc(st.SessionVars, func(v string) bool {
			return v == "search_path" || v == "role" || v == "session_authorization"
		})
}

// changesSession reports whether a statement may change the state of its
// connection, apart from the transaction. A read may too: set_config().
func changesSession(st *sqlparse.Statement) bool {
	return len(st.SessionVars) != 0 || st.SessionUnknown || st.SessionReset || st.ChangesDatabase ||
		len(st.TempTables) != 0 || st.Kind == sqlparse.Unknown
}

// watch makes a setting part of the key.
func (s *session) watch(name string) {
	if name = strings.ToLower(name); !slices.Contains(s.watched, name) {
		s.watched = append(s.watched, name)
	}
}

// note takes in what a statement does to the session. It is called before the
// statement runs, so that no outcome of it is missed.
func (s *session) note(d Dialect, st *sqlparse.Statement) {
	if !changesSession(st) {
		return
	}
	s.stale()
	if renames(st) {
		s.renamed()
	}
	s.misread = s.misread || changesReading(st)
	for _, v := range st.SessionVars {
		if !strings.HasPrefix(v, "@") {
			s.watch(v)
		}
	}
	for _, t := range st.TempTables {
		s.addTemp(t.Name)
	}
	// PostgreSQL's state, temporary tables included, can be asked for in full.
	// Elsewhere a text that hides what it does ends caching on the connection.
	if d != Postgres && (st.SessionUnknown || st.Kind == sqlparse.Unknown) {
		s.off = reason.SessionState
	}
	if d == SQLite && !harmlessPragmas(st.SessionVars) {
		s.off = reason.SessionState
	}
}

func (s *session) addTemp(name string) {
	if s.temp == nil {
		s.temp = map[string]struct{}{}
	}
	s.temp[strings.ToLower(name)] = struct{}{}
}

// readsTemp reports whether the statement may mean a temporary table.
func (s *session) readsTemp(st *sqlparse.Statement) bool {
	if len(s.temp) == 0 {
		return false
	}
	for _, t := range st.Reads {
		if _, ok := s.temp[strings.ToLower(t.Name)]; ok {
			return true
		}
	}
	return false
}

// know makes the session's state known, asking the server if need be.
func (c *conn) know(ctx context.Context) error {
	s := &c.session
	if s.known {
		return nil
	}
	var found state
	var err error
	switch c.dialect() {
	case Postgres:
		found, err = c.postgresState(ctx)
	case MySQL:
		found, err = c.mysqlState(ctx)
	case SQLite:
		found, err = c.sqliteState(ctx)
	default:
		found = state{names: catalog.Session{Known: true}}
	}
	if err != nil {
		return err
	}
	c.learn(found)
	if c.pristine {
		c.connector.learnt(c)
	}
	return nil
}

// state is the server's answer.
type state struct {
	namespace string // "" = cannot be told
	settings  []string
	names     catalog.Session
	database  string
	user      string
	unfit     Reason
	misread   bool
	temp      []string
}

// connections numbers the connections whose database nobody can name.
var connections atomic.Uint64

func (c *conn) learn(found state) {
	s := &c.session
	if c.cache.config.Namespace != "" {
		found.namespace = c.cache.config.Namespace
	}
	s.unfit, s.misread = found.unfit, found.misread
	switch {
	case found.namespace != "":
	case c.dialect() == Generic && c.cache.owned:
		// Nobody can be asked which database this is, but nobody else shares
		// the store either. Every write counts for all of the Cache's
		// databases, and every connection has entries of its own: it may be
		// the only one to its database, as in memory.
		found.namespace = "unnamed"
		found.settings = append(found.settings, strconv.FormatUint(connections.Add(1), 10))
	default:
		s.unfit = reason.UnknownNamespace
		found.namespace = c.connector.private
	}
	s.space = c.cache.space(found.namespace)
	s.names, s.database, s.user = found.names, found.database, found.user
	s.path = found.names.Database + "\x00" + strings.Join(found.names.SearchPath, "\x00")
	for _, t := range found.temp {
		s.addTemp(t)
	}
	h := sha256.New()
	for _, part := range append([]string{c.connector.variant, found.database, found.user}, found.settings...) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	h.Sum(s.key[:0])
	s.known = true
	c.connector.identified.Store(true)
	c.connector.last.Store(s.space)
	if c.connector.owes.Swap(false) {
		_ = c.cache.bump(context.Background(), s.space, touched{names: []string{WildcardTag, SchemaTag}})
	}
}

// postgresSettings are the settings of PostgreSQL that can change what a
// cacheable statement returns.
var postgresSettings = []string{
	"search_path", "TimeZone", "DateStyle", "IntervalStyle", "extra_float_digits", "bytea_output",
	"client_encoding", "lc_messages", "lc_monetary", "lc_numeric", "lc_time", "xmlbinary", "xmloption",
	"default_text_search_config", "standard_conforming_strings", "quote_all_identifiers", "row_security",
	"transform_null_equals", "array_nulls", "backslash_quote", "gin_fuzzy_search_limit", "timezone_abbreviations",
	"default_transaction_isolation", "plan_cache_mode", "session_replication_role",
	"pg_trgm.similarity_threshold", "pg_trgm.word_similarity_threshold", "pg_trgm.strict_word_similarity_threshold",
}

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
		rows, err := (server{c}).Query(ctx, postgresQuestion(alone, settings))
		if err != nil {
			if alone || !c.mayNotAskControl(ctx) {
				return state{}, err
			}
			c.withoutControl()
			continue
		}
		if len(rows) != 1 || len(rows[0]) != 9+len(settings) {
			return state{}, fmt.Errorf("cachedsql: unexpected answer about the session: %d rows", len(rows))
		}
		switch open := rows[0][8].S == "true"; {
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
		q.WriteString(`'run-' || (EXTRACT(epoch FROM pg_catalog.pg_postmaster_start_time()) * 1000000)::bigint || '-' ||` +
			` pg_catalog.current_setting('port')`)
	} else {
		q.WriteString(`(SELECT system_identifier FROM pg_catalog.pg_control_system())::text`)
	}
	q.WriteString(`, (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())::text,` +
		` pg_catalog.current_database()::text, current_user::text, session_user::text,` +
		` pg_catalog.pg_is_in_recovery()::text, pg_catalog.array_to_json(pg_catalog.current_schemas(false))::text,` +
		` (SELECT pg_catalog.json_agg(relname) FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.pg_my_temp_schema())::text,` +
		` (SELECT pg_catalog.bool_or(pg_catalog.has_function_privilege('public', oid, 'execute'))` +
		` FROM pg_catalog.pg_proc WHERE proname = 'pg_control_system')::text`)
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
		` FROM pg_catalog.pg_proc WHERE proname = 'pg_control_system'`)
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
		database:  row[2].S,
		user:      row[3].S,
		names:     catalog.Session{Known: true},
	}
	for _, v := range append(row[4:5:5], row[9:]...) {
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
	setting := func(name string) string { return row[9+slices.Index(postgresSettings, name)].S }
	isolation := setting("default_transaction_isolation")
	st.misread = setting("standard_conforming_strings") == "off"
	switch {
	case row[5].S != "false":
		st.unfit = reason.ReadReplica
	case isolation == "serializable":
		st.unfit = reason.IsolationLevel
	}
	return st, nil
}

// mysqlSettings are the system variables of MySQL and MariaDB that can change
// what a cacheable statement returns.
var mysqlSettings = []string{
	"autocommit", "block_encryption_mode", "character_set_client", "character_set_connection",
	"character_set_results", "collation_connection", "collation_database", "cte_max_recursion_depth",
	"default_collation_for_utf8mb4", "default_week_format", "div_precision_increment",
	"explicit_defaults_for_timestamp", "group_concat_max_len", "lc_time_names", "lower_case_table_names",
	"max_recursive_iterations", "max_sort_length", "old", "old_mode", "show_old_temporals", "sql_auto_is_null",
	"sql_mode", "sql_select_limit", "system_time_zone", "system_versioning_asof", "time_zone",
	"transaction_isolation", "tx_isolation", "windowing_use_high_precision", "max_allowed_packet",
	"optimizer_switch", "new", "character_set_system", "regexp_time_limit", "default_regex_flags",
}

// mysqlFacts are the variables that identify the server or say how far it can
// be relied on.
var mysqlFacts = []string{"server_uuid", "server_uid", "hostname", "port", "datadir", "socket", "read_only", "completion_type"}

func (c *conn) mysqlState(ctx context.Context) (state, error) {
	rows, err := (server{c}).Query(ctx, "SELECT DATABASE(), CURRENT_USER()")
	if err != nil {
		return state{}, err
	}
	if len(rows) != 1 || len(rows[0]) != 2 {
		return state{}, fmt.Errorf("cachedsql: unexpected answer about the session: %d rows", len(rows))
	}
	st := state{database: rows[0][0].S, user: rows[0][1].S, names: catalog.Session{Known: true, Database: rows[0][0].S}}
	names := append(slices.Clone(mysqlSettings), c.session.watched...)
	var q strings.Builder
	q.WriteString("SHOW VARIABLES WHERE Variable_name IN (''")
	for _, name := range append(names, mysqlFacts...) {
		q.WriteString(",'" + strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(name) + "'")
	}
	q.WriteString(")")
	if rows, err = (server{c}).Query(ctx, q.String()); err != nil {
		return state{}, err
	}
	value := map[string]string{}
	for _, r := range rows {
		value[strings.ToLower(r[0].S)] = r[1].S
	}
	for _, name := range names {
		st.settings = append(st.settings, value[strings.ToLower(name)])
	}
	st.settings = append(st.settings, c.mysqlRole(ctx))
	st.namespace = mysqlNamespace(value)
	isolation := value["transaction_isolation"] + value["tx_isolation"]
	switch {
	case value["read_only"] != "OFF" && value["read_only"] != "0" && value["read_only"] != "":
		st.unfit = reason.ReadReplica
	case strings.Contains(isolation, "UNCOMMITTED"), strings.Contains(isolation, "SERIALIZABLE"):
		st.unfit = reason.IsolationLevel
	}
	if misreadsMySQL(value["sql_mode"], value["character_set_client"]) {
		st.unfit, st.misread = reason.SessionState, true
	}
	c.tx.chains = value["completion_type"] != "" && value["completion_type"] != "NO_CHAIN" && value["completion_type"] != "0"
	c.tx.autocommitOff = value["autocommit"] == "OFF" || value["autocommit"] == "0"
	return st, nil
}

// mysqlRole returns the role in effect; servers without roles have none.
func (c *conn) mysqlRole(ctx context.Context) string {
	if !slices.Contains(c.session.watched, "role") {
		return ""
	}
	rows, err := (server{c}).Query(ctx, "SELECT CURRENT_ROLE()")
	if err != nil || len(rows) != 1 || len(rows[0]) != 1 {
		return "?"
	}
	return rows[0][0].S
}

func mysqlNamespace(value map[string]string) string {
	for _, name := range []string{"server_uuid", "server_uid"} {
		if value[name] != "" {
			return "mysql-" + value[name]
		}
	}
	return "mysql-" + strings.Join([]string{value["hostname"], value["port"], value["datadir"], value["socket"]}, "|")
}

func (c *conn) sqliteState(ctx context.Context) (state, error) {
	rows, err := (server{c}).Query(ctx, "PRAGMA database_list")
	if err != nil {
		return state{}, err
	}
	st := state{names: catalog.Session{Known: true}}
	for _, r := range rows {
		if len(r) >= 3 && r[1].S == "main" && r[2].S != "" {
			host, _ := os.Hostname()
			st.namespace = "sqlite-" + host + "-" + r[2].S + fileIdentity(r[2].S)
			st.database = r[2].S
		}
		if len(r) >= 2 && r[1].S != "main" && r[1].S != "temp" {
			st.unfit = reason.SessionState // an attached database has writers of its own
		}
	}
	rows, err = (server{c}).Query(ctx, "SELECT name FROM sqlite_temp_master")
	if err != nil {
		return state{}, err
	}
	for _, r := range rows {
		st.temp = append(st.temp, r[0].S)
	}
	return st, nil
}

// harmlessPragmas reports whether none of the pragmas can change what a
// cacheable statement returns.
func harmlessPragmas(names []string) bool {
	for _, n := range names {
		switch n {
		case "foreign_keys", "journal_mode", "synchronous", "busy_timeout", "cache_size", "temp_store", "mmap_size",
			"wal_autocheckpoint", "wal_checkpoint", "locking_mode", "secure_delete", "auto_vacuum", "page_size",
			"optimize", "analysis_limit", "user_version", "application_id", "incremental_vacuum", "journal_size_limit",
			"cache_spill", "threads", "soft_heap_limit", "hard_heap_limit", "integrity_check", "quick_check",
			"foreign_key_check", "defer_foreign_keys", "recursive_triggers", "trusted_schema":
		default:
			return false
		}
	}
	return true
}
