package cachedsql

import (
	"context"
	"time"
)

// Outcome is what happened, as events and stats count it.
type Outcome uint8

const (
	// Hit: answered from the store.
	Hit Outcome = iota
	// NearHit: answered from this process's memory.
	NearHit
	// Miss: asked from the database under a version that allows storing.
	Miss
	// Bypassed: asked from the database and not to be stored; see the Reason.
	Bypassed
	// Filled: a result was stored.
	Filled
	// NotFilled: a miss whose result was not stored; see the Reason.
	NotFilled
	// Invalidated: a write announced the tables it touches.
	Invalidated
	// Corrupt: a stored entry could not be used; it counts as a miss.
	Corrupt
	// StoreFailed: a call to the store failed; Err says how.
	StoreFailed
	// Note: something an operator should know; Err says what.
	Note
	// Coalesced: answered with what another statement of this process has just
	// read from the database.
	Coalesced
	// StaleHit: answered from the store with a result whose TTL has ended, while
	// it is computed anew: see Rule.StaleWhileRevalidate.
	StaleHit
	// Checked: a hit that was not served but compared with the database's
	// answer, which the caller got; see RuleMode and Rule.Verify.
	Checked
	// Different: that answer was another one although no write began in between.
	// The cache would have been wrong.
	Different
	// Inconclusive: nothing can be said of a check; see the Reason.
	Inconclusive
	// Unauthentic: a stored entry was refused because it is not protected by one
	// of Config.EntryKeys, or not for its place; it counts as a miss.
	Unauthentic

	outcomes
)

var outcomeWords = [outcomes]string{"hit", "near_hit", "miss", "bypass", "fill", "not_filled", "invalidate", "corrupt", "store_failed", "note", "coalesced", "stale_hit", "checked", "different", "inconclusive", "unauthentic"}

// String returns the word used in stats, logs and metrics.
func (o Outcome) String() string {
	if o >= outcomes {
		return "unknown"
	}
	return outcomeWords[o]
}

// Event is one thing that happened to a statement or to the cache. It never
// carries argument values.
type Event struct {
	Outcome Outcome
	// Reason is why, for Bypassed, NotFilled and Inconclusive.
	Reason Reason
	// Detail is what in the statement or the catalog caused the Reason, if
	// known: "now".
	Detail string
	// QueryID names the statement's normal form, 16 hex digits.
	QueryID string
	// Statement is the normal form: literals and arguments replaced.
	Statement string
	// Rule is the name of the rule that selected the statement.
	Rule string
	// Tags are the tags announced, for Invalidated.
	Tags []string
	// Rows and Bytes are the size of a result stored or served.
	Rows, Bytes int64
	// Duration is how long it took: a lookup, a query, a call to the store. For
	// Filled it counts what a small result waited for the lookup that it went to
	// the store with, up to 20 ms with package redisstore.
	Duration time.Duration
	// Err is the failure, for Corrupt, Unauthentic, StoreFailed, Note and
	// Different.
	Err error
	// Context is the statement's context; nil for what happens in background.
	Context context.Context
}
