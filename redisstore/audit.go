package redisstore

import (
	"cmp"
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// AuditEntry is one change that somebody made for the whole fleet.
type AuditEntry struct {
	// At is when, by the server's clock.
	At time.Time `json:"at,omitzero"`
	// By is who.
	By string `json:"by"`
	// Action is what: one of the constants below, or the caller's own word.
	Action string `json:"action"`
	// Subject is what it was done to: the name of a rule set, a table.
	Subject string `json:"subject,omitempty"`
	// Detail says more: the revision of a commit.
	Detail string `json:"detail,omitempty"`
	// Comment is why, in the words of who did it.
	Comment string `json:"comment,omitempty"`
}

// Actions of the audit log.
const (
	AuditCommit   = "rules_commit"
	AuditRollback = "rules_rollback"
	// AuditRestore: a process put back the rules that the server had lost. By
	// is the process.
	AuditRestore = "rules_restore"
	AuditFlush   = "flush"
)

// Audit returns the newest entries of the audit log, the newest first; at most
// limit, 0 for all. The last 1000 are kept.
func (i *Inspector) Audit(ctx context.Context, limit int) ([]AuditEntry, error) {
	if err := i.store.usable(ctx); err != nil {
		return nil, err
	}
	kept, err := i.store.scripts.client.LRange(ctx, i.store.auditLog(), 0, int64(limit)-1).Result()
	if err != nil {
		return nil, wrap("read audit log", err)
	}
	all := []AuditEntry{}
	for _, line := range kept {
		ms, data, _ := strings.Cut(line, " ")
		at, err := strconv.ParseInt(ms, 10, 64)
		var e AuditEntry
		if err != nil || json.Unmarshal([]byte(data), &e) != nil {
			continue // another version's
		}
		e.At = time.UnixMilli(at).UTC()
		all = append(all, e)
	}
	return all, nil
}

// Record writes into the audit log what has been done by other means: a flush,
// for example. The time is the server's. Commits and rollbacks of rules are
// recorded by themselves.
func (i *Inspector) Record(ctx context.Context, e AuditEntry) error {
	if err := cmp.Or(i.store.usable(ctx), validAuthor(e.By), validComment(e.Comment)); err != nil {
		return err
	}
	e.At = time.Time{}
	data, err := json.Marshal(e)
	if err != nil {
		return wrap("audit log", err)
	}
	ex := i.store.scripts.command(ctx, auditScript, []any{1, i.store.auditLog()}, data, keptAudit)
	i.store.scripts.run(ctx, []*execution{ex}, nil)
	return wrap("audit log", ex.Err())
}

var auditScript = newScript(`local t = redis.call('TIME')
local now = string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000))
redis.call('LPUSH', KEYS[1], now .. ' ' .. ARGV[1])
redis.call('LTRIM', KEYS[1], 0, ARGV[2] - 1)
return 'OK'
`)
