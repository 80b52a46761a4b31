package protocol_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql/internal/protocol"
)

var rules = protocol.Rules{Quarantine: 100, LongestLease: 100, MaxLeases: 3}

// step is one operation on a tag and what the tag must be after it.
type step struct {
	op   string // "observe", "begin w", "end w"
	now  protocol.Millis
	want string // value after it; a settled observation starts with "settled: "
}

func TestTagTransitions(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		start string
		steps []step
	}{
		"a settled tag stays as it is": {"t0", []step{
			{"observe", 10, "settled: t0"},
		}},
		"a missing tag is quarantined once, then fresh": {"", []step{
			{"observe", 10, "f1 q:110"},
			{"observe", 109, "f1 q:110"},
			{"observe", 110, "settled: f3"},
		}},
		"begin on a missing tag keeps the quarantine beside the lease": {"", []step{
			{"begin a", 10, "f1 q:110 a:60"},
			{"end a", 20, "f2 q:110"},
		}},
		"end frees only its own lease": {"t0", []step{
			{"begin a", 10, "f1 a:60"},
			{"begin b", 20, "f2 a:60 b:70"},
			{"end a", 30, "f3 b:70"},
			{"observe", 30, "f3 b:70"},
			{"end b", 40, "f5"},
			{"observe", 40, "settled: f5"},
		}},
		"begin again renews": {"t0", []step{
			{"begin a", 10, "f1 a:60"},
			{"begin a", 50, "f2 a:100"},
			{"observe", 70, "f2 a:100"},
		}},
		"an expired lease is swept with a fresh token": {"t0", []step{
			{"begin a", 10, "f1 a:60"},
			{"observe", 59, "f1 a:60"},
			{"observe", 60, "settled: f3"},
		}},
		"sweeping one of two leases leaves the other": {"t0 a:60 b:70", []step{
			{"observe", 65, "f1 b:70"},
		}},
		"end of a stranger, late or twice, only costs a token": {"t0 a:60", []step{
			{"end z", 10, "f1 a:60"},
			{"end a", 20, "f2"},
			{"end a", 30, "f3"},
		}},
		"a deadline of another clock is clamped": {"t0 a:999999", []step{
			{"observe", 10, "t0 a:110"},
			{"observe", 110, "settled: f2"},
		}},
		"writers beyond the bound share a lease that is extended": {"t0 a:60 b:60 c:60", []step{
			{"begin d", 10, "f1 a:60 b:60 c:60 o:60"},
			{"begin e", 20, "f2 a:60 b:60 c:60 o:70"},
			{"end d", 30, "f3 a:60 b:60 c:60 o:70"},
			{"begin a", 40, "f4 b:60 c:60 o:90"},
			{"end a", 50, "f5 b:60 c:60 o:90"},
			{"observe", 69, "f6 o:90"},
		}},
		"a schema change is settled one quarantine after its end": {"t0", []step{
			{"begin a", 10, "f1 a:60"},
			{"end schema a", 30, "f2 s:130"},
			{"observe schema", 129, "f2 s:130"},
			{"observe schema", 130, "settled: f2"},
		}},
		"two schema changes wait for the later": {"t0 a:60 b:60", []step{
			{"end schema a", 20, "f1 b:60 s:120"},
			{"end schema b", 40, "f2 s:140"},
		}},
		"a schema change that nobody ended is ended by its lease": {"t0 a:60", []step{
			{"observe schema", 60, "f1 s:160"},
			{"observe schema", 160, "settled: f1"},
		}},
		"a lost schema tag waits no longer than any other": {"", []step{
			{"observe schema", 10, "f1 q:110"},
			{"observe schema", 110, "settled: f2"},
		}},
		"garbage counts as missing": {"t0 x", []step{
			{"observe", 10, "f1 q:110"},
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tag := protocol.ParseTag(c.start)
			for i, s := range c.steps {
				var got string
				tag, got = apply(tag, s, "f"+string(rune('1'+i)))
				if got != s.want {
					t.Fatalf("step %d, %s at %d: got %q, want %q", i+1, s.op, s.now, got, s.want)
				}
			}
		})
	}
}

func apply(tag protocol.Tag, s step, fresh string) (protocol.Tag, string) {
	at := strings.LastIndexByte(s.op, ' ') + 1
	op, writer := strings.TrimSpace(s.op[:at]), s.op[at:]
	if op == "" || writer == "schema" {
		op, writer = s.op, ""
	}
	settled := false
	switch op {
	case "observe schema":
		tag, settled = rules.ObserveSchema(tag, s.now, fresh)
	case "end schema":
		tag = rules.EndSchema(tag, writer, s.now, fresh)
	case "observe":
		tag, settled = rules.Observe(tag, s.now, fresh)
	case "begin":
		tag = rules.Begin(tag, writer, 50, s.now, fresh)
	case "end":
		tag = rules.End(tag, writer, s.now, fresh)
	}
	if settled {
		return tag, "settled: " + tag.String()
	}
	return tag, tag.String()
}

func TestEraOfAnotherHistoryIsReplacedAndQuarantined(t *testing.T) {
	t.Parallel()
	steps := []struct {
		history string
		now     protocol.Millis
		want    string
		settled bool
	}{
		{"aa", 10, "aa f~100 110", false},
		{"aa", 109, "aa f~100 110", false},
		{"aa", 110, "aa g~100 0", true},
		{"aa", 500, "aa g~100 0", true},
		{"bb", 500, "bb f~100 600", false},
		{"aa", 501, "aa g~100 601", false},
	}
	era := protocol.ParseEra("")
	for i, s := range steps {
		var settled bool
		era, settled = rules.ObserveEra(era, s.history, s.now, string("fxgxfg"[i]))
		if got := era.String(); got != s.want || settled != s.settled {
			t.Fatalf("step %d: got %q settled %v, want %q %v", i+1, got, settled, s.want, s.settled)
		}
	}
}

func TestLongestQuarantineIsEverybodys(t *testing.T) {
	t.Parallel()
	short, long := protocol.Rules{Quarantine: 100, LongestLease: 100}, protocol.Rules{Quarantine: 700, LongestLease: 700}
	era, _ := short.ObserveEra(protocol.Era{}, "aa", 0, "a")
	era, _ = short.ObserveEra(era, "aa", 100, "b")
	for _, step := range []struct {
		lease, now protocol.Millis
		want       string
	}{
		{100, 100, "aa b~100 0"},
		{101, 110, "aa c~700 810"},
		{700, 120, "aa c~700 810"},
	} {
		if era = long.BeginEra(era, step.lease, step.now, "c"); era.String() != step.want {
			t.Errorf("after a begin with a lease of %d: %q, want %q", step.lease, era, step.want)
		}
	}
	tag := short.Within(era).Begin(protocol.Tag{}, "w", 50, 120, "t")
	if want := "t q:820 w:170"; tag.String() != want {
		t.Errorf("a lost tag is %q, want %q", tag, want)
	}
	if era, _ = short.ObserveEra(era, "bb", 200, "d"); era.String() != "bb d~700 900" {
		t.Errorf("another history: %q, want it to wait as long", era)
	}
	if kept := long.Kept(protocol.Names{}, protocol.Era{Token: "e~100"}, 1000); kept != 0 {
		t.Errorf("names are kept for %d where what was lost was waited for less, want 0", kept)
	}
}

func TestParseRejectsWhatItDidNotWrite(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", " ", " a:1", "t ", "t a", "t a:", "t :5", "t a:1 ", "t  a:1", "t a:-1", "t a:1x", "t a:1234567890123456", "t a:1 b"} {
		if tag := protocol.ParseTag(s); !tag.Missing() {
			t.Errorf("ParseTag(%q) = %+v, want missing", s, tag)
		}
	}
	for _, s := range []string{"", "a", "a b", "a b x", "a b 1 ", " b 1", "a  1", "a b -1"} {
		if era := protocol.ParseEra(s); era != (protocol.Era{}) {
			t.Errorf("ParseEra(%q) = %+v, want none", s, era)
		}
	}
}

func FuzzTagRoundTrip(f *testing.F) {
	f.Add("tok w:17 q:900")
	f.Add("tok")
	f.Fuzz(func(t *testing.T, s string) {
		tag := protocol.ParseTag(s)
		if tag.Missing() {
			return
		}
		again := protocol.ParseTag(tag.String())
		if again.Token != tag.Token || !slices.Equal(again.Leases, tag.Leases) {
			t.Errorf("%q parsed to %+v, written and read again %+v", s, tag, again)
		}
	})
}

func TestVectorSeparatesPartsAndOrder(t *testing.T) {
	t.Parallel()
	seen := map[[16]byte]string{}
	for _, parts := range [][]string{{"a b"}, {"b a"}, {"a", "b"}, {"b", "a"}, {"a"}, {"ab"}, {"a", ""}} {
		v := vector(parts...)
		if other, dup := seen[v]; dup {
			t.Errorf("%q and %q have one vector", parts, other)
		}
		seen[v] = strings.Join(parts, "|")
	}
}

func vector(parts ...string) [16]byte {
	var b [][]byte
	for _, p := range parts {
		b = append(b, []byte(p))
	}
	return protocol.Vector(b...)
}

func TestHitNeedsSettledAndEqual(t *testing.T) {
	t.Parallel()
	a, b := vector("a"), vector("b")
	if !rules.IsHit(a, a, true) || rules.IsHit(a, b, true) || rules.IsHit(a, a, false) {
		t.Error("a hit is a settled, equal vector and nothing else")
	}
	if !rules.MayFill(true) || rules.MayFill(false) {
		t.Error("a fill needs a settled reading")
	}
}

func TestCommitNeedsHalfTheLease(t *testing.T) {
	t.Parallel()
	if !rules.MayCommit(4*time.Second, 10*time.Second) || rules.MayCommit(5*time.Second, 10*time.Second) {
		t.Error("COMMIT may be sent in the first half of the lease only")
	}
	if rules.MayEnd(protocol.Unknown) || !rules.MayEnd(protocol.Decided) {
		t.Error("only a decided write may end")
	}
}
