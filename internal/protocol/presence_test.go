package protocol_test

import (
	"testing"
	"time"

	"github.com/cachedsql/cachedsql/internal/protocol"
)

var waiting = protocol.Rules{Term: 3000, Absence: 60000, MaxWriters: 2}

func TestPresenceIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"history", "history w1:5:10", "history w1:5:10 w2:6:11"} {
		if got := protocol.ParsePresence(text).String(); got != text {
			t.Errorf("got %q, want %q", got, text)
		}
	}
	for _, text := range []string{"", "history ", "history w1:5", "history w1:5:10:1", "history :5:10", "history w1:x:10", "history w1:-5:10", "history w1:5:9999999999999999"} {
		if got := protocol.ParsePresence(text); got.History != "" || got.Writers != nil {
			t.Errorf("%q was read as %v", text, got)
		}
	}
}

func TestRegistration(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, before string
		now          protocol.Millis
		after        string
		settled      bool
		swept        bool
	}{
		{"nobody", "h", 1000, "h", true, false},
		{"ahead", "h w:1001:61001", 1000, "h w:1001:61001", true, false},
		{"lapsed", "h w:1000:61000", 1000, "h w:1000:61000", false, false},
		{"one of two lapsed", "h v:1000:61000 w:1001:61001", 1000, "h v:1000:61000 w:1001:61001", false, false},
		{"about to end", "h w:1000:61000", 60999, "h w:1000:61000", false, false},
		{"ended", "h w:1000:61000", 61000, "h", true, true},
		{"one of two ended", "h v:1000:61000 w:63000:123000", 61000, "h w:63000:123000", true, true},
		{"missing", "", 1000, "h q:1000:64000", false, false},
		{"of another history", "g w:1001:61001", 1000, "h q:1000:64000", false, false},
		{"clock set back", "h w:9000:69000", 1000, "h w:1000:64000", false, false},
	} {
		next, settled, swept := waiting.ObservePresence(protocol.ParsePresence(c.before), "h", c.now)
		if next.String() != c.after || settled != c.settled || swept != c.swept {
			t.Errorf("%s: got %q, settled %v, swept %v; want %q, %v, %v", c.name, next, settled, swept, c.after, c.settled, c.swept)
		}
	}
}

func TestRegister(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, before string
		lapses, now  protocol.Millis
		after        string
		ok           bool
	}{
		{"first", "h", 4000, 1000, "h w:4000:64000", true},
		{"again", "h w:4000:64000", 5000, 2000, "h w:5000:65000", true},
		{"after a lapse", "h w:4000:64000", 9000, 6000, "h w:9000:69000", true},
		{"overtaken", "h w:5000:65000", 4500, 2000, "h w:5000:65000", true},
		{"late", "h w:4000:64000", 6000, 6000, "h w:4000:64000", false},
		{"late and unknown", "h", 900, 1000, "h", false},
		{"too far ahead", "h", 9000, 1000, "h w:4000:64000", true},
		{"behind another", "h v:3000:63000", 4000, 1000, "h v:3000:63000 w:4000:64000", true},
		{"before another", "h v:4000:64000", 3000, 1000, "h w:3000:63000 v:4000:64000", true},
		{"too many", "h u:4000:64000 v:4000:64000", 4000, 1000, "h u:4000:64000 v:4000:64000", false},
		{"lost", "", 4000, 1000, "h q:1000:64000 w:4000:64000", true},
	} {
		next, _, ok := waiting.Register(protocol.ParsePresence(c.before), "h", "w", c.lapses, c.now)
		if next.String() != c.after || ok != c.ok {
			t.Errorf("%s: got %q, %v; want %q, %v", c.name, next, ok, c.after, c.ok)
		}
	}
	next, _ := waiting.Withdraw(protocol.ParsePresence("h v:4000:64000 w:4000:64000"), "h", "w", 1000)
	if got, want := next.String(), "h v:4000:64000"; got != want {
		t.Errorf("withdrawn: got %q, want %q", got, want)
	}
}

// The writer's clock and the server's are different ones, and no answer says
// when exactly the server looked at its own. Whatever is between them, a writer
// writes without begin only while its registration has lapsed and not ended.
func TestNobodyWritesBeforeTheLapseOrAfterTheEnd(t *testing.T) {
	t.Parallel()
	const lease = 10 * time.Second
	r := waiting
	for _, offset := range []time.Duration{-time.Hour, 0, 400 * time.Microsecond, time.Hour} {
		for _, there := range []time.Duration{0, 300 * time.Microsecond, 20 * time.Millisecond} {
			for _, back := range []time.Duration{0, 700 * time.Microsecond, 20 * time.Millisecond} {
				server := func(local time.Duration) protocol.Millis {
					return protocol.Millis((1_000_000*time.Hour + offset + local).Milliseconds())
				}
				look := func(sent time.Duration) protocol.Sight {
					return protocol.Sight{Server: server(sent + there), Sent: sent, Received: sent + there + back}
				}
				lapses := r.NextLapse(look(time.Second), 2*time.Second)
				arrived := server(2*time.Second + there)
				p, _, ok := r.Register(protocol.Presence{History: "h"}, "h", "w", lapses, arrived)
				if !ok {
					t.Fatalf("offset %v: the request came too late", offset)
				}
				own := p.Writers[0]
				a := r.Away(look(2*time.Second), lapses, own.Ends)
				for at := 2 * time.Second; at < 70*time.Second; at += 333 * time.Microsecond {
					if !r.MayWriteAway(a, at, lease) {
						continue
					}
					if server(at) < own.Lapses || server(at+lease/2) >= own.Ends {
						t.Fatalf("offset %v, %v there, %v back: may write at %v, when the server's clock shows %d of %v", offset, there, back, at, server(at), own)
					}
				}
				if !r.MayWriteAway(a, 7*time.Second, lease) || !r.MayWriteAway(a, 50*time.Second, lease) {
					t.Errorf("offset %v, %v there, %v back: may not write in the middle of %v", offset, there, back, a)
				}
			}
		}
	}
}
