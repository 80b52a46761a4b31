package cachedpg

import (
	"database/sql/driver"
	"io"
	"iter"
	"net"
	"reflect"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// alike reports that no hook of the application has a hand in the connections
// of a stdlib connector: then it is their configuration alone, and the server,
// that say how they begin. A pool's connections may have been used by others.
// stdlib's types are not exported; of any it does not know alike says no.
func alike(k driver.Connector) bool {
	v := reflect.Indirect(reflect.ValueOf(k))
	if v.Kind() != reflect.Struct || v.Type().PkgPath() != "github.com/jackc/pgx/v5/stdlib" {
		return false
	}
	if name := v.FieldByName("name"); name.Kind() == reflect.String {
		config, err := pgx.ParseConfig(name.String()) // a registered one, which may have hooks, does not parse
		return err == nil && config.AfterConnect == nil
	}
	config, ok := fieldOf[pgx.ConnConfig](v, "ConnConfig")
	pool := v.FieldByName("pool")
	if !ok || config.AfterConnect != nil || pool.Kind() != reflect.Pointer || !pool.IsNil() {
		return false
	}
	// Without an option the hooks are functions of stdlib that do nothing.
	plain := reflect.ValueOf(stdlib.GetConnector(pgx.ConnConfig{}))
	for _, hook := range []string{"BeforeConnect", "AfterConnect", "ResetSession"} {
		f, none := v.FieldByName(hook), plain.FieldByName(hook)
		if f.Kind() != reflect.Func || none.Kind() != reflect.Func || f.Pointer() != none.Pointer() {
			return false
		}
	}
	return true
}

// fieldOf returns an exported field of a struct.
func fieldOf[T any](v reflect.Value, name string) (field T, ok bool) {
	f := v.FieldByName(name)
	if !f.IsValid() || !f.CanInterface() {
		return field, false
	}
	field, ok = f.Interface().(T)
	return field, ok
}

// unreachable reports that nobody answered, or a server that is going down or
// coming up. Any other answer is one: a refusal, of a password for example,
// must not count as an absence.
func unreachable(err error) bool {
	absent, refused := false, false
	for err := range causes(err) {
		switch cause := err.(type) { //nolint:errorlint // each error of the chain in turn
		case *pgconn.PgError:
			switch cause.Code {
			case "57P01", "57P02", "57P03": // admin_shutdown, crash_shutdown, cannot_connect_now
				absent = true
			default:
				refused = true
			}
		case net.Error:
			absent = true
		}
		absent = absent || err == io.EOF || err == io.ErrUnexpectedEOF //nolint:errorlint // likewise
	}
	return absent && !refused
}

// causes yields err and everything it wraps: there is an error for each
// address that was tried.
func causes(err error) iter.Seq[error] {
	return func(yield func(error) bool) { walk(err, yield) }
}

func walk(err error, yield func(error) bool) bool {
	if err == nil {
		return true
	}
	if !yield(err) {
		return false
	}
	switch e := err.(type) { //nolint:errorlint // one step of the chain
	case interface{ Unwrap() error }:
		return walk(e.Unwrap(), yield)
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			if !walk(one, yield) {
				return false
			}
		}
	}
	return true
}
