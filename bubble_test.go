package cachedsql_test

import (
	"testing"
	"testing/synctest"
)

// inBubble runs a test with a clock of its own, which moves only while all that
// the test has started waits. So nobody runs out of patience, and no TTL ends,
// because the machine is busy. What a test needs must be in memory.
func inBubble(t *testing.T, test func(*testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, test)
}
