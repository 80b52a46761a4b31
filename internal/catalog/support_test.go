package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	_ "github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// dbQuerier is a Querier over database/sql: a *sql.DB, or a *sql.Conn.
type dbQuerier struct {
	db interface {
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	}
}

func (q dbQuerier) Query(ctx context.Context, query string, columns int) ([][]Text, error) {
	rows, err := q.db.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("%w in %s", err, query)
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	if len(cols) != columns {
		return nil, fmt.Errorf("%d columns, want %d in %s", len(cols), columns, query)
	}
	var out [][]Text
	for rows.Next() {
		ns := make([]sql.NullString, len(cols))
		dest := make([]any, len(cols))
		for i := range ns {
			dest[i] = &ns[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		row := make([]Text, len(cols))
		for i, n := range ns {
			row[i] = Text{S: n.String, Valid: n.Valid}
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

// server opens the database an environment variable names, or skips.
func server(t testing.TB, driver, variable string) *sql.DB {
	t.Helper()
	dsn := os.Getenv(variable)
	if dsn == "" {
		t.Skipf("%s is not set: NOT TESTED against a real server", variable)
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// scratch returns a name no other test uses.
func scratch() string { return fmt.Sprintf("cat_%08x", rand.Uint32()) }

func mustExec(t testing.TB, db *sql.DB, statements string) {
	t.Helper()
	if _, err := db.Exec(statements); err != nil {
		t.Fatalf("%v in\n%s", err, statements)
	}
}

func mustLoad(t testing.TB, d sqlparse.Dialect, db *sql.DB) *Catalog {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		c, err := Load(context.Background(), d, dbQuerier{db})
		if err == nil {
			return c
		}
		if !isLocked(err) || time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// isLocked reports whether a load has met another test's ALTER or DROP.
func isLocked(err error) bool {
	var said *pgconn.PgError
	return errors.As(err, &said) && said.Code == "55P03"
}

// describe renders effects for comparison: "r:" and "w:" list patterns as
// table, table[column=values] or table[column=*], with cut removed from names.
func describe(e Effects, cut string) string {
	var parts []string
	for _, side := range []struct {
		name string
		ps   []Pattern
	}{{"r:", e.Reads}, {"w:", e.Writes}} {
		if len(side.ps) == 0 || e.WritesAll && side.name == "w:" {
			continue
		}
		parts = append(parts, side.name)
		for _, p := range side.ps {
			parts = append(parts, strings.TrimPrefix(describePattern(p), cut))
		}
	}
	if e.WritesAll {
		parts = append(parts, "w: everything")
	}
	if e.Immediate {
		parts = append(parts, "immediate")
	}
	if e.SessionChanged {
		parts = append(parts, "session")
	}
	if e.Reason != reason.None && e.Reason != reason.Write && e.Reason != reason.Call {
		parts = append(parts, "reason: "+e.Reason.String())
	}
	return strings.Join(parts, " ")
}

func describePattern(p Pattern) string {
	if p.Column == "" {
		return p.Table
	}
	if p.Values == nil {
		return p.Table + "[" + p.Column + "=*]"
	}
	var values []string
	for _, v := range p.Values {
		if v.Kind == sqlparse.OperandParam {
			values = append(values, fmt.Sprintf("$%d", v.Param))
		} else {
			values = append(values, v.Literal)
		}
	}
	return p.Table + "[" + p.Column + "=" + strings.Join(values, ",") + "]"
}

// in replaces the schema "s" in declarations.
func in(schema string, d *Declarations) *Declarations {
	if d == nil {
		return nil
	}
	name := func(s string) string { return schema + strings.TrimPrefix(s, "s") }
	out := &Declarations{Tables: map[string]TableDecl{}, Functions: map[string]FuncDecl{}}
	for k, v := range d.Tables {
		out.Tables[name(k)] = v
	}
	for k, v := range d.Functions {
		f := FuncDecl{Volatility: v.Volatility}
		for _, t := range v.Reads {
			f.Reads = append(f.Reads, name(t))
		}
		for _, t := range v.Writes {
			f.Writes = append(f.Writes, name(t))
		}
		out.Functions[name(k)] = f
	}
	return out
}

// effectCase is one statement and what it must do.
type effectCase struct{ text, want string }

func checkEffects(t *testing.T, c *Catalog, s Session, decl *Declarations, cut string, cases []effectCase) {
	t.Helper()
	for _, tc := range cases {
		got := describe(c.Effects(sqlparse.Parse(c.dialect, tc.text), s, decl), cut)
		if got != tc.want {
			t.Errorf("%s\n got  %s\n want %s", tc.text, got, tc.want)
		}
	}
}

func dsn(variable string) string { return os.Getenv(variable) }
