package redisstore_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql/internal/testdsn"
	"github.com/cachedsql/cachedsql/redisstore"
)

func TestPasswordsAreInNoError(t *testing.T) {
	t.Parallel()
	for _, password := range testdsn.Passwords() {
		for _, scheme := range []string{"redis", "rediss", "redis+sentinel", "redis+cluster", "unix", "http", "redis+x", "Redis"} {
			for _, tail := range []string{
				"@127.0.0.1:1", "@127.0.0.1:x", "@127.0.0.1:1/0", "@127.0.0.1:1/x", "@127.0.0.1:1?bogus=1", "@127.0.0.1:1?master_name=m&bogus=1",
				"@127.0.0.1:1/0?read_timeout=x", "@[::1", "@", "@127.0.0.1:1?password=" + password + "&bogus=1", "@127.0.0.1:1?addr=u:" + password + "@127.0.0.1:x",
				"@127.0.0.1:1?master_name=m&addr=:" + password, "@127.0.0.1:1?username=u&password=" + password + "&master_name=x&db=y",
				"@127.0.0.1:1?quarantine=x", "@127.0.0.1:1?absence=1ns",
			} {
				cannotOpen(t, scheme+"://u:"+password+tail)
			}
			cannotOpen(t, scheme+":u:"+password+"@h")
			cannotOpen(t, strings.TrimPrefix(scheme, "redis")+"u:"+password)
		}
	}
}

func cannotOpen(t *testing.T, url string) {
	t.Helper()
	s, err := redisstore.Open(url, redisstore.Config{})
	if err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		err = s.Ping(ctx)
		cancel()
		_ = s.Close()
	}
	if err != nil {
		testdsn.WantHidden(t, err.Error(), url)
	}
}
