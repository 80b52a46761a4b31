package catalog

import (
	"database/sql"
	"testing"

	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

func sqliteCheck(t *testing.T, objects string, decl *Declarations, cases []effectCase) {
	t.Helper()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // each connection would have a database of its own
	mustExec(t, db, objects)
	checkEffects(t, mustLoad(t, sqlparse.SQLite, db), Session{Known: true}, decl, "", cases)
}

func TestSQLiteReadsThroughViews(t *testing.T) {
	t.Parallel()
	sqliteCheck(t, `
CREATE TABLE a (id INTEGER PRIMARY KEY, n);
CREATE TABLE b (id INTEGER PRIMARY KEY);
CREATE VIEW v1 (x, "as") AS SELECT * FROM a WHERE n > 3;
CREATE VIEW v2 AS SELECT * FROM v1, b;
CREATE VIEW recent AS SELECT *, datetime('now') FROM a;
CREATE VIRTUAL TABLE words USING fts5(body)`, nil, []effectCase{
		{"SELECT * FROM v2", "r: a b v1 v2"},
		{"SELECT * FROM main.A WHERE ID = ?", "r: a[id=$1]"},
		{"SELECT * FROM recent", "r: a recent reason: time_function"},
		{"SELECT * FROM words", "r: words reason: foreign_table"},
		{"SELECT * FROM sqlite_master", "r: sqlite_master reason: system_catalog"},
		{"SELECT * FROM temp.a", "reason: temp_table"},
		{"SELECT * FROM other.a", "reason: unknown_relation"},
		{"SELECT odd(n) FROM a", "r: a reason: unknown_function"},
		{"INSERT INTO words (body) VALUES ('x')", "w: words words_config words_content words_content[id=*] words_data words_data[id=*] words_docsize words_docsize[id=*] words_idx"},
	})
}

func TestSQLiteWritesFixDimensions(t *testing.T) {
	t.Parallel()
	sqliteCheck(t, `
CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT UNIQUE, n);
CREATE TABLE folded (code TEXT PRIMARY KEY COLLATE NOCASE)`, nil, []effectCase{
		{"SELECT * FROM t WHERE code = 'é'", "r: t[code=é]"},
		{"SELECT * FROM folded WHERE code = 'x'", "r: folded"},
		{"UPDATE t SET n = 1 WHERE id = 5", "w: t t[code=*] t[id=5]"},
		{"UPDATE t SET rowid = 6 WHERE id = 5", "w: t t[code=*] t[id=*]"},
		{"INSERT INTO t (id, code) VALUES (1, 'a')", "w: t t[code=a] t[id=1]"},
		{"INSERT OR REPLACE INTO t (id, code) VALUES (1, 'a')", "w: t t[code=*] t[id=*]"},
	})
}

func TestSQLiteCascadesAndTriggersReachOtherTables(t *testing.T) {
	t.Parallel()
	sqliteCheck(t, `
CREATE TABLE a (id INTEGER PRIMARY KEY);
CREATE TABLE b (id INTEGER PRIMARY KEY, a REFERENCES a ON DELETE CASCADE);
CREATE TABLE c (id INTEGER PRIMARY KEY, b REFERENCES b (id) ON DELETE SET NULL ON UPDATE CASCADE);
CREATE TABLE log (id INTEGER PRIMARY KEY);
CREATE VIEW v AS SELECT * FROM log;
CREATE TRIGGER lost AFTER DELETE ON b WHEN old.id > 0 BEGIN INSERT INTO log VALUES (old.id); END;
CREATE TRIGGER into_v INSTEAD OF INSERT ON v BEGIN UPDATE c SET b = new.id; END`, nil, []effectCase{
		{"DELETE FROM a WHERE id = 1", "w: a a[id=1] b b[id=*] c c[id=*] log log[id=*]"},
		{"INSERT INTO v VALUES (1)", "w: c c[id=*] log log[id=*] v"},
		{"UPDATE b SET a = 1 WHERE id = 1", "w: b b[id=1]"},
		{"UPDATE b SET id = 2 WHERE id = 1", "w: b b[id=*] c c[id=*]"},
	})
}
