package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// event is one line of `go test -json`, described by `go doc test2json` and,
// for the build's own lines, by `go help buildjson`.
type event struct {
	Action     string
	Elapsed    float64
	ImportPath string
	Output     string
	Package    string
	Test       string
}

type testID struct{ pkg, test string }

// A summary counts every test and subtest once. A package that fails although
// none of its tests did (it does not build, panics or runs out of time) counts
// as one failure, and so does one that ends in the middle of a test.
type summary struct {
	passed, failed, skipped int

	failedIn map[string]int              // failed tests by package
	output   map[testID]*strings.Builder // of tests that may still fail; test "" is the package
	ended    map[testID]bool             // tests that said how they ended
	failures []string
	skips    []string
}

func newSummary() *summary {
	return &summary{failedIn: map[string]int{}, output: map[testID]*strings.Builder{}, ended: map[testID]bool{}}
}

func (s *summary) add(line []byte, w io.Writer) {
	var e event
	if json.Unmarshal(line, &e) != nil {
		fmt.Fprintf(w, "%s", line) // go itself, or something that wrote past the testing package
		return
	}
	if e.Package == "" {
		e.Package = e.ImportPath
	}
	id := testID{e.Package, e.Test}
	switch e.Action {
	case "run":
		delete(s.ended, id) // once more, as -count says
	case "output", "build-output":
		s.keep(id, e.Output)
	case "pass", "fail", "skip":
		s.end(id, e, w)
	}
}

// keep keeps what a test writes, and what comes from one that has ended, from a
// goroutine that it left behind, with the package.
func (s *summary) keep(id testID, text string) {
	if s.ended[id] {
		id.test = ""
	}
	b := s.output[id]
	if b == nil {
		b = &strings.Builder{}
		s.output[id] = b
	}
	b.WriteString(text)
}

func (s *summary) end(id testID, e event, w io.Writer) {
	if id.test == "" {
		s.endPackage(id, e, w)
		return
	}
	switch e.Action {
	case "pass":
		s.passed++
	case "skip":
		s.skipped++
		s.skips = append(s.skips, id.pkg+" "+id.test+reasonOf(s.output[id]))
	case "fail":
		s.failed++
		s.failedIn[id.pkg]++
		s.fail(id)
	}
	delete(s.output, id)
	s.ended[id] = true
}

func (s *summary) endPackage(id testID, e event, w io.Writer) {
	fmt.Fprintf(w, "%-4s  %-60s %7.1fs\n", e.Action, id.pkg, e.Elapsed)
	if e.Action == "fail" && (s.failedIn[id.pkg] == 0 || s.unfinished(id.pkg)) {
		s.failed++
		s.failUnfinished(id)
	}
	delete(s.output, id)
}

// unfinished reports whether tests of a package were still running when it
// ended: others may have failed before it ran out of time.
func (s *summary) unfinished(pkg string) bool {
	for id := range s.output {
		if id.pkg == pkg && id.test != "" {
			return true
		}
	}
	return false
}

// failUnfinished reports a package that ended without saying which test is to
// blame: the tests still running then have the panic or the stack dump.
func (s *summary) failUnfinished(id testID) {
	s.fail(id)
	for other := range s.output {
		// A build failure is reported under "pkg [pkg.test]".
		if other != id && (other.pkg == id.pkg || strings.HasPrefix(other.pkg, id.pkg+" [")) {
			s.fail(other)
		}
	}
}

func (s *summary) fail(id testID) {
	text := ""
	if b := s.output[id]; b != nil {
		text = b.String()
	}
	s.failures = append(s.failures, strings.TrimSpace(id.pkg+" "+id.test)+"\n"+text)
	delete(s.output, id)
}

// reasonOf returns what a skipped test said, for the end of a line.
func reasonOf(output *strings.Builder) string {
	if output == nil {
		return ""
	}
	for line := range strings.Lines(output.String()) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "===") && !strings.HasPrefix(line, "---") {
			return ": " + line
		}
	}
	return ""
}

func (s *summary) print(w io.Writer) {
	for _, f := range s.failures {
		fmt.Fprintf(w, "\nFAILED %s", f)
	}
	for _, skip := range s.skips {
		fmt.Fprintf(w, "skipped %s\n", skip)
	}
	fmt.Fprintf(w, "%d passed, %d failed, %d skipped\n", s.passed, s.failed, s.skipped)
}
