package cachedmysql

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/go-sql-driver/mysql"
)

func variantOf(t *testing.T, name string) string {
	t.Helper()
	config, err := mysql.ParseDSN(name)
	if err != nil {
		t.Fatal(err)
	}
	return Adapter(config).Variant
}

func TestVariantIgnoresWhoConnectsWhere(t *testing.T) {
	t.Parallel()
	base := variantOf(t, "a:x@tcp(h1)/db?parseTime=true")
	for _, same := range []string{
		"b:y@tcp(h2:3307)/db?parseTime=true&timeout=5s&readTimeout=1s&tls=skip-verify",
		"unix(/run/my.sock)/db?parseTime=true&connectionAttributes=program:x",
	} {
		if got := variantOf(t, same); got != base {
			t.Errorf("%s is another variant", same)
		}
	}
	for _, other := range []string{
		"a:x@tcp(h1)/db", "a:x@tcp(h1)/other?parseTime=true", "a:x@tcp(h1)/db?parseTime=true&loc=Europe%2FParis",
		"a:x@tcp(h1)/db?parseTime=true&interpolateParams=true", "a:x@tcp(h1)/db?parseTime=true&time_zone=%27UTC%27",
		"a:x@tcp(h1)/db?parseTime=true&charset=latin1", "a:x@tcp(h1)/db?parseTime=true&columnsWithAlias=true",
	} {
		if got := variantOf(t, other); got == base {
			t.Errorf("%s is the same variant", other)
		}
	}
}

func TestDefiniteErrorsComeFromALivingServer(t *testing.T) {
	t.Parallel()
	for _, number := range []uint16{1062, 1205, 1213, 1290, 1451, 1452, 3024, 4025} {
		if err := fmt.Errorf("insert: %w", &mysql.MySQLError{Number: number}); !definite(err) {
			t.Errorf("%d is taken for an unknown outcome", number)
		}
	}
	for number := range unsettled {
		if definite(&mysql.MySQLError{Number: number}) {
			t.Errorf("%d is taken for a settled outcome", number)
		}
	}
	for _, err := range []error{
		&mysql.MySQLError{Number: 2006}, &mysql.MySQLError{Number: 2013}, mysql.ErrInvalidConn, driver.ErrBadConn, errors.New("x"),
	} {
		if definite(err) {
			t.Errorf("%v is taken for the server's answer", err)
		}
	}
}

func TestJSONArgumentsAreEncoded(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, arg := range []any{json.RawMessage(nil), json.RawMessage{}, json.RawMessage("1"), json.RawMessage("\x01")} {
		b, ok := encodeArg(arg)
		if !ok || seen[string(b)] {
			t.Errorf("encodeArg(%q) = %q, %v", arg, b, ok)
		}
		seen[string(b)] = true
	}
	if _, ok := encodeArg(struct{}{}); ok {
		t.Error("a struct has an encoding")
	}
}
