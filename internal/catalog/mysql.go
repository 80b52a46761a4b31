package catalog

import (
	"context"
	"strings"

	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// mysqlLoader fills a catalog from information_schema, which shows only what
// the user has privileges on.
type mysqlLoader struct {
	c       *Catalog
	q       Querier
	primary map[*relation]int // columns of the primary key
	uniques map[*relation][]string
	seen    map[string]bool              // databases with relations
	views   bool                         // there are some, whose texts are wanted
	updates bool                         // some foreign key acts on updates, so its columns matter
	claims  map[*routine][]sqlparse.Func // what the functions that may be deterministic call
}

// mysqlSystem are the server's own databases.
const mysqlSystem = `('information_schema', 'mysql', 'performance_schema', 'sys')`

func (l *mysqlLoader) load(ctx context.Context) error {
	l.primary, l.uniques = map[*relation]int{}, map[*relation][]string{}
	l.seen, l.claims = map[string]bool{}, map[*routine][]sqlparse.Func{}
	err := each(ctx, l.q, []part{
		{mysqlRelations, 4, l.relation},
		{mysqlSystemRelations, 2, l.systemRelation},
	})
	if err == nil && l.views {
		err = each(ctx, l.q, []part{{mysqlViews, 3, l.view}})
	}
	if err != nil {
		return err
	}
	err = each(ctx, l.q, []part{
		{mysqlColumns, 10, l.column},
		{mysqlReferences, 7, l.reference},
		{mysqlTriggers, 7, l.trigger},
		{mysqlRoutines, 7, l.routine},
		{mysqlBlind, 1, l.blind},
	})
	if err == nil && l.updates {
		err = each(ctx, l.q, []part{{mysqlReferenced, 6, l.referenced}})
	}
	if err != nil {
		return err
	}
	l.c.believed(l.claims)
	for r, cols := range l.uniques {
		if l.primary[r] != 1 {
			cols = cols[l.primary[r]:] // a composite key is none
		}
		r.keys = cols
	}
	if len(l.c.blind) > 0 {
		l.c.warn("no TRIGGER privilege on " + strings.Join(sortedKeys(l.c.blind), ", ") +
			": triggers and foreign keys there may be hidden, so every write to these databases invalidates everything")
	}
	return nil
}

func (l *mysqlLoader) one(schema, relname string) *relation {
	for _, r := range l.c.relations[name{l.c.fold(schema), l.c.fold(relname)}] {
		if r.exact == schema+"."+relname {
			return r
		}
	}
	return nil
}

// The server opens each table that is asked for more than its name, so the
// queries ask as little as they can, and nothing of the server's own views.
const mysqlRelations = `
SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA NOT IN ` + mysqlSystem

const mysqlSystemRelations = `
SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA IN ` + mysqlSystem

func (l *mysqlLoader) systemRelation(row []Text) { l.add(row, system) }

func (l *mysqlLoader) relation(row []Text) {
	kind := table
	engine := strings.ToLower(row[3].S)
	switch {
	case row[2].S == "TEMPORARY":
		return
	case row[2].S == "VIEW":
		kind = view
	case row[2].S == "SEQUENCE":
		kind = sequence
	case !transactional[engine] && !plainEngines[engine]:
		kind = foreign
	}
	r := l.add(row, kind)
	r.nonTx = (kind == table || kind == foreign) && !transactional[engine]
	r.elsewhere = kind == foreign
	if kind == view {
		r.unreadable = "no SHOW VIEW privilege"
		l.views = true
	}
}

func (l *mysqlLoader) add(row []Text, kind relationKind) *relation {
	r := l.c.add(row[0].S, row[1].S, kind)
	l.seen[r.name.schema] = true
	r.exact = row[0].S + "." + row[1].S
	return r
}

// Engines that keep their rows themselves. Any other (FEDERATED, CONNECT,
// SPIDER, MERGE, ...) may read and write rows that are elsewhere.
var (
	transactional = map[string]bool{"innodb": true, "xtradb": true, "rocksdb": true, "tokudb": true, "ndbcluster": true, "ndb": true}
	plainEngines  = map[string]bool{"myisam": true, "aria": true, "memory": true, "heap": true, "csv": true, "archive": true, "blackhole": true}
)

const mysqlViews = `
SELECT TABLE_SCHEMA, TABLE_NAME, VIEW_DEFINITION FROM information_schema.VIEWS WHERE TABLE_SCHEMA NOT IN ` + mysqlSystem

func (l *mysqlLoader) view(row []Text) {
	r := l.one(row[0].S, row[1].S)
	if r == nil || row[2].S == "" {
		return
	}
	r.unreadable = ""
	r.view = l.c.textView(row[2].S, row[0].S)
}

const mysqlColumns = `
SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, COLLATION_NAME, CHARACTER_MAXIMUM_LENGTH, COLUMN_KEY, EXTRA,
  CASE WHEN EXTRA LIKE '%VIRTUAL%' THEN GENERATION_EXPRESSION END
FROM information_schema.COLUMNS WHERE TABLE_SCHEMA NOT IN ` + mysqlSystem + ` AND (COLUMN_KEY = 'PRI' OR EXTRA LIKE '%VIRTUAL%' OR
  DATA_TYPE IN ('tinyint', 'smallint', 'mediumint', 'int', 'bigint', 'binary', 'varbinary', 'uuid', 'time', 'date', 'datetime', 'timestamp') OR
  DATA_TYPE = 'varchar' AND COLLATION_NAME LIKE '%bin')
ORDER BY TABLE_SCHEMA, TABLE_NAME, COLUMN_KEY <> 'PRI', ORDINAL_POSITION`

func (l *mysqlLoader) column(row []Text) {
	r := l.one(row[0].S, row[1].S)
	if r == nil {
		return
	}
	col := column{name: row[2].S, typ: mysqlType(row), generated: strings.Contains(strings.ToUpper(row[8].S), "GENERATED")}
	switch strings.ToLower(row[3].S) {
	case "time":
		col.ofDay = true
	case "date", "datetime", "timestamp":
		col.dated = true
	}
	r.columns = append(r.columns, col)
	if row[9].Valid {
		l.virtual(r, row[3].S, row[9].S)
	}
	switch row[7].S {
	case "PRI":
		l.primary[r]++
		l.uniques[r] = append(l.uniques[r], col.name)
	case "UNI":
		l.uniques[r] = append(l.uniques[r], col.name)
	}
}

var mysqlIntBits = map[string]uint8{"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}

// mysqlType: of the character types only those under a NO PAD binary
// collation compare by bytes; utf8mb4_bin ignores trailing spaces.
func mysqlType(row []Text) Type {
	dataType, collation := strings.ToLower(row[3].S), strings.ToLower(row[5].S)
	length := atoi(row[6].S)
	switch dataType {
	case "uuid":
		return Type{Class: UUID}
	case "binary":
		return Type{Class: TextBytes, MaxLen: length, Raw: true, Padded: true}
	case "varbinary":
		return Type{Class: TextBytes, MaxLen: length, Raw: true}
	case "varchar":
		if strings.HasSuffix(collation, "_nopad_bin") || collation == "utf8mb4_0900_bin" {
			return Type{Class: TextBytes, MaxLen: length}
		}
		return Type{}
	}
	bits, ok := mysqlIntBits[dataType]
	if !ok {
		return Type{}
	}
	return Type{
		Class: Int, Bits: bits, Unsigned: strings.Contains(strings.ToLower(row[4].S), "unsigned"),
		FromZero: strings.Contains(strings.ToLower(row[8].S), "auto_increment"),
	}
}

const mysqlReferences = `
SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, UNIQUE_CONSTRAINT_SCHEMA, REFERENCED_TABLE_NAME, DELETE_RULE, UPDATE_RULE
FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA NOT IN ` + mysqlSystem

func (l *mysqlLoader) reference(row []Text) {
	from, to := l.one(row[0].S, row[1].S), l.oneOf(row[3].S, row[4].S)
	if from == nil {
		return
	}
	fk := foreignKey{
		from: from, onDelete: sqlAction(row[5].S), onUpdate: sqlAction(row[6].S),
		id: [3]string{row[0].S, row[1].S, row[2].S}, anyUpdate: true,
	}
	l.updates = l.updates || fk.onUpdate != noAction
	for _, r := range to {
		r.references = append(r.references, fk)
	}
}

// oneOf: the referenced name keeps the spelling of the constraint.
func (l *mysqlLoader) oneOf(schema, relname string) []*relation {
	return l.c.relations[name{l.c.fold(schema), l.c.fold(relname)}]
}

const mysqlReferenced = `
SELECT TABLE_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME
FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_NAME IS NOT NULL`

func (l *mysqlLoader) referenced(row []Text) {
	for _, to := range l.oneOf(row[3].S, row[4].S) {
		for i := range to.references {
			if fk := &to.references[i]; fk.id == [3]string{row[0].S, row[1].S, row[2].S} {
				fk.columns = append(fk.columns, row[5].S)
				fk.anyUpdate = false
			}
		}
	}
}

const mysqlTriggers = `
SELECT EVENT_OBJECT_SCHEMA, EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_TIMING, TRIGGER_NAME, ACTION_STATEMENT, SQL_MODE
FROM information_schema.TRIGGERS`

func (l *mysqlLoader) trigger(row []Text) {
	events := map[string]event{"INSERT": onInsert, "UPDATE": onUpdate, "DELETE": onDelete}
	f := &routine{name: name{l.c.fold(row[0].S), strings.ToLower(row[4].S)}, volatility: volatile}
	f.sources = []source{mysqlSource(row[5], row[6].S)}
	for _, r := range l.oneOf(row[0].S, row[1].S) {
		var e event
		for word, ev := range events { // MariaDB 12 has triggers for several events
			if strings.Contains(row[2].S, word) {
				e |= ev
			}
		}
		r.triggers = append(r.triggers, trigger{events: e, before: row[3].S == "BEFORE", each: true, routine: f})
	}
}

// mysqlSource is a body in MySQL's language. Where backslashes are no
// escapes, a text with any cannot be read safely.
func mysqlSource(text Text, sqlMode string) source {
	if !text.Valid || text.S == "" || strings.Contains(sqlMode, "NO_BACKSLASH_ESCAPES") && strings.Contains(text.S, `\`) ||
		strings.Contains(sqlMode, "ORACLE") {
		return source{}
	}
	return source{text: lazyBody(sqlparse.MySQL, text.S)}
}

const mysqlRoutines = `
SELECT ROUTINE_SCHEMA, ROUTINE_NAME, ROUTINE_TYPE, ROUTINE_DEFINITION, IS_DETERMINISTIC, SQL_DATA_ACCESS, SQL_MODE
FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA NOT IN ` + mysqlSystem

// routine: DETERMINISTIC is often said only to please the binary log, so it
// is believed where the body reads and writes nothing, and asks for nothing
// but its arguments.
func (l *mysqlLoader) routine(row []Text) {
	r := l.c.addRoutine(row[0].S, row[1].S)
	src := mysqlSource(row[3], row[6].S)
	r.sources = append(r.sources, src)
	if row[2].S != "FUNCTION" || row[4].S != "YES" || strings.Contains(row[5].S, "SQL DATA") || src.text == nil || !pure(src.text()) {
		r.volatility = volatile
		return
	}
	l.claims[r] = append(l.claims[r], src.text().calls...)
}

func pure(b *body) bool {
	return b.unsteady == "" && len(b.writes) == 0 && !b.readsTable && !b.sessionChanged
}

// mysqlBlind lists the databases whose triggers the user may not see. The
// privilege on the whole database also makes all of its tables, and so their
// foreign keys, visible.
const mysqlBlind = `
SELECT s.SCHEMA_NAME FROM information_schema.SCHEMATA s
WHERE s.SCHEMA_NAME NOT IN ` + mysqlSystem + ` AND NOT EXISTS (
  SELECT 1 FROM information_schema.USER_PRIVILEGES p WHERE p.PRIVILEGE_TYPE = 'TRIGGER' AND ` + mysqlGrantee + `) AND NOT EXISTS (
  SELECT 1 FROM information_schema.SCHEMA_PRIVILEGES p
  WHERE p.PRIVILEGE_TYPE = 'TRIGGER' AND s.SCHEMA_NAME LIKE p.TABLE_SCHEMA AND ` + mysqlGrantee + `)`

// mysqlGrantee matches the current user and the roles in force, as MySQL and
// as MariaDB spell them.
const mysqlGrantee = `(
  p.GRANTEE = CONCAT('''', SUBSTRING(CURRENT_USER(), 1, CHAR_LENGTH(CURRENT_USER()) - LOCATE('@', REVERSE(CURRENT_USER()))),
                     '''@''', SUBSTRING_INDEX(CURRENT_USER(), '@', -1), '''')
  OR FIND_IN_SET(p.GRANTEE, REPLACE(COALESCE(CURRENT_ROLE(), ''), CHAR(96), ''''))
  OR p.GRANTEE = CONCAT('''', COALESCE(CURRENT_ROLE(), ''), '''@'''''))`

func (l *mysqlLoader) blind(row []Text) {
	if db := l.c.fold(row[0].S); l.seen[db] {
		l.c.blind[db] = true
	}
}
