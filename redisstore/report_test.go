package redisstore

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
)

// TestReportThatAFullServerRefusesIsNotListedAsNew: what is left of the last one
// is as old as it is.
func TestReportThatAFullServerRefusesIsNotListedAsNew(t *testing.T) {
	t.Parallel()
	srv := testredis.Start(t, "--maxmemory-policy", "noeviction")
	s := openURL(t, srv.URL(), Config{})
	report := func(id string) error {
		return s.Report(t.Context(), &cachedsql.Report{Instance: cachedsql.Instance{ID: id}}, time.Hour)
	}
	if err := report("old"); err != nil {
		t.Fatal(err)
	}
	before := srv.Client(t).ZRangeWithScores(t.Context(), s.reportIndex(), 0, -1).Val()
	srv.Do(t, "config", "set", "maxmemory", "1")
	time.Sleep(2 * time.Millisecond) // another time on the server's clock
	for _, id := range []string{"old", "new"} {
		if err := report(id); !redis.IsOOMError(err) {
			t.Errorf("report of %s: %v, want an OOM error", id, err)
		}
	}
	after := srv.Client(t).ZRangeWithScores(t.Context(), s.reportIndex(), 0, -1).Val()
	if len(before) != 1 || len(after) != 1 || after[0] != before[0] {
		t.Errorf("listed: %v, want what was there before: %v", after, before)
	}
	srv.Do(t, "config", "set", "maxmemory", "0")
	if err := report("new"); err != nil {
		t.Error(err)
	}
	if all, err := s.Inspector().Instances(t.Context()); err != nil || len(all) != 2 {
		t.Errorf("%d processes, %v", len(all), err)
	}
}
