package main

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/cachedsql/cachedsql/internal/testdsn"
)

// Not parallel: the default logger is looked at, too.
func TestPasswordsAreInNoOutput(t *testing.T) {
	var log lockedBuffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)
	for _, password := range testdsn.Passwords() {
		if strings.Contains(password, "\x00") {
			continue // no argument of a command has one
		}
		for _, args := range [][]string{
			{"doctor", "--dsn", "postgres://u:" + password + "@127.0.0.1:1/db"},
			{"doctor", "--dsn", "host=127.0.0.1 port=1 password=" + password},
			{"doctor", "--dsn", "u:" + password + "@tcp(127.0.0.1:1)/db"},
			{"doctor", "--dsn", "u:" + password + "@tcp(127.0.0.1:1)"},
			{"explain", "--dsn", "postgres://u:" + password + "@127.0.0.1:x/db", "SELECT 1"},
			{"explain", "--dialect", "mysql", "--dsn", "u:" + password, "SELECT 1"},
			{"doctor", "--timeout", "100ms", "--redis", "redis://u:" + password + "@127.0.0.1:1/0"},
			{"instances", "--timeout", "100ms", "--redis", "redis://u:" + password + "@127.0.0.1:1/x"},
			{"flush", "--timeout", "100ms", "--all", "--redis", "redis://u:" + password + "@127.0.0.1:1?bogus=1", "--dsn", "postgres://u:" + password + "@127.0.0.1:1/db"},
			{"queries", "--timeout", "100ms", "--redis", "u:" + password + "@127.0.0.1:1"},
		} {
			out, errs, code := command(t, "", args...)
			if code == 0 {
				t.Errorf("%q succeeds: %s", args, out)
			}
			testdsn.WantHidden(t, out+errs, strings.Join(args, " "))
		}
	}
	testdsn.WantHidden(t, log.String(), "the log")
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
