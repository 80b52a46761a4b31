package redisstore

import (
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/protocol"
)

// FollowWithout follows with parts of the protocol left out.
func FollowWithout(sp cachedsql.Space, bound time.Duration, report func(error), without protocol.Ingredient) (cachedsql.Following, error) {
	f, err := sp.(*space).newFollowing(bound, report)
	if err != nil {
		return nil, err
	}
	f.decide.Without = without
	f.run()
	return f, nil
}

// WarmConns is how many connections are made ahead of need at a time.
const WarmConns = warmConns

// IdleConns is how many connections of an opened store wait for scripts.
func (s *Store) IdleConns() int { return s.scripts.warmer.idle() }
