package cachedpg_test

import (
	"testing"

	"github.com/cachedsql/cachedsql/cachedpg"
	"github.com/cachedsql/cachedsql/internal/testdsn"
)

func TestPasswordsAreInNoError(t *testing.T) {
	t.Parallel()
	for _, password := range testdsn.Passwords() {
		for _, tail := range []string{
			"127.0.0.1:1/db", "127.0.0.1:x/db", "127.0.0.1:1/db?sslmode=bogus", "127.0.0.1:1/db?cache_bogus=1", "[::1/db", "127.0.0.1:1/db?%zz",
			"127.0.0.1:1/db?cache_redis=redis://:" + password + "@h:x", "127.0.0.1:1/db?connect_timeout=x", "127.0.0.1:1/db?cache_entry_keys=" + password,
			"127.0.0.1:1/db?cache_lease=x&cache_entry_keys=file:/nonexistent",
		} {
			testdsn.WantRefused(t, cachedpg.Name, "postgres://u:"+password+"@"+tail)
		}
		for _, tail := range []string{"", " port=x", " sslmode=bogus", " cache_bogus=1", " cache_redis=redis://:" + password + "@h:x", " bogus", " ='", " port='1"} {
			testdsn.WantRefused(t, cachedpg.Name, "host=127.0.0.1 port=1 user=u password="+password+tail)
			testdsn.WantRefused(t, cachedpg.Name, "host=127.0.0.1 port=1 user=u password='"+password+"'"+tail)
		}
		testdsn.WantRefused(t, cachedpg.Name, "u:"+password+"@tcp(127.0.0.1:1)/db") // another driver's
		testdsn.WantRefused(t, cachedpg.Name, "mysql://u:"+password+"@127.0.0.1/db")
	}
}
