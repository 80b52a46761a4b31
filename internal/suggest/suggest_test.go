package suggest

import (
	"strings"
	"testing"
)

func TestNearestFindsTypos(t *testing.T) {
	t.Parallel()
	valid := []string{"ttl", "empty_ttl", "tables", "tables_any", "tables_all", "query_names", "max_rows"}
	for word, want := range map[string]string{
		"ttls":                  "ttl",
		"tll":                   "ttl",
		"TTL":                   "ttl",
		"tabels":                "tables",
		"table_any":             "tables_any",
		"query_name":            "query_names",
		"maxrows":               "max_rows",
		"colour":                "",
		"":                      "",
		strings.Repeat("t", 99): "",
	} {
		if got := Nearest(word, valid); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestDidYouMeanIsSilentWithoutANearWord(t *testing.T) {
	t.Parallel()
	if got := DidYouMean("zebra", []string{"ttl"}); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
	if got, want := DidYouMean("tl", []string{"ttl"}), `, did you mean "ttl"?`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
