package sqlparse

import (
	"strings"
	"testing"

	"github.com/cachedsql/cachedsql/internal/reason"
)

func TestHasTimeWord(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"now": true, "NOW": true, " Today ": true, "tomorrow 10:00": true, "[yesterday,)": true, "{now}": true,
		"now()": true, "1now1": true, "Apocalypse now": true,
		"": false, "nowhere": false, "know": false, "todays": false, "2024-01-01": false, "epoch": false,
		"noẃ": false, "snow day": false,
	} {
		if got := HasTimeWord(text); got != want {
			t.Errorf("HasTimeWord(%q) = %v, want %v", text, got, want)
		}
	}
}

func TestReasonWithoutCatalog(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]reason.Reason{
		"SELECT lower(a) FROM t":               reason.None,
		"SELECT price_of(a) FROM t":            reason.UnknownFunction,
		"SELECT price_of(a), now() FROM t":     reason.TimeFunction,
		"INSERT INTO t SELECT price_of(1)":     reason.Write,
		"SELECT * FROM get_orders(1)":          reason.UnknownFunction,
		"SELECT pg_catalog.price_of(a) FROM t": reason.UnknownFunction,
	} {
		if got := Parse(Postgres, text).ReasonWithoutCatalog(); got != want {
			t.Errorf("reason of %q without a catalog = %q, want %q", text, got, want)
		}
	}
}

func TestAttributesAreTheNamesAfterADot(t *testing.T) {
	t.Parallel()
	st := Parse(Postgres, `SELECT a, t.b, (t).c, (f(t)).d[1], t.b, s.t."E" FROM t ORDER BY t.g`)
	if got := strings.Join(st.Attributes, " "); got != "b c d E g" {
		t.Errorf("attributes = %q, want b c d E g", got)
	}
}

func TestBuiltinsListsBareNamesOnly(t *testing.T) {
	t.Parallel()
	st := Parse(Postgres, "SELECT lower(a), pg_catalog.upper(b), app.trim(c), lower(d), f(e) FROM t")
	if len(st.Builtins) != 1 || st.Builtins[0] != "lower" {
		t.Errorf("built-ins = %v, want lower", st.Builtins)
	}
}
