package cachedmysql_test

import (
	"strings"
	"testing"

	"github.com/cachedsql/cachedsql/cachedmysql"
	"github.com/cachedsql/cachedsql/internal/testdsn"
)

func TestPasswordsAreInNoError(t *testing.T) {
	t.Parallel()
	for _, password := range testdsn.Passwords() {
		for _, tail := range []string{
			"@tcp(127.0.0.1:1)/db", "@tcp(127.0.0.1:x)/db", "@tcp(127.0.0.1:1)", "@bogus(h)/db", "@bogus/db", "@tcp(127.0.0.1:1/db",
			"@tcp(127.0.0.1:1)/db?timeout=x", "@tcp(127.0.0.1:1)/db?cache_bogus=1", "@tcp(127.0.0.1:1)/db?%zz=1", "@tcp(127.0.0.1:1)/db?loc=x", "", "@",
			"@tcp(127.0.0.1:1)/db?cache_redis=redis%3A%2F%2F%3A" + password + "%40h%3Ax", "@tcp(127.0.0.1:1)/d/b", "@tcp(127.0.0.1:1)/db?charset=bogus&tls=bogus",
			"@tcp(127.0.0.1:1)/db?cache_entry_keys=" + password,
		} {
			if strings.Contains(password+tail, "strict") {
				continue // the driver panics
			}
			testdsn.WantRefused(t, cachedmysql.Name, "u:"+password+tail)
		}
	}
}
