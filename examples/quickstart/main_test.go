package main

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What the table says is what the README promises.
func TestTableShowsEachOutcome(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), t.TempDir(), &out); err != nil {
		t.Fatal(err)
	}
	var got []string
	outcome := regexp.MustCompile(`(?m)^(\w+) .*?  (\d*) +(hit|miss|bypass|invalidate|-) `)
	for _, m := range outcome.FindAllStringSubmatch(out.String(), -1) {
		got = append(got, strings.Join(m[1:], " "))
	}
	want := []string{
		"SELECT 40 bypass", "SELECT 40 miss", "SELECT 40 hit", "SELECT 40 hit",
		"UPDATE  invalidate", "SELECT 45 miss", "SELECT 45 hit",
		"BEGIN  -", "UPDATE  -", "SELECT 1 bypass", "ROLLBACK  -",
		"SELECT 45 hit",
	}
	if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		t.Errorf("outcomes:\n%q, want\n%q\nin:\n%s", got, want, out.String())
	}
	if !strings.Contains(out.String(), "time_function") {
		t.Errorf("no reason for the clock in:\n%s", out.String())
	}
}
