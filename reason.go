package cachedsql

import "github.com/cachedsql/cachedsql/internal/reason"

// Reason says why a statement was not served from the cache, or why its
// result was not stored. Its String is a stable word, used alike in events,
// stats, metrics, logs and explain output; docs/reasons.md explains each.
type Reason = reason.Reason

// Reasons returns every reason there is.
func Reasons() []Reason { return reason.All() }
