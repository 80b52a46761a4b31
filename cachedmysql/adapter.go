package cachedmysql

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"github.com/go-sql-driver/mysql"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/internal/zone"
)

// Adapter returns what a Cache has to know of go-sql-driver/mysql, for use
// with connectors made by hand:
//
//	config, _ := mysql.ParseDSN(name)
//	connector, _ := mysql.NewConnector(config)
//	cache, _ := cachedsql.New(cachedsql.Config{Adapter: cachedmysql.Adapter(config), Rules: rules})
//	db := cache.OpenDB(connector)
//
// Nil stands for a configuration that sets nothing. The driver does not tell
// whether the server has a transaction open, so TxOpen is not set.
func Adapter(config *mysql.Config) cachedsql.Adapter {
	return cachedsql.Adapter{
		Dialect:     cachedsql.MySQL,
		Variant:     variant(config),
		Definite:    definite,
		SyntaxError: syntaxError,
		Alike:       alike,
		Unreachable: unreachable,
		EncodeArg:   encodeArg,
		ResetProbes: true,
		ReusesBytes: true, // they are parts of its read buffer
	}
}

// variant names every parameter that can change a value, its Go type or the
// session: all but who connects where, how and for how long. It is hashed
// since connection parameters may hold what nobody should read in a cache.
func variant(config *mysql.Config) string {
	if config == nil {
		return ""
	}
	c := config.Clone()
	c.User, c.Passwd, c.Net, c.Addr = "", "", "", ""
	c.TLSConfig, c.ServerPubKey, c.ConnectionAttributes = "", "", ""
	c.Timeout, c.ReadTimeout, c.WriteTimeout = 0, 0, 0
	c.AllowCleartextPasswords, c.AllowFallbackToPlaintext, c.AllowNativePasswords, c.AllowOldPasswords = false, false, false, false
	c.CheckConnLiveness, c.RejectReadOnly = false, false
	sum := sha256.Sum256([]byte(c.FormatDSN() + " " + zone.Rules(c.Loc))) // a name, such as Local, may mean another zone elsewhere
	return "mysql " + hex.EncodeToString(sum[:8])
}

// unsettled are the server's answers after which a statement may still have
// an effect, or may have had the effect it reports as failed.
var unsettled = map[uint16]string{
	1053: "ER_SERVER_SHUTDOWN: the connection ends, perhaps during a commit",
	1077: "ER_NORMAL_SHUTDOWN",
	1078: "ER_GOT_SIGNAL",
	1079: "ER_SHUTDOWN_COMPLETE",
	1080: "ER_FORCING_CLOSE",
	1105: "ER_UNKNOWN_ERROR: what proxies such as Vitess answer when they lost the server",
	1152: "ER_ABORTING_CONNECTION",
	1158: "ER_NET_READ_ERROR",
	1159: "ER_NET_READ_INTERRUPTED",
	1160: "ER_NET_ERROR_ON_WRITE",
	1161: "ER_NET_WRITE_INTERRUPTED",
	1180: "ER_ERROR_DURING_COMMIT: the engine and the binary log may disagree",
	1184: "ER_NEW_ABORTING_CONNECTION",
	1317: "ER_QUERY_INTERRUPTED: a COMMIT killed while it waits for a replica has committed",
	1927: "ER_CONNECTION_KILLED (MariaDB)",
	3169: "ER_SESSION_WAS_KILLED",
	4031: "ER_CLIENT_INTERACTION_TIMEOUT",
}

// definite reports that the server answered and is done with the statement.
// Errors 2000 to 2999 are the client library's: a proxy that sends one lost
// the server behind it ("gone away" 2006, "lost connection" 2013).
func definite(err error) bool {
	answer := new(mysql.MySQLError)
	if !errors.As(err, &answer) {
		return false
	}
	_, open := unsettled[answer.Number]
	return !open && (answer.Number < 2000 || answer.Number > 2999)
}

// syntaxError reports that the server could not read a text: ER_PARSE_ERROR.
func syntaxError(err error) bool {
	answer := new(mysql.MySQLError)
	return errors.As(err, &answer) && answer.Number == 1064
}

// encodeArg knows the one type beside the basic ones that the driver's own
// check of arguments lets through.
func encodeArg(v any) (canonical []byte, ok bool) {
	text, ok := v.(json.RawMessage)
	if !ok {
		return nil, false
	}
	if text == nil {
		return []byte{0}, true // NULL, not an empty text
	}
	return append([]byte{1}, text...), true
}
