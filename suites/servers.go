package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // bare: the runner only makes databases
)

// databaseName is what every suite gets; some refuse one that does not say test. Two runs at once get one each.
var databaseName = fmt.Sprintf("suites_test_%d", os.Getpid())

// database is an empty one on a test server.
type database struct{ host, port, user, password string }

// address is host:port.
func (d database) address() string { return net.JoinHostPort(d.host, d.port) }

// postgresURL and mysqlDSN are data source names as pgx and go-sql-driver spell them.
func (d database) postgresURL() string {
	return fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable", d.user, d.password, d.address(), databaseName)
}

func (d database) mysqlDSN() string {
	return fmt.Sprintf("%s:%s@tcp(%s)/%s", d.user, d.password, d.address(), databaseName)
}

// placeholders are what word knows.
const placeholders = "$POSTGRES_URL, $MYSQL_DSN, $HOST, $PORT, $USER, $PASSWORD and $DATABASE"

// word returns what a placeholder stands for.
func (d database) word(name string) string {
	switch name {
	case "POSTGRES_URL":
		return d.postgresURL()
	case "MYSQL_DSN":
		return d.mysqlDSN()
	case "HOST":
		return d.host
	case "PORT":
		return d.port
	case "USER":
		return d.user
	case "PASSWORD":
		return d.password
	case "DATABASE":
		return databaseName
	}
	return "$" + name
}

// server is the driver and the data source name of a test server.
func server(dialect string) (driver, dsn string, err error) {
	var variable string
	switch dialect {
	case "postgres":
		driver, variable = "pgx", "CACHEDSQL_TEST_POSTGRES"
	case "mysql":
		driver, variable = "mysql", "CACHEDSQL_TEST_MYSQL"
	default:
		return "", "", fmt.Errorf("there is no server for %q, but for postgres and mysql", dialect)
	}
	if dsn = os.Getenv(variable); dsn == "" {
		err = fmt.Errorf("%s is not set: see scripts/services", variable)
	}
	return driver, dsn, err
}

// fresh drops and makes the database on the server that the environment
// names, and runs the schema in it. A suite that needs no server gets none.
func fresh(ctx context.Context, dialect, schema string) (db database, err error) {
	if dialect == "" {
		return db, nil
	}
	driver, dsn, err := server(dialect)
	if err != nil {
		return db, err
	}
	if err := errors.Join(drop(ctx, dialect), execute(ctx, driver, dsn, "CREATE DATABASE "+databaseName)); err != nil {
		return db, err
	}
	var within string
	if dialect == "mysql" {
		db, err = onMySQL(dsn)
		within = db.mysqlDSN() + "?multiStatements=true"
	} else {
		db, err = onPostgres(dsn)
		within = db.postgresURL() + "&default_query_exec_mode=simple_protocol" // the other modes take one statement
	}
	if err != nil || schema == "" {
		return db, err
	}
	return db, execute(ctx, driver, within, schema)
}

// drop removes the database, if it is there.
func drop(ctx context.Context, dialect string) error {
	if dialect == "" {
		return nil
	}
	driver, dsn, err := server(dialect)
	if err != nil {
		return err
	}
	text := "DROP DATABASE IF EXISTS " + databaseName
	if dialect != "mysql" {
		text += " WITH (FORCE)"
	}
	return execute(ctx, driver, dsn, text)
}

func onPostgres(dsn string) (database, error) {
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return database{}, err
	}
	return database{config.Host, fmt.Sprint(config.Port), config.User, config.Password}, nil
}

func onMySQL(dsn string) (database, error) {
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		return database{}, err
	}
	host, port, err := net.SplitHostPort(config.Addr)
	return database{host, port, config.User, config.Passwd}, err
}

func execute(ctx context.Context, driver, dsn string, statements ...string) error {
	db, err := sql.Open(driver, dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("%s: %w", statement, err)
		}
	}
	return nil
}
