package cachedmysql

import (
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"reflect"

	"github.com/go-sql-driver/mysql"
)

// alike reports that a connector of go-sql-driver has no hook that may change
// the configuration of a connection: then it is that alone, and the server, that
// say how connections begin. The fields are not exported; of any type it does
// not know alike says no.
func alike(k driver.Connector) bool {
	v := reflect.Indirect(reflect.ValueOf(k))
	if v.Kind() != reflect.Struct || v.Type().PkgPath() != "github.com/go-sql-driver/mysql" {
		return false
	}
	config := v.FieldByName("cfg")
	if config.Kind() != reflect.Pointer || config.IsNil() {
		return false
	}
	hook := config.Elem().FieldByName("beforeConnect")
	return hook.Kind() == reflect.Func && hook.IsNil()
}

// unreachable reports that nobody answered, or a server that is going down. Any
// other answer is one: a refusal, of a password for example, must not count as
// an absence.
func unreachable(err error) bool {
	if answer := new(mysql.MySQLError); errors.As(err, &answer) {
		return answer.Number == 1053 // ER_SERVER_SHUTDOWN
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, mysql.ErrInvalidConn) || errors.Is(err, io.EOF)
}
