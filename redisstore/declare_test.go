package redisstore_test

import (
	"testing"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/testredis"
)

// TestLostNamesAreTold: a process that asks for the names after they were lost
// may write without them. Whoever relied on one must see that the schema has
// changed at its next look at any tag, and wait again.
func TestLostNamesAreTold(t *testing.T) {
	t.Parallel()
	harms := map[string][]any{
		"Evicted": {"eval", "for _, k in ipairs(redis.call('KEYS', '*}d')) do redis.call('DEL', k) end return 1", "0"},
		"Flushed": {"flushall"},
		"Garbage": {"eval", "for _, k in ipairs(redis.call('KEYS', '*}d')) do redis.call('SET', k, 'x y') end return 1", "0"},
	}
	for name, harm := range harms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, testredis.Start(t))
			declare := func(names ...string) cachedsql.Declared {
				t.Helper()
				d, err := s.space.Declare(t.Context(), names)
				if err != nil {
					t.Fatal(err)
				}
				return d
			}
			s.settled()
			declare("orders.tenant")
			before := s.settled()
			s.server.Do(t, harm...)
			if d := declare(); len(d.Names) != 0 || d.Schema == before.Schema {
				t.Errorf("asked after the loss: names %v, schema changed: %v", d.Names, d.Schema != before.Schema)
			}
			if after := s.settled(); after.Schema == before.Schema || after.Vector == before.Vector {
				t.Error("a reader is not told of the loss")
			}
			if d := declare("orders.tenant"); d.Names["orders.tenant"] == 0 {
				t.Error("declared again, the name can be relied on at once")
			}
		})
	}
}
