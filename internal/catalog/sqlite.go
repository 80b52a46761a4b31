package catalog

import (
	"context"
	"strings"

	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// sqliteLoader fills a catalog from the schema of the main database. Attached
// databases stay unknown: reads of them are not cached.
type sqliteLoader struct {
	c        *Catalog
	q        Querier
	collated map[*relation]bool // the table's text mentions a collation
}

func (l *sqliteLoader) load(ctx context.Context) error {
	l.collated = map[*relation]bool{}
	for _, n := range []string{"sqlite_master", "sqlite_schema", "sqlite_temp_master", "sqlite_temp_schema"} {
		l.c.add("", n, system)
	}
	if err := each(ctx, l.q, []part{{sqliteRelations, 3, l.relation}}); err != nil {
		return err
	}
	l.shadowTables()
	return each(ctx, l.q, []part{
		{sqliteColumns, 6, l.column},
		{sqliteKeys, 2, l.key},
		{sqliteForeignKeys, 5, l.foreignKey},
		{sqliteTriggers, 3, l.trigger},
	})
}

func (l *sqliteLoader) one(n string) *relation {
	if rels := l.c.relations[name{"", l.c.fold(n)}]; len(rels) > 0 {
		return rels[0]
	}
	return nil
}

const sqliteRelations = `SELECT type, name, sql FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name`

func (l *sqliteLoader) relation(row []Text) {
	kind, relname, text := row[0].S, row[1].S, row[2].S
	head, query, found := after(sqlparse.SQLite, text, "as")
	switch {
	case strings.HasPrefix(strings.ToLower(relname), "sqlite_"):
		l.c.add("", relname, system)
	case kind == "view":
		r := l.c.add("", relname, view)
		if !found {
			r.unreadable = "no query in its text"
		}
		r.view = l.c.textView(query, "")
	case len(head) > 1 && head[1].is("virtual"):
		l.c.add("", relname, foreign)
	default:
		r := l.c.add("", relname, table)
		l.collated[r] = strings.Contains(strings.ToLower(text), "collate")
	}
}

// shadowTables ties a virtual table to the tables its module keeps it in,
// which are named after it.
func (l *sqliteLoader) shadowTables() {
	for _, n := range sortedNames(l.c.relations) {
		v := l.c.relations[n][0]
		if v.kind != foreign {
			continue
		}
		for _, other := range sortedNames(l.c.relations) {
			if t := l.c.relations[other][0]; t.kind == table && strings.HasPrefix(other.name, n.name+"_") {
				v.children = append(v.children, t)
				t.parents = append(t.parents, v)
			}
		}
	}
}

const sqliteColumns = `
SELECT m.name, x.name, upper(x.type), x.hidden, x.pk, (SELECT count(*) FROM pragma_table_xinfo(m.name) y WHERE y.pk > 0)
FROM sqlite_master m, pragma_table_xinfo(m.name) x WHERE m.type = 'table' AND m.sql NOT LIKE 'create virtual%' ORDER BY m.name, x.cid`

func (l *sqliteLoader) column(row []Text) {
	r := l.one(row[0].S)
	if r == nil {
		return
	}
	col := column{name: row[1].S, generated: row[3].S != "0"}
	switch declared := row[2].S; {
	case strings.Contains(declared, "INT"):
		col.typ = Type{Class: Int, Bits: 64}
	case l.collated[r]:
	case strings.Contains(declared, "CHAR"), strings.Contains(declared, "CLOB"), strings.Contains(declared, "TEXT"):
		col.typ = Type{Class: TextBytes, Raw: true}
	}
	r.columns = append(r.columns, col)
	if row[4].S != "0" && row[5].S == "1" {
		r.keys = append(r.keys, col.name)
	}
}

const sqliteKeys = `
SELECT m.name, min(c.name) FROM sqlite_master m, pragma_index_list(m.name) i, pragma_index_info(i.name) c
WHERE m.type = 'table' AND m.sql NOT LIKE 'create virtual%' AND i."unique" AND NOT i.partial
GROUP BY m.name, i.name HAVING count(*) = 1 AND count(c.name) = 1 ORDER BY m.name, i.seq DESC`

func (l *sqliteLoader) key(row []Text) {
	if r := l.one(row[0].S); r != nil {
		r.keys = append(r.keys, row[1].S)
	}
}

// Foreign keys act only under PRAGMA foreign_keys, which any connection may
// set: they are taken to act.
const sqliteForeignKeys = `
SELECT m.name, f."table", f."to", f.on_delete, f.on_update
FROM sqlite_master m, pragma_foreign_key_list(m.name) f
WHERE m.type = 'table' AND m.sql NOT LIKE 'create virtual%' ORDER BY m.name, f.id, f.seq`

func (l *sqliteLoader) foreignKey(row []Text) {
	from, to := l.one(row[0].S), l.one(row[1].S)
	if from == nil || to == nil {
		return
	}
	to.references = append(to.references, foreignKey{
		from: from, onDelete: sqlAction(row[3].S), onUpdate: sqlAction(row[4].S),
		columns: []string{row[2].S}, anyUpdate: !row[2].Valid,
	})
}

// sqlAction reads an action as SQL spells it.
func sqlAction(s string) action {
	switch strings.ToUpper(s) {
	case "CASCADE":
		return cascade
	case "SET NULL", "SET DEFAULT":
		return setValue
	}
	return noAction
}

const sqliteTriggers = `SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name`

func (l *sqliteLoader) trigger(row []Text) {
	r := l.one(row[1].S)
	if r == nil {
		return
	}
	head, text, ok := after(sqlparse.SQLite, row[2].S, "begin")
	// A BEFORE trigger cannot assign to the row.
	src := source{keepsRow: true}
	if ok {
		src.text = lazyBody(sqlparse.SQLite, text)
	}
	f := &routine{name: name{"", l.c.fold(row[0].S)}, volatility: volatile, sources: []source{src}}
	r.triggers = append(r.triggers, trigger{events: sqliteEvent(head), each: true, routine: f})
}

// sqliteEvent finds the event in the head of CREATE TRIGGER: the word before
// ON, or before OF and its columns.
func sqliteEvent(head []token) event {
	for _, t := range head {
		switch {
		case t.is("insert"):
			return onInsert
		case t.is("update"):
			return onUpdate
		case t.is("delete"):
			return onDelete
		}
	}
	return onAny
}
