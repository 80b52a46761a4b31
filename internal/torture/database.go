//go:build unix

package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedmysql"
	"github.com/cachedsql/cachedsql/cachedpg"
)

// database is what differs between the servers under test.
type database interface {
	// connect returns a connector to the database called name, "" for the one
	// of the DSN.
	connect(name string) (driver.Connector, cachedsql.Adapter, error)
	// sql writes ? as the server's own placeholders.
	sql(query string) string
	// trigger makes every update of items be followed by one of audit.
	trigger() []string
	// dropIndex drops the index that changeKey makes.
	dropIndex() string
	// isVictim reports whether a statement failed because of a deadlock or for
	// want of a serial order.
	isVictim(err error) bool
	// killCommitting ends connections to the database that are in a COMMIT, or
	// else any one that is not idle.
	killCommitting(ctx context.Context, admin *sql.DB, name string) error
}

func openDatabase(dsn string) database {
	if strings.HasPrefix(dsn, "postgres") {
		return postgres{dsn}
	}
	return mariadb{dsn}
}

type postgres struct{ dsn string }

func (p postgres) connect(name string) (driver.Connector, cachedsql.Adapter, error) {
	config, err := pgx.ParseConfig(p.dsn)
	if err != nil {
		return nil, cachedsql.Adapter{}, err
	}
	if name != "" {
		config.Database = name
		// What the documentation recommends: a statement or a COMMIT that comes
		// too late finds no transaction.
		half := strconv.FormatInt((leaseTime / 2).Milliseconds(), 10)
		config.RuntimeParams["statement_timeout"] = half
		config.RuntimeParams["idle_in_transaction_session_timeout"] = half
	}
	return stdlib.GetConnector(*config), cachedpg.Adapter(config), nil
}

func (postgres) sql(query string) string {
	for n := 1; strings.Contains(query, "?"); n++ {
		query = strings.Replace(query, "?", "$"+strconv.Itoa(n), 1)
	}
	return query
}

func (postgres) trigger() []string {
	return []string{
		`CREATE FUNCTION follow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			UPDATE audit SET version = NEW.version WHERE id = NEW.id; RETURN NEW; END $$`,
		`CREATE TRIGGER follow AFTER UPDATE ON items FOR EACH ROW EXECUTE FUNCTION follow()`,
	}
}

func (postgres) killCommitting(ctx context.Context, admin *sql.DB, name string) error {
	_, err := admin.ExecContext(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = $1 AND state <> 'idle' ORDER BY query ILIKE 'commit%' DESC LIMIT 1`, name)
	return err
}

func (postgres) isVictim(err error) bool {
	e := new(pgconn.PgError)
	return errors.As(err, &e) && (e.Code == "40P01" || e.Code == "40001")
}

func (postgres) dropIndex() string { return `DROP INDEX items_code` }

type mariadb struct{ dsn string }

func (m mariadb) connect(name string) (driver.Connector, cachedsql.Adapter, error) {
	config, err := mysql.ParseDSN(m.dsn)
	if err != nil {
		return nil, cachedsql.Adapter{}, err
	}
	if name != "" {
		config.DBName = name
	}
	config.Logger = &mysql.NopLogger{}
	k, err := mysql.NewConnector(config)
	return k, cachedmysql.Adapter(config), err
}

func (mariadb) sql(query string) string { return query }

func (mariadb) trigger() []string {
	return []string{`CREATE TRIGGER follow AFTER UPDATE ON items FOR EACH ROW
		UPDATE audit SET version = NEW.version WHERE id = NEW.id`}
}

func (mariadb) killCommitting(ctx context.Context, admin *sql.DB, name string) error {
	var id int64
	err := admin.QueryRowContext(ctx, `SELECT id FROM information_schema.processlist
		WHERE db = ? AND command <> 'Sleep' ORDER BY info LIKE 'commit%' DESC LIMIT 1`, name).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		_, err = admin.ExecContext(ctx, "KILL "+strconv.FormatInt(id, 10))
	}
	if gone := new(mysql.MySQLError); errors.As(err, &gone) && gone.Number == unknownThread {
		return nil
	}
	return err
}

func (mariadb) dropIndex() string { return `DROP INDEX items_code ON items` }

func (mariadb) isVictim(err error) bool {
	e := new(mysql.MySQLError)
	return errors.As(err, &e) && (e.Number == deadlock || e.Number == lockWaitTimeout)
}

const (
	lockWaitTimeout = 1205
	deadlock        = 1213
)

const unknownThread = 1094 // it has ended by itself

// prepare creates the tables. Versions start at 0, which is what no commit
// has been acknowledged of.
func prepare(ctx context.Context, db *sql.DB, d database) error {
	statements := []string{
		`CREATE TABLE items (id INTEGER PRIMARY KEY, grp INTEGER NOT NULL, version BIGINT NOT NULL, code INTEGER NOT NULL)`,
		`CREATE TABLE audit (id INTEGER PRIMARY KEY, version BIGINT NOT NULL)`,
		`CREATE TABLE grps (id INTEGER PRIMARY KEY, version BIGINT NOT NULL)`,
		`CREATE TABLE entries (grp INTEGER NOT NULL, seq BIGINT NOT NULL, PRIMARY KEY (grp, seq))`,
		`CREATE VIEW items_view AS SELECT id, grp, version FROM items`,
	}
	for i := range items {
		statements = append(statements,
			fmt.Sprintf(`INSERT INTO items VALUES (%d, %d, 0, %d)`, i, i%groups, i),
			fmt.Sprintf(`INSERT INTO audit VALUES (%d, 0)`, i))
	}
	for g := range groups {
		statements = append(statements, fmt.Sprintf(`INSERT INTO grps VALUES (%d, 0)`, g))
	}
	for _, s := range append(statements, d.trigger()...) {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// newDatabase creates an empty database and returns what drops it.
func newDatabase(ctx context.Context, d database) (admin *sql.DB, name string, drop func(), err error) {
	k, _, err := d.connect("")
	if err != nil {
		return nil, "", nil, err
	}
	admin = sql.OpenDB(k)
	name = "torture_" + strconv.FormatInt(time.Now().UnixNano(), 36)
	if _, err = admin.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		_ = admin.Close()
		return nil, "", nil, err
	}
	drop = func() {
		statement := "DROP DATABASE " + name
		if _, ok := d.(postgres); ok {
			statement += " WITH (FORCE)"
		}
		_, _ = admin.Exec(statement)
		_ = admin.Close()
	}
	// Deadlocks are to be found before the statement's timeout. Who is not a
	// superuser has to do without.
	_, _ = admin.ExecContext(ctx, "ALTER DATABASE "+name+" SET deadlock_timeout = '20ms'")
	k, _, err = d.connect(name)
	if err == nil {
		db := sql.OpenDB(k)
		err = prepare(ctx, db, d)
		_ = db.Close()
	}
	if err != nil {
		drop()
	}
	return admin, name, drop, err
}
