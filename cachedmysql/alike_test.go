package cachedmysql

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/go-sql-driver/mysql"
)

func connectorOf(t *testing.T, options ...mysql.Option) driver.Connector {
	t.Helper()
	config, err := mysql.ParseDSN("a:x@tcp(localhost)/shop")
	if err != nil {
		t.Fatal(err)
	}
	if err := config.Apply(options...); err != nil {
		t.Fatal(err)
	}
	k, err := mysql.NewConnector(config)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

type otherConnector struct{ driver.Connector }

func TestConnectionsWithAHookAreNotAlike(t *testing.T) {
	t.Parallel()
	hook := mysql.BeforeConnect(func(context.Context, *mysql.Config) error { return nil })
	for name, c := range map[string]struct {
		connector driver.Connector
		want      bool
	}{
		"connector":     {connectorOf(t), true},
		"BeforeConnect": {connectorOf(t, hook), false},
		"wrapped":       {otherConnector{connectorOf(t)}, false},
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
	for _, err := range []error{refused, fmt.Errorf("dial: %w", refused), driver.ErrBadConn, mysql.ErrInvalidConn, &mysql.MySQLError{Number: 1053}} {
		if !unreachable(err) {
			t.Errorf("%v is taken for a refusal", err)
		}
	}
	for _, err := range []error{nil, &mysql.MySQLError{Number: 1045}, &mysql.MySQLError{Number: 1040}, errors.New("tls: bad certificate")} {
		if unreachable(err) {
			t.Errorf("%v is taken for an absence", err)
		}
	}
}
