package dsn

import (
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestPasswordsThatWouldBeTakenForSomethingElseAreNoticed(t *testing.T) {
	t.Parallel()
	for dsn, blurred := range map[string]bool{
		"postgres://u:a@b@h/db":              true,
		"postgres://u:a@@h/db?sslmode=x":     true,
		"host=h password=a b":                true,
		"host=h password='a'b' port=1":       true,
		"password=a=b c host=h":              true,
		"u:secret@tcp(h:1)":                  true,
		"mysql://u:p@h/db":                   true,
		"postgres://u:a%40b@h/db?x=a@b":      false,
		"postgres://h/db?options=a@b":        false,
		"postgres://u:p@h1:1,h2:2/d@b":       false,
		"postgres:///db?host=@abstract":      false,
		"host=@abstract password='a b' u=x ": false,
		"host=h password=a\\ b":              false,
		"registeredConnConfig7":              false,
		"":                                   false,
	} {
		err := Blurred(dsn)
		if (err != nil) != blurred {
			t.Errorf("Blurred(%q) = %v, want one: %v", dsn, err, blurred)
		}
		if _, parsed := pgconn.ParseConfig(dsn); !blurred && parsed != nil && dsn != "registeredConnConfig7" && dsn != "host=@abstract password='a b' u=x " {
			t.Errorf("%q is no DSN: %v", dsn, parsed)
		}
	}
}
