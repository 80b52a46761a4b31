package redisstore

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/redis/go-redis/v9"

	"github.com/cachedsql/cachedsql"
)

var _ cachedsql.RulesStore = (*Store)(nil)

// Keys of rule sets, with p the prefix. They are in the slot of the reports,
// see report.go: one script changes all of them.
//
//	{p:!}s        names of the sets
//	{p:!}v:set    versions; also the channel on which changes are told
//	{p:!}t:set    texts of the versions
//	{p:!}d:set    drafts, by author
//	{p:!}a        audit log
//
// A set belongs to the prefix and not to a namespace: rules are of a program,
// not of a database. Two programs of one database have different ones, a
// program with two databases has one set, and which database it is nobody
// knows before the first connection.

//go:embed scripts/rules.lua
var rulesLua string

var rulesScript = newScript(rulesLua)

const (
	// keptVersions bounds a set's history.
	keptVersions = 50
	// keptAudit bounds the audit log.
	keptAudit = 1000
	// maxRulesBytes bounds a text that is unpacked; ParseRules refuses far
	// shorter ones.
	maxRulesBytes = 1 << 20
)

func (s *Store) ruleSets() string               { return s.reportBase() + "s" }
func (s *Store) ruleVersions(set string) string { return s.reportBase() + "v:" + encodeName(set) }
func (s *Store) ruleTexts(set string) string    { return s.reportBase() + "t:" + encodeName(set) }
func (s *Store) ruleDrafts(set string) string   { return s.reportBase() + "d:" + encodeName(set) }
func (s *Store) auditLog() string               { return s.reportBase() + "a" }

// versionNote is what is kept of a version beside its text and time.
type versionNote struct {
	Revision     string `json:"revision"`
	By           string `json:"by"`
	Comment      string `json:"comment,omitempty"`
	RolledBackTo int64  `json:"rolled_back_to,omitempty"`
}

// CurrentRules implements [cachedsql.RulesStore].
func (s *Store) CurrentRules(ctx context.Context, set, known string) (*cachedsql.RulesVersion, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	heads, err := s.scripts.client.HMGet(ctx, s.ruleVersions(set), "current", "line").Result()
	if err != nil {
		return nil, wrap("read rules", err)
	}
	revision, line := textAt(heads, 0), textAt(heads, 1)
	number, ok := cachedsql.RulesNumber(revision)
	if !ok {
		return nil, fmt.Errorf("cachedsql: redis: rule set %q: %q is not a revision", set, revision)
	}
	if revision == "" || revision == known {
		return &cachedsql.RulesVersion{Number: number, Revision: revision, Line: line}, nil
	}
	v, err := s.rulesVersion(ctx, set, number)
	if err == nil && v.Revision != revision {
		err = fmt.Errorf("cachedsql: redis: rule set %q changed while it was read", set)
	}
	if err != nil {
		return nil, err
	}
	v.Line = line
	return v, nil
}

// ErrNoRulesVersion is returned for a version that never was or is not kept
// any more.
var ErrNoRulesVersion = errors.New("no such version of the rules")

// rulesVersion reads one version.
func (s *Store) rulesVersion(ctx context.Context, set string, number int64) (*cachedsql.RulesVersion, error) {
	field := strconv.FormatInt(number, 10)
	pipe := s.scripts.client.Pipeline()
	note, text := pipe.HMGet(ctx, s.ruleVersions(set), field, "line"), pipe.HMGet(ctx, s.ruleTexts(set), field)
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, wrap("read rules", err)
	}
	if textAt(note.Val(), 0) == "" || textAt(text.Val(), 0) == "" {
		return nil, fmt.Errorf("cachedsql: redis: rule set %q, version %d: %w", set, number, ErrNoRulesVersion)
	}
	v, err := parseNote(number, textAt(note.Val(), 0))
	if err != nil {
		return nil, err
	}
	v.Line = textAt(note.Val(), 1)
	if v.Text, err = unpackRules(textAt(text.Val(), 0)); err != nil {
		return nil, err
	}
	if v.Revision != cachedsql.RulesRevision(number, v.Text) {
		return nil, fmt.Errorf("cachedsql: redis: rule set %q: the text of version %d is damaged", set, number)
	}
	return v, nil
}

func textAt(values []any, i int) string {
	if i >= len(values) {
		return ""
	}
	text, _ := values[i].(string)
	return text
}

func parseNote(number int64, kept string) (*cachedsql.RulesVersion, error) {
	ms, data, _ := strings.Cut(kept, " ")
	var note versionNote
	at, err := strconv.ParseInt(ms, 10, 64)
	if err == nil {
		err = json.Unmarshal([]byte(data), &note)
	}
	if err != nil {
		return nil, fmt.Errorf("cachedsql: redis: version %d of the rules: %w", number, err)
	}
	return &cachedsql.RulesVersion{
		Number: number, Revision: note.Revision, By: note.By, Comment: note.Comment,
		RolledBackTo: note.RolledBackTo, At: time.UnixMilli(at).UTC(),
	}, nil
}

func unpackRules(packed string) (string, error) {
	if n, err := s2.DecodedLen([]byte(packed)); err != nil || n > maxRulesBytes {
		return "", errors.New("cachedsql: redis: the text of the rules is damaged")
	}
	text, err := s2.Decode(nil, []byte(packed))
	if err != nil {
		return "", errors.New("cachedsql: redis: the text of the rules is damaged")
	}
	return string(text), nil
}

// RestoreRules implements [cachedsql.RulesStore].
func (s *Store) RestoreRules(ctx context.Context, set string, v *cachedsql.RulesVersion, by string) error {
	audit := AuditEntry{By: by, Action: AuditRestore, Subject: set, Detail: v.Revision}
	_, err := s.putRules(ctx, "restore", set, "", v, audit)
	if conflict := (*RulesConflictError)(nil); errors.As(err, &conflict) {
		return nil // somebody else did, or the set has moved on
	}
	return err
}

// putRules runs the script. For a commit, v gets its time and line from the
// server.
func (s *Store) putRules(ctx context.Context, how, set, base string, v *cachedsql.RulesVersion, audit AuditEntry) (*cachedsql.RulesVersion, error) {
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	note, err := json.Marshal(versionNote{v.Revision, v.By, v.Comment, v.RolledBackTo})
	if err != nil {
		return nil, wrap("commit rules", err)
	}
	entry, err := json.Marshal(audit)
	if err != nil {
		return nil, wrap("commit rules", err)
	}
	line := v.Line
	if line == "" {
		line = strconv.FormatUint(rand.Uint64(), 36)
	}
	e := s.scripts.command(ctx, rulesScript,
		[]any{4, s.ruleVersions(set), s.ruleTexts(set), s.ruleSets(), s.auditLog()},
		how, base, set, v.Number, v.Revision, line, note, s2.Encode(nil, []byte(v.Text)), v.At.UnixMilli(), entry, keptVersions, keptAudit)
	s.scripts.run(ctx, []*execution{e}, nil)
	answer, err := e.Result()
	if err != nil {
		return nil, wrap("commit rules", err)
	}
	words := strings.Fields(answer)
	switch {
	case len(words) == 3 && words[0] == "ok":
		ms, err := strconv.ParseInt(words[1], 10, 64)
		if err != nil {
			return nil, errUnexpected
		}
		put := *v
		put.At, put.Line = time.UnixMilli(ms).UTC(), words[2]
		return &put, nil
	case len(words) > 0 && words[0] == "no":
		return nil, &RulesConflictError{Set: set, Base: base}
	}
	return nil, errUnexpected
}

const (
	// listenPing is how long nothing may be heard from the server before it is
	// asked whether it is still there.
	listenPing = 10 * time.Second
	// listenAgain is the pause between two attempts to subscribe.
	listenAgain = 2 * time.Second
)

// NotifyRules implements [cachedsql.RulesStore]. It holds one connection of
// its own. Where it has none, because the server is away or the user may not
// subscribe, it calls changed at intervals.
func (s *Store) NotifyRules(ctx context.Context, set string, changed func()) {
	for ctx.Err() == nil {
		s.listen(ctx, s.ruleVersions(set), changed)
		select {
		case <-ctx.Done():
		case <-time.After(listenAgain):
			changed()
		}
	}
}

// listen returns when the subscription has failed.
func (s *Store) listen(ctx context.Context, channel string, changed func()) {
	sub := s.scripts.client.Subscribe(ctx, channel)
	defer func() { _ = sub.Close() }()
	defer context.AfterFunc(ctx, func() { _ = sub.Close() })()
	for asked := false; ; {
		message, err := sub.ReceiveTimeout(ctx, listenPing)
		switch timeout := interface{ Timeout() bool }(nil); {
		case errors.As(err, &timeout) && timeout.Timeout() && !asked:
			asked = true
			if sub.Ping(ctx) != nil {
				return
			}
			continue
		case err != nil:
			return
		}
		asked = false
		switch message.(type) {
		case *redis.Message, *redis.Subscription: // what was said before the subscription was not heard
			changed()
		}
	}
}
