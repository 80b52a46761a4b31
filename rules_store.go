package cachedsql

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A RulesStore is a Store that also keeps rule sets, which processes then
// follow: see Config.LiveRules. Package redisstore's is one.
type RulesStore interface {
	// CurrentRules returns the current version of a set, with an empty
	// Revision if there is none. The Text is left out where the revision is
	// known to the caller.
	CurrentRules(ctx context.Context, set, known string) (*RulesVersion, error)
	// RestoreRules puts a version back that the store has lost, be it emptied
	// or fallen behind. Over any other version it changes nothing.
	RestoreRules(ctx context.Context, set string, v *RulesVersion, by string) error
	// NotifyRules calls changed whenever the set may have changed, from one
	// goroutine, until ctx is done. A change may be missed.
	NotifyRules(ctx context.Context, set string, changed func())
}

// RulesVersion is one version of a rule set. It never changes.
type RulesVersion struct {
	// Number counts the versions of a set from 1.
	Number int64 `json:"number"`
	// Revision names the version: its number and its content, as in
	// "7-1f3a09bc22d4e610". "" is the revision of a set without a version.
	Revision string `json:"revision"`
	// Line is the same for all versions that came one from the other. A set
	// that is begun anew, because the store was emptied, is another line.
	Line string `json:"line"`
	// Text is the rule file, with comments and all.
	Text string `json:"text,omitempty"`
	// By is who committed it, Comment why.
	By      string `json:"by"`
	Comment string `json:"comment,omitempty"`
	// RolledBackTo is the number of the version whose text this one has again,
	// 0 if it is not a rollback.
	RolledBackTo int64 `json:"rolled_back_to,omitempty"`
	// At is when it was committed, by the store's clock.
	At time.Time `json:"at"`
}

// RulesRevision returns the revision of a version with a number and a text.
func RulesRevision(number int64, text string) string {
	return strconv.FormatInt(number, 10) + "-" + contentVersion([]byte(text))
}

// RulesNumber returns the number in a revision, 0 in "". ok is false where
// there is none.
func RulesNumber(revision string) (number int64, ok bool) {
	if revision == "" {
		return 0, true
	}
	digits, _, ok := strings.Cut(revision, "-")
	number, err := strconv.ParseInt(digits, 10, 64)
	return number, ok && err == nil && number > 0
}

// DefaultRuleSet is the name of the set where nobody says another.
const DefaultRuleSet = "default"

// ValidRuleSet says what is wrong with the name of a rule set: it is 1 to 64
// letters, digits, and _ . -
func ValidRuleSet(name string) error {
	isPlain := func(c rune) bool {
		return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.ContainsRune("_.-", c)
	}
	if name == "" || len(name) > maxNameBytes || strings.ContainsFunc(name, func(c rune) bool { return !isPlain(c) }) {
		return fmt.Errorf("cachedsql: %.80q is not the name of a rule set: 1 to %d letters, digits, and _ . -", name, maxNameBytes)
	}
	return nil
}

// LiveRulesName is what the rules of a set are called in errors and reports,
// in the place of a file's name.
func LiveRulesName(set string) string { return "redis:" + set }

// RuleError is one mistake in a rule file.
type RuleError struct {
	// Subject is what is wrong: `rule "prices"`, "defaults".
	Subject string `json:"subject"`
	// File is the name given to ParseRules.
	File string `json:"file"`
	// Line and Column count from 1.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Message says what is wrong with it, and what would be right.
	Message string `json:"message"`
}

// Error returns all of it on one line.
func (e *RuleError) Error() string {
	return fmt.Sprintf("cachedsql: %s (%s:%d:%d): %s", e.Subject, e.File, e.Line, e.Column, e.Message)
}

// RuleErrors returns the mistakes that an error of ParseRules or LoadRules
// joins, in the order of the file. It is empty for an error of another kind,
// such as a file that cannot be read.
func RuleErrors(err error) []*RuleError {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []*RuleError
		for _, e := range joined.Unwrap() {
			all = append(all, RuleErrors(e)...)
		}
		return all
	}
	if one := (*RuleError)(nil); errors.As(err, &one) {
		return []*RuleError{one}
	}
	return nil
}
