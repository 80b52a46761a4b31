package cachedpg

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func TestVariantIgnoresWhoConnectsWhere(t *testing.T) {
	t.Parallel()
	base := variantOf(t, "postgres://a:x@h1/db?timezone=UTC")
	for _, same := range []string{
		"postgres://b:y@h2:5433/db?timezone=UTC&application_name=job&connect_timeout=5",
		"host=h3 user=c dbname=db timezone=UTC",
	} {
		if got := variantOf(t, same); got != base {
			t.Errorf("%s is another variant", same)
		}
	}
	for _, other := range []string{
		"postgres://a:x@h1/db",
		"postgres://a:x@h1/db?timezone=CET",
		"postgres://a:x@h1/db?timezone=UTC&search_path=tenant",
		"postgres://a:x@h1/db?timezone=UTC&options=-crole%3Dapp",
		"postgres://a:x@h1/db?timezone=UTC&default_query_exec_mode=simple_protocol",
	} {
		if got := variantOf(t, other); got == base {
			t.Errorf("%s is the same variant", other)
		}
	}
}

func variantOf(t *testing.T, url string) string {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	return Adapter(config).Variant
}

func TestDefiniteErrorsComeFromALivingServer(t *testing.T) {
	t.Parallel()
	pgError := func(severity, code string) error {
		return fmt.Errorf("insert: %w", &pgconn.PgError{SeverityUnlocalized: severity, Severity: "FEHLER", Code: code})
	}
	for _, err := range []error{
		pgError("ERROR", "23505"), pgError("ERROR", "40001"), pgError("ERROR", "42P01"), pgError("ERROR", "57014"),
		&pgconn.PgError{Severity: "ERROR", Code: "23503"}, pgx.ErrTxCommitRollback,
	} {
		if !definite(err) {
			t.Errorf("%v is taken for an unknown outcome", err)
		}
	}
	for _, err := range []error{
		pgError("FATAL", "57P01"), pgError("ERROR", "57P01"), pgError("PANIC", "XX000"), pgError("FATAL", "23505"), pgError("ERROR", "08006"),
		pgError("ERROR", "40003"), &pgconn.PgError{Severity: "ERROR"}, &pgconn.PgError{Severity: "FEHLER", Code: "23505"},
		io.ErrUnexpectedEOF, context.Canceled, driver.ErrBadConn, errors.New("x"),
	} {
		if definite(err) {
			t.Errorf("%v is taken for the server's answer", err)
		}
	}
}

// selfWrapped unwraps to itself.
type selfWrapped struct{ driver.Conn }

func (s selfWrapped) Unwrap() driver.Conn { return s }

func TestTxOpenIsUnknownWithoutPgx(t *testing.T) {
	t.Parallel()
	for _, c := range []driver.Conn{nil, selfWrapped{}} {
		if open, known := txOpen(c); open || known {
			t.Errorf("txOpen(%T) = %v, %v", c, open, known)
		}
	}
}
