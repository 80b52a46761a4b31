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

// databaseName is what every suite gets; some refuse one that does not say test.
const databaseName = "suites_test"

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

// fresh drops and makes the database on the server that the environment
// names, and runs the schema in it. A suite that needs no server gets none.
func fresh(ctx context.Context, dialect, schema string) (db database, err error) {
	var driver, dsn string
	switch dialect {
	case "postgres":
		db, err = freshPostgres(ctx, os.Getenv("CACHEDSQL_TEST_POSTGRES"))
		driver, dsn = "pgx", db.postgresURL()+"&default_query_exec_mode=simple_protocol" // the other modes take one statement
	case "mysql":
		db, err = freshMySQL(ctx, os.Getenv("CACHEDSQL_TEST_MYSQL"))
		driver, dsn = "mysql", db.mysqlDSN()+"?multiStatements=true"
	}
	if err != nil || schema == "" {
		return db, err
	}
	return db, execute(ctx, driver, dsn, schema)
}

func freshPostgres(ctx context.Context, dsn string) (database, error) {
	if dsn == "" {
		return database{}, errors.New("CACHEDSQL_TEST_POSTGRES is not set: see scripts/services")
	}
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		return database{}, err
	}
	err = execute(ctx, "pgx", dsn, "DROP DATABASE IF EXISTS "+databaseName+" WITH (FORCE)", "CREATE DATABASE "+databaseName)
	return database{config.Host, fmt.Sprint(config.Port), config.User, config.Password}, err
}

func freshMySQL(ctx context.Context, dsn string) (database, error) {
	if dsn == "" {
		return database{}, errors.New("CACHEDSQL_TEST_MYSQL is not set: see scripts/services")
	}
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		return database{}, err
	}
	host, port, err := net.SplitHostPort(config.Addr)
	if err != nil {
		return database{}, err
	}
	err = execute(ctx, "mysql", dsn, "DROP DATABASE IF EXISTS "+databaseName, "CREATE DATABASE "+databaseName)
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
