package cachedsql

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cachedsql/cachedsql/internal/catalog"
	"github.com/cachedsql/cachedsql/internal/reason"
)

// mysqlFacts are the variables that identify the server or say how far it can
// be relied on.
var mysqlFacts = []string{"server_uuid", "server_uid", "hostname", "port", "datadir", "socket", "read_only", "completion_type", "version"}

func (c *conn) mysqlState(ctx context.Context) (state, error) {
	names := append(slices.Clone(catalog.MySQLSettings), c.session.watched...)
	value, err := c.mysqlVariables(ctx, append(slices.Clone(mysqlFacts), names...))
	if err != nil {
		return state{}, err
	}
	question := "SELECT DATABASE(), CURRENT_USER(), "
	if hasRoles(value["version"]) {
		question += "CURRENT_ROLE()"
	} else {
		question += "NULL"
	}
	rows, err := (server{c}).Query(ctx, question, 3)
	if err != nil {
		return state{}, err
	}
	if len(rows) != 1 {
		return state{}, fmt.Errorf("cachedsql: unexpected answer about the session: %d rows", len(rows))
	}
	st := state{database: rows[0][0].S, user: rows[0][1].S, names: catalog.Session{Known: true, Database: rows[0][0].S}}
	for _, name := range names {
		st.settings = append(st.settings, value[strings.ToLower(name)])
	}
	st.settings = append(st.settings, rows[0][2].S)
	st.settings = append(st.settings, c.mysqlGrants(ctx)...)
	st.namespace, st.run = mysqlNamespace(value), c.mysqlRun(ctx, value)
	isolation := value["transaction_isolation"] + value["tx_isolation"]
	switch {
	case value["read_only"] != "OFF" && value["read_only"] != "0" && value["read_only"] != "":
		st.unfit, st.replica, st.run = reason.ReadReplica, true, "" // its start says nothing of the primary
	case strings.Contains(isolation, "UNCOMMITTED"), strings.Contains(isolation, "SERIALIZABLE"):
		st.unfit = reason.IsolationLevel
	}
	if misreadsMySQL(value["sql_mode"], value["character_set_client"]) {
		st.unfit, st.misread = reason.SessionState, true
	}
	c.tx.chains = value["completion_type"] != "" && value["completion_type"] != "NO_CHAIN" && value["completion_type"] != "0"
	c.tx.autocommitOff = value["autocommit"] == "OFF" || value["autocommit"] == "0"
	return st, nil
}

// mysqlVariables asks for system variables. Those that the server does not have
// are left out.
func (c *conn) mysqlVariables(ctx context.Context, names []string) (value map[string]string, err error) {
	var q strings.Builder
	q.WriteString("SHOW VARIABLES WHERE Variable_name IN (''")
	for _, name := range names {
		q.WriteString(",'" + strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(name) + "'")
	}
	q.WriteString(")")
	rows, err := (server{c}).Query(ctx, q.String(), 2)
	if err != nil {
		return nil, err
	}
	value = map[string]string{}
	for _, r := range rows {
		value[strings.ToLower(r[0].S)] = r[1].S
	}
	return value, nil
}

// mysqlRun returns when and where the server was started, "" if it does not say.
// How long it has been up is counted to the same moment as UNIX_TIMESTAMP(), so
// that the difference is always the same second. That alone is not enough:
// MariaDB's server_uid is made of the hardware address and the port, which
// containers on two hosts that start together may have in common.
func (c *conn) mysqlRun(ctx context.Context, value map[string]string) string {
	switch {
	case c.cache.config.Namespace != "":
		return "" // see restart.go
	case c.session.run != nil:
		return *c.session.run
	}
	status := "performance_schema.global_status"
	if strings.Contains(value["version"], "MariaDB") {
		status = "information_schema.GLOBAL_STATUS"
	}
	rows, err := (server{c}).Query(ctx, "SELECT UNIX_TIMESTAMP() - CAST(VARIABLE_VALUE AS SIGNED) FROM "+status+" WHERE VARIABLE_NAME = 'Uptime'", 1)
	if err != nil || len(rows) != 1 {
		return "" // asked again with the session's state
	}
	run := strings.Join([]string{rows[0][0].S, value["hostname"], value["datadir"]}, "|")
	c.session.run = &run
	return run
}

func mysqlNamespace(value map[string]string) string {
	for _, name := range []string{"server_uuid", "server_uid"} {
		if value[name] != "" {
			return "mysql-" + value[name]
		}
	}
	return "mysql-" + strings.Join([]string{value["hostname"], value["port"], value["datadir"], value["socket"]}, "|")
}
