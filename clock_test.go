package cachedsql_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// wallClock is what makes a wall-clock reading of a time, or a time of one.
// All else that is done with times of this process (Sub, Before, Add,
// time.Since) goes by the monotonic clock, which setting the clock does not
// move.
var wallClock = map[string]bool{
	"Unix": true, "UnixMilli": true, "UnixMicro": true, "UnixNano": true, "FilledAt": true,
	"Round": true, "Truncate": true, "UTC": true, "Local": true, "In": true, "AddDate": true,
	"MarshalBinary": true, "MarshalText": true,
}

// wallClockMade are functions of package time that make one.
var wallClockMade = map[string]bool{"Date": true, "Parse": true, "ParseInLocation": true}

// wallClockUses are the files in which there may be some, and what for. None
// decides whether a result is current: tags and leases go by Redis's clock, and
// by durations of this process.
var wallClockUses = map[string]string{
	"check.go":                "says when a result was stored that differs from the database's",
	"check_compare.go":        "values of rows",
	"driver.go":               "rules of a time zone, not a time",
	"figures.go":              "figures: when last",
	"fingerprint.go":          "arguments",
	"ghost.go":                "arguments",
	"leased.go":               "the clock that says more of two: one that jumps ends trust early",
	"near.go":                 "no longer in the near cache than the TTL, whatever the clocks say",
	"refresh.go":              "a result may be computed anew before its TTL is over",
	"revalidate.go":           "served after its TTL where the rule allows it, and only if its tags have not changed",
	"stream.go":               "rounds a duration",
	"tables.go":               "figures: when last",
	"variant.go":              "values of a question",
	"redisstore/audit.go":     "the audit log's times",
	"redisstore/inspector.go": "which processes report",
	"redisstore/rules.go":     "when rules were changed",
	"redisstore/ruleset.go":   "when rules were changed",
	"redisstore/store.go":     "rounds a duration",
	"redisstore/stream.go":    "when an event arrived",
}

// TestNoDecisionGoesByTheWallClock: the clock of a program's host may jump.
func TestNoDecisionGoesByTheWallClock(t *testing.T) {
	t.Parallel()
	found := map[string][]string{}
	for _, dir := range []string{".", "redisstore", "internal/protocol"} {
		for file, names := range wallClockIn(t, dir) {
			found[file] = names
		}
	}
	for _, file := range slices.Sorted(maps.Keys(found)) {
		if wallClockUses[file] == "" {
			t.Errorf("%s: %s: what for? Deadlines must go by Redis's clock or the monotonic one", file, strings.Join(found[file], ", "))
		}
	}
	for file := range wallClockUses {
		if found[file] == nil {
			t.Errorf("%s has no wall-clock time any more", file)
		}
	}
}

// wallClockIn returns where a directory's files use one.
func wallClockIn(t *testing.T, dir string) map[string][]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(filepath.FromSlash(dir), "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", dir, len(files), err)
	}
	found := map[string][]string{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		parsed, err := parser.ParseFile(set, file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if of, ok := s.X.(*ast.Ident); wallClock[s.Sel.Name] || ok && of.Name == "time" && wallClockMade[s.Sel.Name] {
				name := filepath.ToSlash(file)
				found[name] = append(found[name], set.Position(s.Pos()).String())
			}
			return true
		})
	}
	return found
}
