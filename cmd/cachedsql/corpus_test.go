package main

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
)

// explained is an answer as a reader of the JSON sees it.
type explained struct {
	Kind          string
	Reads, Writes []string
	Cacheable     bool
	Reason        string
	QueryID       string `json:"query_id"`
	Dimensions    []string
	Tags          []string
	Error         string
}

// label is a line of a corpus file: kind, reads, writes, cacheability and the
// statement, apart by tabs.
type label []string

func corpus(t *testing.T, dialect string) []label {
	t.Helper()
	data, err := os.ReadFile("../../internal/sqlparse/testdata/corpus/" + dialect + ".tsv")
	if err != nil {
		t.Fatal(err)
	}
	var labels []label
	for line := range strings.Lines(string(data)) {
		labels = append(labels, strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 5))
	}
	return labels
}

func explainAll(t *testing.T, dialect string, labels []label) []explained {
	t.Helper()
	var in, out, errs bytes.Buffer
	enc := json.NewEncoder(&in)
	for _, l := range labels {
		_ = enc.Encode(map[string]string{"dialect": dialect, "sql": l[4]}) // to a buffer
	}
	if code := run([]string{"explain"}, &in, &out, &errs); code != 0 {
		t.Fatalf("exit code %d: %s", code, &errs)
	}
	var answers []explained
	for dec := json.NewDecoder(&out); dec.More(); {
		var e explained
		if err := dec.Decode(&e); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, e)
	}
	if len(answers) != len(labels) {
		t.Fatalf("%d answers to %d lines", len(answers), len(labels))
	}
	return answers
}

func TestExplainAgreesWithEveryLabelOfTheCorpora(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"postgres", "mysql"} {
		labels := corpus(t, dialect)
		for i, got := range explainAll(t, dialect, labels) {
			l := labels[i]
			if got.Kind != l[0] || listed(got.Reads) != sorted(l[1]) || listed(got.Writes) != sorted(l[2]) {
				t.Errorf("%s: %s:\ngot  %s %s %s\nwant %s %s %s", dialect, l[4],
					got.Kind, listed(got.Reads), listed(got.Writes), l[0], l[1], l[2])
			}
			if want := strings.HasPrefix(l[3], "y"); got.Cacheable != want || (got.Reason == "") != want {
				t.Errorf("%s: %s: cacheable %v (%q), want %s", dialect, l[4], got.Cacheable, got.Reason, l[3])
			}
		}
	}
}

func listed(names []string) string {
	if len(names) == 0 {
		return "-"
	}
	return sorted(strings.Join(names, ","))
}

func sorted(list string) string {
	names := strings.Split(list, ",")
	slices.Sort(names)
	return strings.Join(names, ",")
}

func BenchmarkExplainLines(b *testing.B) {
	line := []byte(`{"dialect":"postgres","sql":"SELECT u.id, o.total FROM users u JOIN orders o ON o.user_id = u.id WHERE u.id = $1"}` + "\n")
	in := bytes.Repeat(line, 1000)
	b.ReportAllocs()
	for b.Loop() {
		var out bytes.Buffer
		if err := explainLines(bytes.NewReader(in), &out, 0, textOnly); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "lines/s")
}
