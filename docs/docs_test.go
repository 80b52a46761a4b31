package docs_test

import (
	"os"
	"strings"
	"testing"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/docs"
)

func TestEveryReasonIsExplained(t *testing.T) {
	t.Parallel()
	for _, r := range cachedsql.Reasons() {
		got := docs.ReasonOf(r.String())
		if got.Meaning == "" || got.Example == "" || got.Remedy == "" {
			t.Errorf("%s: incomplete: %+v", r, got)
		}
		if text := got.Meaning + got.Remedy; strings.ContainsAny(text, "`[]") {
			t.Errorf("%s: Markdown is left: %q", r, text)
		}
	}
	if got, want := docs.ReasonOf("no_such_reason"), (docs.Reason{}); got != want {
		t.Errorf("a word that is no reason: %+v", got)
	}
}

func TestReadmeNamesEveryReason(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range cachedsql.Reasons() {
		if !strings.Contains(string(readme), "`"+r.String()+"`") {
			t.Errorf("README.md does not name %s", r)
		}
	}
}

func TestLinksBecomeTheirWords(t *testing.T) {
	t.Parallel()
	if got, want := docs.ReasonOf("no_rule").Remedy, "Add a rule, or use cachedsql.WithTTL."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
