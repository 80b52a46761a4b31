package cachedsql_test

import (
	"database/sql"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedpg"
)

// A setting of an extension can change what its immutable operators find, as
// hnsw.ef_search does. The server has no list of those whose library is not loaded.
func TestExtensionSettingsOfARoleAreInTheKey(t *testing.T) {
	t.Parallel()
	dsn := os.Getenv("CACHEDSQL_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("CACHEDSQL_TEST_POSTGRES is not set")
	}
	user := newRole(t, dsn)
	config := postgresConfig(t, dsn) // and dropped before the role
	bare := sql.OpenDB(stdlib.GetConnector(*config))
	t.Cleanup(func() { bare.Close() })
	p := &pair{T: t, dialect: cachedsql.Postgres, bare: bare}
	p.exec(bare, "CREATE TABLE items (id int PRIMARY KEY)", "INSERT INTO items VALUES (1)", "GRANT ALL ON items TO "+user)
	config = config.Copy()
	config.User, config.Password = user, "secret"
	p.inner = stdlib.GetConnector(*config)
	p.config = cachedsql.Config{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{}), Adapter: cachedpg.Adapter(nil)}
	const query = "SELECT id FROM items"
	p.handle().warm(query)
	for _, given := range []struct{ by, want string }{
		{"SELECT", "hit"},
		{"ALTER ROLE " + user + " SET statement_timeout = '1h'", "hit"},
		{"ALTER ROLE " + user + " SET index.reach = '10'", "miss"},
		{"ALTER ROLE " + user + " SET index.reach = '20'", "miss"},
		{"ALTER ROLE " + user + " IN DATABASE " + config.Database + " SET index.reach = '30'", "miss"},
		{"SELECT", "hit"},
	} {
		p.exec(bare, given.by)
		h := p.handle()
		if _, did := h.read(query); did != given.want {
			t.Errorf("a new handle after %s: %s, want %s", given.by, did, given.want)
		}
		h.warm(query)
	}
}
