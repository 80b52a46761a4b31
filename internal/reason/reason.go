// Package reason is the one vocabulary for why a statement was not answered
// from the cache or its result not stored. Every surface of the library
// (explain, events, stats, metrics, logs, documentation) uses these words.
package reason

// Reason says why a statement was not served from the cache, or why its
// result was not stored. The zero value means that nothing stood in the way.
type Reason uint8

const (
	None Reason = iota

	// What the application or its operator asked for.
	NoRule        // no rule selects the statement
	RuleOff       // the matching rule has ttl 0
	BypassHint    // a hint in the statement text asks for bypass
	BypassContext // the context carries Bypass

	// Statements that are not reads.
	Write              // INSERT, UPDATE, DELETE, MERGE, TRUNCATE, also inside a CTE
	DDL                // changes the schema or privileges
	TransactionControl // BEGIN, COMMIT, SAVEPOINT, ...
	SessionStatement   // SET, RESET, PREPARE, DISCARD, ...
	Utility            // ANALYZE, LOCK TABLE, NOTIFY, KILL, ...
	Explain            // EXPLAIN in any form
	Call               // CALL, DO, EXECUTE of code nobody parsed
	Copy               // COPY, LOAD DATA
	Cursor             // DECLARE, FETCH, HANDLER
	MultiStatement     // more than one statement in one text
	Empty              // no statement in the text

	// Reads whose result is not a function of tables and arguments.
	NoTable           // reads no table: nothing could invalidate it
	Unparsed          // no parser accepts the text
	StatementTooLarge // text over the analysis limits (bytes, nesting)
	Ambiguous         // two readers of the dialect disagree on the statement
	VolatileFunction  // random(), nextval(), advisory locks, SLEEP(), ...
	TimeFunction      // now(), CURRENT_DATE, 'today'::date, ...
	SessionFunction   // current_user, current_setting(), LAST_INSERT_ID(), ...
	UnknownFunction   // a function nobody declared and the catalog does not call immutable
	LockingRead       // FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE
	SelectInto        // SELECT INTO table, variable or file
	TempTable         // a temporary table of this connection, or a name it shadows
	SystemCatalog     // pg_catalog, information_schema, mysql.*, sqlite_master
	SystemColumn      // ctid, xmin, rowid, ...
	TableSample       // TABLESAMPLE
	UserVariable      // @x
	SystemVariable    // @@x
	ExecutableComment // /*! ... */
	NoCacheModifier   // SQL_NO_CACHE
	ForeignTable      // a foreign or remote table, or one of an engine without transactions
	RowSecurity       // a row-security policy that depends on more than the role
	UnknownRelation   // the catalog does not know the relation, or could not be read
	TooManyTables     // more tables than one lookup checks

	// The connection.
	InTransaction    // inside a transaction
	OpenRows         // another result is open on the connection
	SessionState     // the session's state is not understood
	IsolationLevel   // the session reads at READ UNCOMMITTED or SERIALIZABLE
	UnknownNamespace // the database could not be identified
	ReadReplica      // the server is a replica, which may lag behind
	UnknownArgument  // an argument of a type that has no exact encoding

	// The store.
	CacheDown    // the store is unreachable, or was a moment ago
	PendingWrite // a write to one of the tables is under way, or its outcome not known yet
	Closed       // the Cache has been closed

	// Results that were not stored.
	TooManyRows      // over max_rows
	TooLarge         // over max_bytes
	PartialRead      // the caller did not read to the end
	ResultError      // the result ended with an error or a warning
	UnsupportedValue // a value the codec cannot hold exactly
	FillDropped      // the fill queue was full
	StoreFull        // the store has no room

	// A check that says nothing.
	NotRepeatable // the database may answer differently over the same rows

	count
)

var words = [count]string{
	None: "", NoRule: "no_rule", RuleOff: "rule_off", BypassHint: "bypass_hint", BypassContext: "bypass_context",
	Write: "write", DDL: "ddl", TransactionControl: "transaction_control", SessionStatement: "session_statement",
	Utility: "utility", Explain: "explain", Call: "call", Copy: "copy", Cursor: "cursor",
	MultiStatement: "multi_statement", Empty: "empty",
	NoTable: "no_table", Unparsed: "unparsed", StatementTooLarge: "statement_too_large", Ambiguous: "ambiguous",
	VolatileFunction: "volatile_function", TimeFunction: "time_function", SessionFunction: "session_function",
	UnknownFunction: "unknown_function", LockingRead: "locking_read", SelectInto: "select_into",
	TempTable: "temp_table", SystemCatalog: "system_catalog", SystemColumn: "system_column", TableSample: "tablesample",
	UserVariable: "user_variable", SystemVariable: "system_variable", ExecutableComment: "executable_comment",
	NoCacheModifier: "no_cache_modifier", ForeignTable: "foreign_table", RowSecurity: "row_security",
	UnknownRelation: "unknown_relation", TooManyTables: "too_many_tables",
	InTransaction: "in_transaction", OpenRows: "open_rows", SessionState: "session_state",
	IsolationLevel: "isolation_level", UnknownNamespace: "unknown_namespace", ReadReplica: "read_replica", UnknownArgument: "unknown_argument",
	CacheDown: "cache_down", PendingWrite: "pending_write", Closed: "closed",
	TooManyRows: "too_many_rows", TooLarge: "too_large", PartialRead: "partial_read", ResultError: "result_error",
	UnsupportedValue: "unsupported_value", FillDropped: "fill_dropped", StoreFull: "store_full", NotRepeatable: "not_repeatable",
}

// String returns the reason's stable word, "" for None.
func (r Reason) String() string {
	if r >= count {
		return "unknown"
	}
	return words[r]
}

// MarshalText returns the reason's stable word.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// All returns every reason but None, in declaration order.
func All() []Reason {
	all := make([]Reason, 0, count-1)
	for r := None + 1; r < count; r++ {
		all = append(all, r)
	}
	return all
}
