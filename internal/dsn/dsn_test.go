package dsn

import (
	"maps"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
)

var known = []string{"cache_redis", "cache_rules", "cache_lease", "cache_namespace"}

type want struct {
	rest     string
	settings map[string]string
}

func check(t *testing.T, split Splitter, dsn string, w want) {
	t.Helper()
	rest, settings, err := split(dsn, known)
	if err != nil || rest != w.rest || !maps.Equal(settings, w.settings) {
		t.Errorf("split(%q) = %q, %q, %v\nwant %q, %q", dsn, rest, settings, err, w.rest, w.settings)
	}
}

func TestPostgresSettingsAreTakenOut(t *testing.T) {
	t.Parallel()
	redis := map[string]string{"cache_redis": "redis://:p&w@r:6379/1?protocol=3"}
	for dsn, w := range map[string]want{
		"postgres://u:p@h/db?cache_redis=redis%3A%2F%2F%3Ap%26w%40r%3A6379%2F1%3Fprotocol%3D3":       {"postgres://u:p@h/db", redis},
		"postgresql://u:p@h/db?sslmode=disable&cache_redis=redis://:p%26w@r:6379/1?protocol=3&a=%2F": {"postgresql://u:p@h/db?sslmode=disable&a=%2F", redis},
		"postgres://h1:1,h2:2/db?cache_lease=5s&sslmode=disable":                                     {"postgres://h1:1,h2:2/db?sslmode=disable", map[string]string{"cache_lease": "5s"}},
		"postgres://h?cache%5Flease=5s":                                                              {"postgres://h", map[string]string{"cache_lease": "5s"}},
		"postgres:///db?host=/run/pg&cache_rules=/etc/a%20b+c.yaml":                                  {"postgres:///db?host=/run/pg", map[string]string{"cache_rules": "/etc/a b+c.yaml"}},
		"postgres://app:secret@db/shop?sslmode=require&cache_rules=/etc/shop/rules.yaml&cache_redis=redis://:pw@cache:6379/0?read_timeout=1s%26pool_size=20": {
			"postgres://app:secret@db/shop?sslmode=require",
			map[string]string{"cache_rules": "/etc/shop/rules.yaml", "cache_redis": "redis://:pw@cache:6379/0?read_timeout=1s&pool_size=20"},
		},
		"host=h cache_rules=/etc/rules.yaml dbname=db":                        {"host=h dbname=db", map[string]string{"cache_rules": "/etc/rules.yaml"}},
		` host = h  cache_rules = '/etc/it\'s a file'` + "\tpassword='a b'\n": {" host = h  password='a b'\n", map[string]string{"cache_rules": "/etc/it's a file"}},
		`cache_lease=5s`: {"", map[string]string{"cache_lease": "5s"}},
		`password=a\ cache_lease=1 cache_lease=5\s`: {`password=a\ cache_lease=1 `, map[string]string{"cache_lease": "5s"}},
	} {
		check(t, Postgres, dsn, w)
	}
}

func TestMySQLSettingsAreTakenOut(t *testing.T) {
	t.Parallel()
	for dsn, w := range map[string]want{
		"u:p@tcp(h:3306)/db?cache_lease=5s&parseTime=true":                             {"u:p@tcp(h:3306)/db?parseTime=true", map[string]string{"cache_lease": "5s"}},
		"u:p@tcp(h:3306)/db?loc=Europe%2FParis&cache_redis=redis%3A%2F%2Fr%3A6379%2F1": {"u:p@tcp(h:3306)/db?loc=Europe%2FParis", map[string]string{"cache_redis": "redis://r:6379/1"}},
		"/?cache_lease=5s": {"/", map[string]string{"cache_lease": "5s"}},
		"u@unix(/run/my.sock)/db?cache_namespace=a+b": {"u@unix(/run/my.sock)/db", map[string]string{"cache_namespace": "a b"}},
	} {
		check(t, MySQL, dsn, w)
	}
}

func TestPasswordsThatLookLikeSettingsStayPasswords(t *testing.T) {
	t.Parallel()
	for _, dsn := range []string{
		"",
		"registeredConnConfig0",
		"postgres://u:?cache_redis=x@h",
		"postgres://u:p?cache_bogus=x&cache_bogus=y@h/db?sslmode=disable",
		"postgres://u:p%3Fcache_redis=x@h/db",
		"postgres://h/db?password=cache_redis=1",
		`password='x cache_redis=1 ' host=h`,
		`password=x\ cache_redis=1 host=h`,
		`host=h password=?cache_redis=x&cache_redis=y`,
		`password='unterminated cache_redis=1`,
	} {
		check(t, Postgres, dsn, want{rest: dsn})
	}
	for _, dsn := range []string{
		"",
		"u:?cache_redis=x@tcp(h)/db",
		"u:/?cache_redis=x@tcp(h)/db?parseTime=true",
		"u:p@tcp(h)/db",
		"no slash?cache_redis=1",
	} {
		check(t, MySQL, dsn, want{rest: dsn})
	}
}

func TestSettingMistakesAreNamedWithoutSecrets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		split     Splitter
		dsn, want string
	}{
		{Postgres, "postgres://u:secret@h/db?cache_rule=secret", `cachedsql: DSN: unknown setting "cache_rule", did you mean "cache_rules"?`},
		{Postgres, "postgres://u:secret@h/db?cache_lease=secret&cache_lease=2", `cachedsql: DSN: setting "cache_lease" appears twice`},
		{Postgres, "postgres://u:secret@h/db?cache_redis=secret%zz", `cachedsql: DSN: setting "cache_redis" has a malformed percent-encoding`},
		{Postgres, "password=secret cache_rediss=secret", `cachedsql: DSN: unknown setting "cache_rediss", did you mean "cache_redis"?`},
		{MySQL, "u:secret@tcp(h)/db?cache_zebra=secret", `cachedsql: DSN: unknown setting "cache_zebra"`},
		{MySQL, "u:secret@tcp(h)/db?cache_redis=%", `cachedsql: DSN: setting "cache_redis" has a malformed percent-encoding`},
	} {
		rest, settings, err := c.split(c.dsn, known)
		if err == nil || err.Error() != c.want || rest != "" || settings != nil {
			t.Errorf("split(%q) = %q, %q, %v\nwant error %s", c.dsn, rest, settings, err, c.want)
		}
	}
}

// FuzzPostgres holds the split against pgx: what pgx makes of the rest is what
// it makes of the whole, less the settings.
func FuzzPostgres(f *testing.F) {
	for _, dsn := range []string{
		"postgres://u:p@h/db?cache_redis=redis%3A%2F%2Fh&sslmode=disable", "postgres://u:?cache_redis=x@h?cache_lease=1",
		`host=h cache_rules='a\'b' password=x\ cache_redis=1 `, "postgres://[::1]:1/?&cache_lease=1", " cache_lease = ",
	} {
		f.Add(dsn)
	}
	f.Fuzz(func(t *testing.T, dsn string) {
		if namesFiles(dsn) {
			t.Skip("pgx would read them")
		}
		whole, err := pgconn.ParseConfig(dsn)
		if err != nil {
			return
		}
		rest, settings, err := Postgres(dsn, known)
		if err != nil {
			return
		}
		if settings == nil && rest != dsn {
			t.Fatalf("%q has no settings and became %q", dsn, rest)
		}
		if settings == nil {
			return
		}
		part, err := pgconn.ParseConfig(rest)
		if err != nil {
			t.Fatalf("%q became %q: %v", dsn, rest, err)
		}
		for name, value := range settings {
			if whole.RuntimeParams[name] != value {
				t.Errorf("%q: %s is %q, pgx reads %q", dsn, name, value, whole.RuntimeParams[name])
			}
			delete(whole.RuntimeParams, name)
		}
		if !reflect.DeepEqual(whole.RuntimeParams, part.RuntimeParams) || whole.Password != part.Password ||
			whole.Host != part.Host || whole.Database != part.Database || whole.User != part.User {
			t.Errorf("%q became %q, which pgx reads differently", dsn, rest)
		}
	})
}

func namesFiles(dsn string) bool {
	if plain, err := url.PathUnescape(dsn); err == nil {
		dsn = plain
	}
	for _, key := range []string{"file", "service", "sslcert", "sslkey", "sslrootcert"} {
		if strings.Contains(dsn, key) {
			return true
		}
	}
	return false
}

// FuzzMySQL does the same with go-sql-driver.
func FuzzMySQL(f *testing.F) {
	for _, dsn := range []string{
		"u:p@tcp(h:3306)/db?cache_lease=5s&parseTime=true", "u:/?cache_redis=x@tcp(h)/db?a=b&cache_redis=%2F", "/?&cache_lease=&",
	} {
		f.Add(dsn)
	}
	f.Fuzz(func(t *testing.T, dsn string) {
		if strings.Contains(dsn, "strict") {
			t.Skip("the driver panics")
		}
		whole, err := mysql.ParseDSN(dsn)
		if err != nil {
			return
		}
		rest, settings, err := MySQL(dsn, known)
		if err != nil || settings == nil {
			if err == nil && rest != dsn {
				t.Fatalf("%q has no settings and became %q", dsn, rest)
			}
			return
		}
		part, err := mysql.ParseDSN(rest)
		if err != nil {
			t.Fatalf("%q became %q: %v", dsn, rest, err)
		}
		for name, value := range settings {
			if whole.Params[name] != value {
				t.Errorf("%q: %s is %q, the driver reads %q", dsn, name, value, whole.Params[name])
			}
			delete(whole.Params, name)
		}
		if got, want := part.FormatDSN(), whole.FormatDSN(); got != want {
			t.Errorf("%q became %q, read as %q, want %q", dsn, rest, got, want)
		}
	})
}
