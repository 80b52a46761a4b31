package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/cachedsql/cachedsql/suites/bind"
)

// result is what came of one run of a suite.
type result struct {
	tests    map[string]string // pass, fail, skip or unfinished by package and test
	packages map[string]string // as well: one may fail without a test
	tally    bind.Tally
}

// readResults reads the output of `go test -json`.
func readResults(r io.Reader) (*result, error) {
	res := &result{tests: map[string]string{}, packages: map[string]string{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var e struct{ Action, Package, Test string }
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue // what a test wrote past the testing package
		}
		if e.Test == "" {
			note(res.packages, e.Package, e.Action)
		} else {
			note(res.tests, e.Package+"/"+e.Test, e.Action)
		}
	}
	return res, lines.Err()
}

func note(ends map[string]string, name, action string) {
	switch action {
	case "run", "start":
		ends[name] = "unfinished"
	case "pass", "fail", "skip":
		ends[name] = action
	}
}

func (r *result) count(action string) (n int) {
	for _, a := range r.tests {
		if a == action {
			n++
		}
	}
	return n
}

// ofComparing is a read that is asked past the cache to compare it, which no test asked for.
const ofComparing = "bypass bypass_context"

// line says it in one.
func (r *result) line() string {
	text := fmt.Sprintf("%d passed, %d failed, %d skipped", r.count("pass"), r.count("fail"), r.count("skip"))
	if n := r.count("unfinished"); n > 0 {
		text += fmt.Sprintf(", %d unfinished", n)
	}
	c := r.tally.Counts
	if asked := c["hit"] + c["near_hit"] + c["coalesced"] + c["miss"] + c["bypass"] - c[ofComparing]; asked > 0 {
		text += fmt.Sprintf("; %d hits, %d misses, %d not cached", c["hit"]+c["near_hit"]+c["coalesced"], c["miss"], c["bypass"]-c[ofComparing])
	}
	if c["compared"] > 0 {
		text += fmt.Sprintf("; %d reads compared, %d different", c["compared"], c["different"])
	}
	return text
}

// reasons says why statements were not cached, most frequent first.
func (r *result) reasons() string {
	var words []string
	for word := range r.tally.Counts {
		if strings.HasPrefix(word, "bypass ") && word != ofComparing {
			words = append(words, word)
		}
	}
	slices.SortFunc(words, func(a, b string) int { return int(r.tally.Counts[b] - r.tally.Counts[a]) })
	for i, word := range words {
		words[i] = fmt.Sprintf("%s %d", strings.TrimPrefix(word, "bypass "), r.tally.Counts[word])
	}
	return strings.Join(words, ", ")
}

// examples are statements that were not cached, each with why, in the order of reasons' names.
func (r *result) examples() (lines []string) {
	for _, word := range slices.Sorted(maps.Keys(r.tally.Examples)) {
		if word == ofComparing {
			continue
		}
		for _, statement := range r.tally.Examples[word] {
			lines = append(lines, strings.TrimPrefix(word, "bypass ")+": "+statement)
		}
	}
	return lines
}

// differences lists the packages and tests that ended otherwise than over the
// bare driver.
func (r *result) differences(bare *result) []string {
	return append(compare(r.packages, bare.packages), compare(r.tests, bare.tests)...)
}

func compare(got, want map[string]string) (names []string) {
	all := maps.Clone(want)
	maps.Copy(all, got)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if g, w := got[name], want[name]; g != w {
			names = append(names, fmt.Sprintf("%s: %s bare, %s cached", name, cmp.Or(w, "not run"), cmp.Or(g, "not run")))
		}
	}
	return names
}
