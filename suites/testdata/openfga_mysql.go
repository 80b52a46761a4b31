// Package storage gets this file in place of one that starts MySQL in a container.
package storage

import (
	"database/sql"
	"os"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/oklog/ulid/v2"
	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"

	"github.com/openfga/openfga/assets"
)

// mysqlDatabase is one on the server that the environment names.
type mysqlDatabase struct {
	config  *mysql.Config
	version int64
}

func (m *mysqlDatabase) GetConnectionURI(credentials bool) string {
	config := m.config.Clone()
	if !credentials {
		config.User, config.Passwd = "", ""
	}
	return config.FormatDSN()
}

func (m *mysqlDatabase) GetDatabaseSchemaVersion() int64       { return m.version }
func (m *mysqlDatabase) GetUsername() string                   { return m.config.User }
func (m *mysqlDatabase) GetPassword() string                   { return m.config.Passwd }
func (m *mysqlDatabase) CreateSecondary(testing.TB) error      { return nil }
func (m *mysqlDatabase) GetSecondaryConnectionURI(bool) string { return "" }

// RunMysqlTestContainer makes a database and gives it the schema.
func RunMysqlTestContainer(t testing.TB) DatastoreTestContainer {
	config, err := mysql.ParseDSN(os.Getenv("CACHEDSQL_SUITE_MYSQL"))
	require.NoError(t, err)
	server, err := sql.Open("mysql", config.FormatDSN())
	require.NoError(t, err)
	config.DBName, config.ParseTime = "suites_test_"+strings.ToLower(ulid.Make().String()), true
	_, err = server.Exec("CREATE DATABASE " + config.DBName)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := server.Exec("DROP DATABASE " + config.DBName)
		require.NoError(t, err)
		require.NoError(t, server.Close())
	})
	m := &mysqlDatabase{config: config}
	db, err := goose.OpenDBWithDriver("mysql", m.GetConnectionURI(true))
	require.NoError(t, err)
	require.NoError(t, goose.Up(db, assets.MySQLMigrationDir))
	m.version, err = latestMigrationVersion(assets.MySQLMigrationDir)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	return m
}

// CleanupMysqlContainer has nothing to do.
func CleanupMysqlContainer() {}
