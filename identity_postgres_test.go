package cachedsql_test

import (
	"database/sql"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/cachedpg"
)

// newRole makes a user of PostgreSQL with no rights and the password "secret".
func newRole(t *testing.T, dsn string) string {
	t.Helper()
	name := databaseName()
	admin(t, "pgx", dsn, "CREATE ROLE "+name+" LOGIN PASSWORD 'secret'", "DROP ROLE "+name)
	return name
}

// usersPair is a database where PUBLIC may not call pg_control_system: a is a
// superuser's, b that of a user who has only the tables, and another time zone.
func usersPair(t *testing.T, grants ...string) *pair {
	t.Helper()
	dsn := os.Getenv("CACHEDSQL_TEST_POSTGRES")
	if dsn == "" {
		t.Skip("CACHEDSQL_TEST_POSTGRES is not set")
	}
	user := newRole(t, dsn)
	config := postgresConfig(t, dsn) // and dropped before the role
	p := &pair{T: t, dialect: cachedsql.Postgres, inner: stdlib.GetConnector(*config)}
	p.config = cachedsql.Config{Store: cachedsql.NewMemoryStore(cachedsql.MemoryConfig{}), Adapter: cachedpg.Adapter(nil)}
	p.bare = sql.OpenDB(p.inner)
	t.Cleanup(func() { p.bare.Close() })
	p.exec(p.bare,
		"REVOKE EXECUTE ON FUNCTION pg_catalog.pg_control_system() FROM PUBLIC",
		"CREATE TABLE items (id INTEGER PRIMARY KEY, name VARCHAR(100), price INTEGER)",
		"INSERT INTO items VALUES (1, 'lamp', 40)",
		"GRANT ALL ON items TO "+user)
	for _, g := range grants {
		p.exec(p.bare, strings.ReplaceAll(g, "USER", user))
	}
	p.a = p.handle()
	config = config.Copy()
	config.User, config.Password = user, "secret"
	config.RuntimeParams["timezone"] = "Asia/Tokyo"
	config.RuntimeParams["datestyle"] = "German"
	part := *p
	part.inner = stdlib.GetConnector(*config)
	p.b = part.handle()
	return p
}

// wantHeard has each handle read what the other has written.
func (p *pair) wantHeard() {
	p.Helper()
	for _, way := range []struct{ writer, reader *handle }{{p.a, p.b}, {p.b, p.a}} {
		way.reader.warm(priceOfLamp)
		p.exec(way.writer.db, "UPDATE items SET price = price + 1 WHERE id = 1")
		way.reader.wantLamp(strings.TrimPrefix(answer(p.Context(), p.bare, priceOfLamp), "price | "))
	}
}

func TestUsersWithAndWithoutControlShareOneNamespace(t *testing.T) {
	t.Parallel()
	for name, grants := range map[string][]string{
		"nobody but superusers": nil,
		"the user by name":      {"GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO USER"},
		"everybody":             {"GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO PUBLIC"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			usersPair(t, grants...).wantHeard()
		})
	}
}

func TestOperatorHearsThatADatabaseIsKnownByItsStart(t *testing.T) {
	t.Parallel()
	p := usersPair(t)
	for name, h := range map[string]*handle{"superuser": p.a, "user": p.b} {
		h.read(priceOfLamp)
		if !slices.ContainsFunc(h.rec.Events(), func(e cachedsql.Event) bool {
			return e.Outcome == cachedsql.Note && strings.Contains(e.Err.Error(), "pg_control_system")
		}) {
			t.Errorf("%s: no note:\n%s", name, h.rec)
		}
	}
}

// A connection that was there before keeps the name it knows; those that come
// later, in whatever process, agree on the new one.
func TestNewConnectionsFollowAGrantToEverybody(t *testing.T) {
	t.Parallel()
	p := usersPair(t)
	p.wantHeard()
	for _, h := range []*handle{p.a, p.b} {
		h.db.SetMaxIdleConns(0)
	}
	for _, change := range []string{"GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO PUBLIC", "REVOKE EXECUTE ON FUNCTION pg_catalog.pg_control_system() FROM PUBLIC"} {
		p.exec(p.bare, change)
		p.wantHeard()
	}
}
