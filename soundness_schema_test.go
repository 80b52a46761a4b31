package cachedsql_test

import (
	"strings"

	"github.com/cachedsql/cachedsql"
)

// soundnessRules declares the dimensions that are no keys.
const soundnessRules = `version: 1
rules:
  - {name: everything, ttl: 1h, jitter: 0}
tables:
  customers: {dimensions: [tenant, label]}
  orders: {dimensions: [tenant, customer_id]}
  items: {dimensions: [order_id, sku]}
  kv: {dimensions: [tenant]}
  events: {dimensions: [tenant]}
  events_low: {dimensions: [tenant]}
`

// The tables of one database. [a|b] is a choice made anew for each schema, so
// that cascades, defaults and triggers come in many combinations. BIN is a text
// type whose values compare by their bytes, CI one that ignores case.
var soundnessTables = []string{
	`CREATE TABLE customers (id INTEGER PRIMARY KEY, tenant [INTEGER|BIGINT|SMALLINT], email CI UNIQUE, code BIN [|UNIQUE],
		label CI, n INTEGER)`,
	`CREATE TABLE orders (id [INTEGER|BIGINT] PRIMARY KEY, customer_id INTEGER, tenant INTEGER, n INTEGER,
		FOREIGN KEY (customer_id) REFERENCES customers (id) ON DELETE [CASCADE|SET NULL] ON UPDATE [CASCADE|NO ACTION])`,
	`CREATE TABLE items (id INTEGER PRIMARY KEY, order_id ORDERID, sku INTEGER, n INTEGER,
		FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE [CASCADE|SET NULL])`,
	`CREATE TABLE kv (k BIN PRIMARY KEY, u INTEGER UNIQUE, tenant INTEGER DEFAULT 1, n INTEGER)`,
	`CREATE TABLE totals (id INTEGER PRIMARY KEY, n INTEGER)`,
	`CREATE VIEW v_orders AS SELECT o.id, o.tenant, o.n, c.id AS customer, c.n AS cn
		FROM orders o [JOIN|LEFT JOIN] customers c ON c.id = o.customer_id`,
	`CREATE VIEW v_big AS SELECT id, tenant, customer FROM v_orders WHERE n > 4`,
	`CREATE VIEW v_kv AS SELECT k, u, tenant, n FROM kv [|WHERE n > 2]`,
}

var soundnessTriggers = map[cachedsql.Dialect][]string{
	cachedsql.SQLite: {
		`CREATE TRIGGER ti AFTER INSERT ON orders BEGIN UPDATE totals SET n = n + 1 WHERE id = NEW.tenant; END`,
		`CREATE TRIGGER tu AFTER UPDATE ON orders BEGIN UPDATE totals SET n = n + 1 WHERE id = NEW.tenant; END`,
		`CREATE TRIGGER td AFTER DELETE ON [orders|items] BEGIN UPDATE totals SET n = n + 1 WHERE id = 2; END`,
	},
	cachedsql.MySQL: {
		`CREATE TRIGGER ti AFTER INSERT ON orders FOR EACH ROW UPDATE totals SET n = n + 1 WHERE id = NEW.tenant`,
		`CREATE TRIGGER tu AFTER UPDATE ON orders FOR EACH ROW UPDATE totals SET n = n + 1 WHERE id = NEW.tenant`,
		`CREATE TRIGGER td AFTER DELETE ON orders FOR EACH ROW UPDATE totals SET n = n + 1 WHERE id = 2`,
		`CREATE TRIGGER tb BEFORE INSERT ON items FOR EACH ROW SET NEW.[sku|n] = NEW.sku % 3`,
	},
	cachedsql.Postgres: {
		`CREATE FUNCTION count_it() RETURNS trigger LANGUAGE plpgsql AS
			'BEGIN UPDATE totals SET n = n + 1 WHERE id = coalesce(NEW.tenant, 2); RETURN NULL; END'`,
		`CREATE FUNCTION fold_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.[sku|n] := NEW.sku % 3; RETURN NEW; END'`,
		`CREATE TRIGGER ti AFTER INSERT OR UPDATE OR DELETE ON orders FOR EACH [ROW|STATEMENT] EXECUTE FUNCTION count_it()`,
		`CREATE TRIGGER tb BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION fold_it()`,
		`CREATE TABLE events (id INTEGER PRIMARY KEY, tenant INTEGER, n INTEGER) PARTITION BY RANGE (id)`,
		`CREATE TABLE events_low PARTITION OF events FOR VALUES FROM (0) TO (7)`,
		`CREATE TABLE events_high PARTITION OF events FOR VALUES FROM (7) TO (100)`,
		`CREATE TABLE past (id INTEGER PRIMARY KEY, n INTEGER)`,
		`CREATE TABLE past_old (extra INTEGER) INHERITS (past)`,
	},
}

var soundnessDrops = map[cachedsql.Dialect][]string{
	cachedsql.Postgres: {
		`DROP TABLE IF EXISTS past, events CASCADE`, `DROP FUNCTION IF EXISTS count_it, fold_it CASCADE`,
		`DROP COLLATION IF EXISTS ci`, `CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
	},
}

// soundnessRows fill the tables; {x} is a value of a domain.
var soundnessRows = []string{
	`INSERT INTO totals VALUES (0, 0), (1, 0), (2, 0), (3, 0), (4, 0)`,
	`INSERT INTO customers VALUES (1, 1, 'bob', 'a', 'x', 1), (2, 2, 'ann', 'A', 'Y', 2), (3, 1, 'eve', 'b', 'y', 3), (4, 3, 'joe', NULL, NULL, 4)`,
	`INSERT INTO orders VALUES (1, 1, 1, 5), (2, 1, 2, 6), (3, 2, 1, 1), (5, 3, 2, 2), (6, NULL, 3, 9)`,
	`INSERT INTO items VALUES (1, 1, 1, 1), (2, 1, 2, 2), (3, 2, 2, 3), (4, 5, 0, 4), (7, NULL, 1, 5)`,
	`INSERT INTO kv VALUES ('a', 1, 1, 1), ('A', 2, 2, 2), ('b', 3, 1, 3), ('c', NULL, 3, 4)`,
}

// types writes the pseudo-types of the schema as the dialect's own.
func soundnessTypes(d cachedsql.Dialect, ddl, orderID string) string {
	ci, bin := "TEXT COLLATE NOCASE", "TEXT"
	switch d {
	case cachedsql.MySQL:
		ci, bin = "VARCHAR(20) COLLATE utf8mb4_general_ci", "VARCHAR(20) COLLATE utf8mb4_bin"
	case cachedsql.Postgres:
		ci, bin = "TEXT COLLATE ci", "VARCHAR(20)"
	}
	return strings.NewReplacer(" CI", " "+ci, " BIN", " "+bin, "ORDERID", orderID).Replace(ddl)
}
