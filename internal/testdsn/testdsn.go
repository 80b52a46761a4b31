// Package testdsn has passwords that are hard on those who parse them, for
// tests that none comes out in an error.
package testdsn

import (
	"context"
	"database/sql"
	"strings"
	"testing"
	"time"
)

const (
	first = "pwalpha"
	last  = "pwomega"
)

// Passwords returns passwords with each character that somebody may take for
// the end of one, as a user may write them: not encoded.
func Passwords() (all []string) {
	for _, between := range []string{
		"", "@", "@@", ":", "/", "//", "?", "#", "%", "%zz", " ", "'", `"`, `\`, "&", "=", "+", "(", ")", "[", "]", "\x00", "\n", ";", ",", "@tcp(", "?cache_redis=",
	} {
		all = append(all, first+between+last)
	}
	return all
}

// WantHidden reports an error where a text shows a part of one of Passwords.
func WantHidden(t testing.TB, text, in string) {
	t.Helper()
	if strings.Contains(text, first) || strings.Contains(text, last) {
		t.Errorf("%q gives %q", in, text)
	}
}

// WantRefused reports an error where a driver connects by a DSN, or shows a part
// of one of Passwords when it does not.
func WantRefused(t testing.TB, driver, dsn string) {
	t.Helper()
	db, err := sql.Open(driver, dsn)
	if err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		err = db.PingContext(ctx)
		cancel()
		_ = db.Close()
	}
	if err == nil {
		t.Errorf("%q is connected to", dsn)
		return
	}
	WantHidden(t, err.Error(), dsn)
}
