package main

import (
	"io"
	"strings"
	"testing"
)

func summarize(t *testing.T, stream string) (*summary, string) {
	t.Helper()
	s, err := read(strings.NewReader(stream), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	s.print(&out)
	return s, out.String()
}

func TestLastLineCountsTestsAndSubtests(t *testing.T) {
	t.Parallel()
	_, out := summarize(t, `{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"run","Package":"p","Test":"TestA/x"}
{"Action":"pass","Package":"p","Test":"TestA/x"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"    b_test.go:3: no server\n"}
{"Action":"skip","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestC","Output":"    c_test.go:9: got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"TestC"}
{"Action":"fail","Package":"p"}
`)
	if want := "\n2 passed, 1 failed, 1 skipped\n"; !strings.HasSuffix(out, want) {
		t.Errorf("summary ends with %q, want %q", out, want)
	}
	for _, want := range []string{"got 1, want 2", "skipped p TestB: b_test.go:3: no server"} {
		if !strings.Contains(out, want) {
			t.Errorf("summary lacks %q:\n%s", want, out)
		}
	}
}

func TestPackageThatDoesNotBuildIsOneFailure(t *testing.T) {
	t.Parallel()
	s, out := summarize(t, `{"ImportPath":"p [p.test]","Action":"build-output","Output":"./p.go:3:1: syntax error\n"}
{"ImportPath":"p [p.test]","Action":"build-fail"}
{"Action":"start","Package":"p"}
{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}
{"Action":"fail","Package":"p","Elapsed":0,"FailedBuild":"p [p.test]"}
`)
	if s.failed != 1 || !strings.Contains(out, "syntax error") {
		t.Errorf("got %d failures, want 1 with the compiler's words:\n%s", s.failed, out)
	}
}

func TestPanicOutsideAFailedTestIsOneFailure(t *testing.T) {
	t.Parallel()
	s, out := summarize(t, `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"panic: test timed out after 1s\n"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t1.0s\n"}
{"Action":"fail","Package":"p"}
`)
	if s.failed != 1 || !strings.Contains(out, "test timed out") {
		t.Errorf("got %d failures, want 1 with the panic:\n%s", s.failed, out)
	}
}

// What ended the package is told also where a test had failed before.
func TestPackageThatEndsInATestIsAFailureBesidesOthers(t *testing.T) {
	t.Parallel()
	s, out := summarize(t, `{"Action":"output","Package":"p","Test":"TestA","Output":"    a_test.go:9: got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestB","Output":"panic: test timed out after 1s\n"}
{"Action":"fail","Package":"p"}
`)
	if s.failed != 2 || !strings.Contains(out, "got 1, want 2") || !strings.Contains(out, "test timed out") {
		t.Errorf("got %d failures, want 2, one with the panic:\n%s", s.failed, out)
	}
}

// A goroutine may write when its test has ended.
func TestOutputAfterATestHasEndedIsNoTestStillRunning(t *testing.T) {
	t.Parallel()
	s, out := summarize(t, `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestB","Output":"closed at last\n"}
{"Action":"fail","Package":"p"}
`)
	if s.failed != 1 || s.passed != 1 {
		t.Errorf("got %d failures, want 1:\n%s", s.failed, out)
	}
}

func TestLinesThatAreNotJSONPassThrough(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if _, err := read(strings.NewReader("go: no such tool\n"), &out); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "go: no such tool\n" {
		t.Errorf("got %q", got)
	}
}
