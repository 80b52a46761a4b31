package cachedpg

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

const url = "postgres://a:x@localhost/db"

func parse(t *testing.T) *pgx.ConnConfig {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

func byName(t *testing.T, name string) driver.Connector {
	t.Helper()
	k, err := stdlib.GetDefaultDriver().(driver.DriverContext).OpenConnector(name)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

type otherConnector struct{ driver.Connector }

func TestConnectionsWithAHookAreNotAlike(t *testing.T) {
	t.Parallel()
	hooked := parse(t)
	hooked.AfterConnect = func(context.Context, *pgconn.PgConn) error { return nil }
	registered := stdlib.RegisterConnConfig(hooked)
	defer stdlib.UnregisterConnConfig(registered)
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	before := func(context.Context, *pgx.ConnConfig) error { return nil }
	after := func(context.Context, *pgx.Conn) error { return nil }
	for name, c := range map[string]struct {
		connector driver.Connector
		want      bool
	}{
		"DSN":           {byName(t, url), true},
		"key=value":     {byName(t, "host=h dbname=d"), true},
		"connector":     {stdlib.GetConnector(*parse(t)), true},
		"registered":    {byName(t, registered), false},
		"config's hook": {stdlib.GetConnector(*hooked), false},
		"BeforeConnect": {stdlib.GetConnector(*parse(t), stdlib.OptionBeforeConnect(before)), false},
		"AfterConnect":  {stdlib.GetConnector(*parse(t), stdlib.OptionAfterConnect(after)), false},
		"ResetSession":  {stdlib.GetConnector(*parse(t), stdlib.OptionResetSession(after)), false},
		"pool":          {stdlib.GetPoolConnector(pool), false},
		"wrapped":       {otherConnector{byName(t, url)}, false},
		"nil":           {nil, false},
	} {
		if got := alike(c.connector); got != c.want {
			t.Errorf("%s: alike = %v, want %v", name, got, c.want)
		}
	}
}

func TestOnlyAnAbsentServerIsUnreachable(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	for _, err := range []error{
		refused, fmt.Errorf("dial: %w", refused), errors.Join(refused, &pgconn.PgError{Code: "57P03"}),
		&pgconn.PgError{Code: "57P01"}, io.ErrUnexpectedEOF, context.DeadlineExceeded,
	} {
		if !unreachable(err) {
			t.Errorf("%v is taken for a refusal", err)
		}
	}
	for _, err := range []error{
		nil, &pgconn.PgError{Code: "28P01"}, errors.Join(refused, &pgconn.PgError{Code: "28000"}), &pgconn.PgError{Code: "57P04"},
		errors.Join(&pgconn.PgError{Code: "57P03"}, &pgconn.PgError{Code: "28P01"}), &pgconn.PgError{Code: "53300"}, errors.New("tls: bad certificate"),
	} {
		if unreachable(err) {
			t.Errorf("%v is taken for an absence", err)
		}
	}
}
