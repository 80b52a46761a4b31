package redisstore

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/cachedsql/cachedsql"
)

// A RuleSet is a named set of rules in Redis, as those who change it see it.
// The processes whose Config.LiveRules is its name follow it: they take a new
// version within moments, or refuse it and say why (see [Fleet.Followers]).
//
// Its versions are numbered and never change. A commit names the revision that
// its author has seen, and is refused where another is current by now.
type RuleSet struct {
	store *Store
	name  string
}

// RuleSet returns the set of that name, [cachedsql.DefaultRuleSet] for "". It
// does no I/O, and the set need not exist.
func (i *Inspector) RuleSet(name string) *RuleSet {
	return &RuleSet{i.store, cmp.Or(name, cachedsql.DefaultRuleSet)}
}

// RuleSets returns the names of all sets that have a version.
func (i *Inspector) RuleSets(ctx context.Context) ([]string, error) {
	if err := i.store.usable(ctx); err != nil {
		return nil, err
	}
	names, err := i.store.scripts.client.SMembers(ctx, i.store.ruleSets()).Result()
	slices.Sort(names)
	return names, wrap("list rule sets", err)
}

// Name returns the name of the set.
func (r *RuleSet) Name() string { return r.name }

func (r *RuleSet) usable(ctx context.Context) error {
	if err := cachedsql.ValidRuleSet(r.name); err != nil {
		return err
	}
	return r.store.usable(ctx)
}

// Current returns the version in force. Where there is none, its Revision and
// Text are "" and its Number is 0; "" is then the base of the first commit.
func (r *RuleSet) Current(ctx context.Context) (*cachedsql.RulesVersion, error) {
	if err := r.usable(ctx); err != nil {
		return nil, err
	}
	return r.store.CurrentRules(ctx, r.name, "")
}

// Version returns a version by its number, with its text. The error is
// ErrNoRulesVersion for one that is not kept: the last 50 are.
func (r *RuleSet) Version(ctx context.Context, number int64) (*cachedsql.RulesVersion, error) {
	if err := r.usable(ctx); err != nil {
		return nil, err
	}
	return r.store.rulesVersion(ctx, r.name, number)
}

// History returns the versions that are kept, the newest first, without their
// texts.
func (r *RuleSet) History(ctx context.Context) ([]cachedsql.RulesVersion, error) {
	if err := r.usable(ctx); err != nil {
		return nil, err
	}
	kept, err := r.store.scripts.client.HGetAll(ctx, r.store.ruleVersions(r.name)).Result()
	if err != nil {
		return nil, wrap("read rules", err)
	}
	all := []cachedsql.RulesVersion{}
	for field, note := range kept {
		number, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			continue // "current", "line"
		}
		v, err := parseNote(number, note)
		if err != nil {
			return nil, err
		}
		v.Line = kept["line"]
		all = append(all, *v)
	}
	slices.SortFunc(all, func(a, b cachedsql.RulesVersion) int { return cmp.Compare(b.Number, a.Number) })
	return all, nil
}

// Check parses a text as the processes will. [cachedsql.RuleErrors] takes the
// error apart.
func (r *RuleSet) Check(text string) (*cachedsql.Rules, error) {
	return cachedsql.ParseRules(cachedsql.LiveRulesName(r.name), []byte(text))
}

// RulesCommit is what somebody wants to put in force.
type RulesCommit struct {
	// Base is the revision that the author started from, "" if there was none.
	Base string `json:"base"`
	// Text is the rule file.
	Text string `json:"text"`
	// By is who commits, Comment why. By is needed.
	By      string `json:"by"`
	Comment string `json:"comment,omitempty"`
}

// ErrRulesUnchanged is returned for a commit of the text that is in force.
var ErrRulesUnchanged = errors.New("cachedsql: these rules are in force already")

// RulesConflictError is returned for a commit whose base is not current any
// more. Nothing was changed.
type RulesConflictError struct {
	// Set is the name of the rule set.
	Set string
	// Base is what the author had seen.
	Base string
	// Current is what somebody else has committed since.
	Current cachedsql.RulesVersion
}

func (e *RulesConflictError) Error() string {
	switch {
	case e.Current.Revision == "":
		return fmt.Sprintf("cachedsql: rule set %q has no version any more, the change was made to %q", e.Set, e.Base)
	case e.Base == "":
		return fmt.Sprintf("cachedsql: rule set %q has version %s by %q already", e.Set, e.Current.Revision, e.Current.By)
	}
	return fmt.Sprintf("cachedsql: rule set %q has version %s by %q since, the change was made to %s", e.Set, e.Current.Revision, e.Current.By, e.Base)
}

// Commit puts a text in force and returns its version. The error is that of
// Check, ErrRulesUnchanged, or a *RulesConflictError.
//
// It returns when Redis has the version. Processes have it within moments, and
// within seconds where a message is lost.
func (r *RuleSet) Commit(ctx context.Context, c RulesCommit) (*cachedsql.RulesVersion, error) {
	return r.commit(ctx, c, 0)
}

// Rollback commits the text of an earlier version again, as a new one.
func (r *RuleSet) Rollback(ctx context.Context, base string, to int64, by, comment string) (*cachedsql.RulesVersion, error) {
	old, err := r.Version(ctx, to)
	if err != nil {
		return nil, err
	}
	return r.commit(ctx, RulesCommit{Base: base, Text: old.Text, By: by, Comment: comment}, to)
}

func (r *RuleSet) commit(ctx context.Context, c RulesCommit, rolledBackTo int64) (*cachedsql.RulesVersion, error) {
	if err := r.usable(ctx); err != nil {
		return nil, err
	}
	if err := cmp.Or(validAuthor(c.By), validComment(c.Comment)); err != nil {
		return nil, err
	}
	if _, err := r.Check(c.Text); err != nil {
		return nil, err
	}
	number, ok := cachedsql.RulesNumber(c.Base)
	if !ok {
		return nil, fmt.Errorf("cachedsql: %.80q is not the revision of a rule set", c.Base)
	}
	if c.Base != "" && c.Base == cachedsql.RulesRevision(number, c.Text) {
		return nil, ErrRulesUnchanged
	}
	v := &cachedsql.RulesVersion{
		Number: number + 1, Revision: cachedsql.RulesRevision(number+1, c.Text),
		Text: c.Text, By: c.By, Comment: c.Comment, RolledBackTo: rolledBackTo,
	}
	audit := AuditEntry{By: c.By, Action: AuditCommit, Subject: r.name, Detail: v.Revision, Comment: c.Comment}
	if rolledBackTo != 0 {
		audit.Action = AuditRollback
	}
	put, err := r.store.putRules(ctx, "commit", r.name, c.Base, v, audit)
	if conflict := (*RulesConflictError)(nil); errors.As(err, &conflict) {
		current, err := r.Current(ctx)
		if err != nil {
			return nil, err
		}
		conflict.Current = *current
	}
	return put, err
}

const (
	maxAuthorBytes  = 200
	maxCommentBytes = 2000
)

func validAuthor(by string) error {
	if by == "" || len(by) > maxAuthorBytes || !utf8.ValidString(by) || strings.ContainsFunc(by, unicode.IsControl) {
		return fmt.Errorf("cachedsql: author %.80q: 1 to %d bytes of text are needed", by, maxAuthorBytes)
	}
	return nil
}

func validComment(comment string) error {
	if len(comment) > maxCommentBytes || !utf8.ValidString(comment) {
		return fmt.Errorf("cachedsql: the comment is not text of at most %d bytes", maxCommentBytes)
	}
	return nil
}

// RulesDraft is a text that is not in force. It may have mistakes.
type RulesDraft struct {
	// By is its author. Each has one draft of a set.
	By string `json:"by"`
	// Base is the revision it started from.
	Base string `json:"base"`
	// Text is the rule file so far.
	Text string `json:"text"`
	// At is when it was saved, by the clock of who saved it.
	At time.Time `json:"at"`
}

const (
	draftBytes = 256 << 10
	// draftsKept is how long the drafts of a set outlive the last change to
	// one of them.
	draftsKept = 30 * 24 * time.Hour
)

// SaveDraft keeps a draft in place of its author's last one.
func (r *RuleSet) SaveDraft(ctx context.Context, d RulesDraft) error {
	if err := cmp.Or(r.usable(ctx), validAuthor(d.By)); err != nil {
		return err
	}
	if len(d.Text) > draftBytes {
		return fmt.Errorf("cachedsql: the draft has more than %d bytes", draftBytes)
	}
	d.At = time.Now().UTC()
	data, err := json.Marshal(d)
	if err != nil {
		return wrap("save draft", err)
	}
	key := r.store.ruleDrafts(r.name)
	pipe := r.store.scripts.client.Pipeline()
	pipe.HSet(ctx, key, d.By, data)
	pipe.PExpire(ctx, key, draftsKept)
	_, err = pipe.Exec(ctx)
	return wrap("save draft", err)
}

// Drafts returns all drafts of the set, the newest first.
func (r *RuleSet) Drafts(ctx context.Context) ([]RulesDraft, error) {
	if err := r.usable(ctx); err != nil {
		return nil, err
	}
	kept, err := r.store.scripts.client.HGetAll(ctx, r.store.ruleDrafts(r.name)).Result()
	if err != nil {
		return nil, wrap("read drafts", err)
	}
	all := []RulesDraft{}
	for _, data := range kept {
		var d RulesDraft
		if json.Unmarshal([]byte(data), &d) == nil { // else another version's
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b RulesDraft) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.By, b.By)) })
	return all, nil
}

// DiscardDraft removes an author's draft, if there is one.
func (r *RuleSet) DiscardDraft(ctx context.Context, by string) error {
	if err := r.usable(ctx); err != nil {
		return err
	}
	return wrap("discard draft", r.store.scripts.client.HDel(ctx, r.store.ruleDrafts(r.name), by).Err())
}

// Followers returns the processes that follow a rule set. Each one's LiveRules
// says which version it has in force and which it refuses.
func (f *Fleet) Followers(set string) []Instance {
	set = cmp.Or(set, cachedsql.DefaultRuleSet)
	var all []Instance
	for _, in := range f.Instances {
		if in.follows(set) {
			all = append(all, in)
		}
	}
	return all
}

func (i *Instance) follows(set string) bool { return i.LiveRules != nil && i.LiveRules.Set == set }
