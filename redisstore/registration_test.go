package redisstore

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/protocol"
	"github.com/cachedsql/cachedsql/internal/testredis"
)

// BenchmarkServerTime is what checks and renewals cost the server, whose one
// thread is what all processes share, by its own account.
func BenchmarkServerTime(b *testing.B) {
	for _, c := range []struct {
		absence time.Duration
		writers int
	}{{0, 0}, {time.Minute, 0}, {time.Minute, 1}, {time.Minute, 100}, {time.Minute, maxWriters}} {
		srv := testredis.Start(b)
		s := openURL(b, srv.URL(), Config{Quarantine: 20 * time.Millisecond, Absence: c.absence})
		if c.absence != 0 {
			s.rules.Term = 10_000_000 // nobody lapses while this runs
			s.program = newProgram(s.rules.Term, s.rules.Absence)
		}
		sp := s.Space("db").(*space)
		set := sp.Tags([]string{"users", "orders", "lines"}).(*tagSet)
		registerMany(b, srv, sp, c.writers)
		for settled := false; !settled; time.Sleep(time.Millisecond) {
			r, err := sp.Check(b.Context(), set)
			if err != nil {
				b.Fatal(err)
			}
			settled = r.Settled
		}
		name := fmt.Sprintf("absence=%v/writers=%d/", c.absence, c.writers)
		b.Run(name+"transaction", func(b *testing.B) {
			serverTime(b, srv, func(ctx context.Context) error {
				var found [1]finding
				_, err := s.wire.lookup(ctx, sp, []*tagSet{set}, nil, found[:])
				return err
			})
		})
		b.Run(name+"script", func(b *testing.B) {
			serverTime(b, srv, func(ctx context.Context) error {
				var found [1]finding
				sp.askScripts(ctx, []*tagSet{set}, nil, found[:])
				return found[0].err
			})
		})
		if c.writers > 0 {
			r := sp.Registration(writerID()).(*registration)
			b.Run(name+"renew", func(b *testing.B) { serverTime(b, srv, r.Renew) })
		}
	}
}

// registerMany makes as many registrations, less one, as there are to be.
func registerMany(b *testing.B, srv *testredis.Server, sp *space, n int) {
	b.Helper()
	info := srv.Client(b).Info(b.Context(), "replication").Val()
	history, err := historyOf([]byte(info), "")
	if err != nil {
		b.Fatal(err)
	}
	p := protocol.Presence{History: string(history) + sp.store.suffix}
	lapses := protocol.Millis(time.Now().UnixMilli()) + sp.store.rules.Term/2
	for i := range n - 1 {
		id := base64.RawURLEncoding.EncodeToString(append(make([]byte, 14), byte(i>>8), byte(i)))
		p.Writers = append(p.Writers, protocol.Registration{Writer: id, Lapses: lapses, Ends: lapses + sp.store.rules.Absence})
	}
	if err := srv.Client(b).Set(b.Context(), sp.keys.presence(0), p.String(), 0).Err(); err != nil {
		b.Fatal(err)
	}
}

func serverTime(b *testing.B, srv *testredis.Server, f func(context.Context) error) {
	b.Helper()
	client := srv.Client(b)
	client.ConfigResetStat(b.Context())
	for b.Loop() {
		if err := f(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	info := client.Info(b.Context(), "commandstats").Val()
	var total int64
	for line := range strings.Lines(info) {
		name, rest, _ := strings.Cut(line, ":")
		// A script's commands are in its own time, and those of a transaction
		// in that of EXEC.
		if name != "cmdstat_evalsha" && name != "cmdstat_exec" {
			continue
		}
		_, usec, _ := strings.Cut(rest, "usec=")
		var n int64
		_, _ = fmt.Sscan(usec[:strings.IndexByte(usec, ',')], &n)
		total += n
	}
	b.ReportMetric(float64(total)/float64(b.N), "server-µs/op")
}

func writerID() (id cachedsql.WriterID) {
	rand.Read(id[:])
	return id
}
