package catalog

import (
	"cmp"
	"strings"
)

// Columns, and the keys that name them by number. There may be tens of
// thousands, and joins that look something up for each would be most of a load:
// what few types and collations they point to is asked for apart.

// pgType is a type of PostgreSQL's own, or a domain over one.
type pgType struct {
	base   string // typname
	typmod string // of a domain, "" where it is none
}

// pgTypes are those that a dimension may have, and those which convert to a
// date or time whatever the clock says. A domain compares as its base type.
const pgTypes = `
SELECT t.oid, b.typname, CASE WHEN t.typtype = 'd' THEN t.typtypmod END
FROM pg_catalog.pg_type b JOIN pg_catalog.pg_type t ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
WHERE b.typnamespace = 'pg_catalog'::regnamespace AND b.typname IN ('int2', 'int4', 'int8', 'uuid', 'text', 'varchar',
  'date', 'timestamp', 'timestamptz', 'time', 'interval', 'float4', 'float8', 'numeric')`

func (l *postgresLoader) typ(row []Text) {
	l.types[row[0].S] = pgType{base: row[1].S, typmod: row[2].S}
}

const pgCollations = `SELECT oid FROM pg_catalog.pg_collation WHERE NOT collisdeterministic`

func (l *postgresLoader) collation(row []Text) { l.loose[row[0].S] = true }

// A column is its name, number and type, and where they are not as with most
// the type's modifier, the collation and whether it is generated. The columns
// of indexes, of which there are as many, are left out.
const pgColumns = `
SELECT a.attrelid, pg_catalog.string_agg(a.attname::text || E'\x1f' || a.attnum::text || E'\x1f' || a.atttypid::text ||
  CASE WHEN a.atttypmod = -1 AND a.attcollation IN (0, 100) AND a.attgenerated = '' THEN ''
       ELSE E'\x1f' || a.atttypmod::text || E'\x1f' || a.attcollation::text || E'\x1f' || (a.attgenerated <> '')::text END, E'\x1e')
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
WHERE a.attrelid >= 16384 AND a.attnum > 0 AND NOT a.attisdropped
GROUP BY 1`

func (l *postgresLoader) columns(row []Text) {
	r := l.rels[row[0].S]
	if r == nil {
		return
	}
	r.columns = make([]column, 0, strings.Count(row[1].S, record)+1)
	for rec := range strings.SplitSeq(row[1].S, record) {
		col, ok := l.column(rec)
		if !ok {
			continue
		}
		r.columns = append(r.columns, col)
		if col.hazard != nil {
			r.calls = append(r.calls, l.writing(col.hazard)...)
		}
	}
}

// writing are the routines that storing a value of a type runs and that may
// write.
func (l *postgresLoader) writing(h *hazard) (calls []*routine) {
	for _, f := range h.calls() {
		if f.volatility == volatile {
			calls = append(calls, f)
		}
	}
	return calls
}

func (l *postgresLoader) column(rec string) (column, bool) {
	colname, rest, _ := strings.Cut(rec, unit)
	num, rest, ok := strings.Cut(rest, unit)
	oid, rest, special := strings.Cut(rest, unit)
	typmod, collation, generated := "-1", "", false
	if special {
		f := list(rest)
		if len(f) != 3 {
			return column{}, false
		}
		typmod, collation, generated = f[0], f[1], strings.HasPrefix(f[2], "t")
	}
	t, known := l.types[oid]
	col := column{name: colname, num: num, generated: generated, hazard: l.hazards[oid]}
	if !known {
		return col, ok
	}
	col.typ = pgDimension(t.base, cmp.Or(t.typmod, typmod), l.loose[collation])
	col.time = t.base != "text" && t.base != "varchar" && t.base != "uuid"
	return col, ok
}

// pgDimension: text compares by its bytes under a deterministic collation
// only.
func pgDimension(typname, typmod string, loose bool) Type {
	switch typname {
	case "int2":
		return Type{Class: Int, Bits: 16}
	case "int4":
		return Type{Class: Int, Bits: 32}
	case "int8":
		return Type{Class: Int, Bits: 64}
	case "uuid":
		return Type{Class: UUID}
	case "text", "varchar":
		if !loose {
			return Type{Class: TextBytes, MaxLen: max(0, atoi(typmod)-4)}
		}
	}
	return Type{}
}

const pgKeys = `
SELECT indrelid, indkey[0] FROM pg_catalog.pg_index
WHERE indisunique AND indnkeyatts = 1 AND indexprs IS NULL AND indpred IS NULL AND indrelid >= 16384
ORDER BY indrelid, indisprimary DESC, indkey[0]`

func (l *postgresLoader) key(row []Text) {
	if r := l.rels[row[0].S]; r != nil {
		if col, ok := r.numbered(row[1].S); ok {
			r.keys = append(r.keys, col.name)
		}
	}
}

// numbered finds a column by its attnum.
func (r *relation) numbered(num string) (column, bool) {
	for _, col := range r.columns {
		if col.num == num {
			return col, true
		}
	}
	return column{}, false
}

// The rows with a parent are the same key again, for a partition.
const pgForeignKeys = `
SELECT confrelid, conrelid, confdeltype, confupdtype, pg_catalog.array_to_string(confkey, E'\x1f')
FROM pg_catalog.pg_constraint WHERE contype = 'f' AND conparentid = 0 ORDER BY oid`

func (l *postgresLoader) foreignKey(row []Text) {
	to, from := l.rels[row[0].S], l.rels[row[1].S]
	if to == nil || from == nil {
		return
	}
	actions := map[string]action{"c": cascade, "n": setValue, "d": setValue}
	fk := foreignKey{from: from, onDelete: actions[row[2].S], onUpdate: actions[row[3].S]}
	for _, num := range list(row[4].S) {
		col, ok := to.numbered(num)
		fk.columns = append(fk.columns, col.name)
		fk.anyUpdate = fk.anyUpdate || !ok || col.generated
	}
	to.references = append(to.references, fk)
}
