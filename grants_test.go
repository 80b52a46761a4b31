package cachedsql_test

import (
	"strings"
	"testing"

	"github.com/cachedsql/cachedsql"
)

// MySQL's connections keep rights that their user has lost, and roles that are
// not the user's by default any more. Newer ones of the same user must not get
// what those have read.
func TestNewerConnectionsOfAUserAreNotServedWhatOnlyOlderOnesMayRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ before, change []string }{
		"right for all databases": {[]string{"GRANT SELECT ON *.* TO USER"}, []string{"REVOKE SELECT ON *.* FROM USER"}},
		"right for the database":  {[]string{"GRANT SELECT ON SCHEMA.* TO USER"}, []string{"REVOKE SELECT ON SCHEMA.* FROM USER"}},
		"default role": {
			[]string{"CREATE ROLE USER_r", "GRANT SELECT ON items TO USER_r", "GRANT USER_r TO USER", "SET DEFAULT ROLE USER_r OF USER"},
			[]string{"SET DEFAULT ROLE NONE OF USER"},
		},
		"user": {
			[]string{"GRANT SELECT ON *.* TO USER"},
			[]string{"DROP USER USER", "CREATE USER USER IDENTIFIED BY 'secret'", "GRANT SELECT ON SCHEMA.hidden TO USER"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newModest(t, cachedsql.MySQL, "GRANT SELECT ON hidden TO USER")
			as := m.account()
			m.exec(m.bare, as(c.before)...)
			m.b.db.SetMaxIdleConns(0)
			old, unused := m.conn(m.b.db), m.conn(m.b.db)
			wantOld := func() {
				t.Helper()
				for range 2 {
					if got := answer(t.Context(), old, lampPrice); got != "price | 40" {
						t.Errorf("the older connection: got %q", got)
					}
				}
			}
			wantOld()
			m.exec(m.a.db, as(c.change)...)
			wantOld()
			for range 2 { // also if nothing was asked on it before
				if got := answer(t.Context(), unused, lampPrice); got != "price | 40" {
					t.Errorf("an older connection that was not used: got %q", got)
				}
			}
			if got := answer(t.Context(), m.conn(m.b.db), lampPrice); !strings.Contains(got, "denied") {
				t.Errorf("the newer connection: got %q (%s), want an error", got, m.b.rec.LastRead())
			}
			if name == "default role" {
				m.exec(m.bare, as([]string{"DROP ROLE USER_r"})...)
			}
		})
	}
}

// A connection takes up at USE and at SET ROLE what it has been granted since.
func TestConnectionThatChoosesItsRoleIsNotTakenForOneWithout(t *testing.T) {
	t.Parallel()
	m := newModest(t, cachedsql.MySQL, "GRANT SELECT ON hidden TO USER")
	as := m.account()
	m.exec(m.bare, as([]string{"CREATE ROLE USER_r", "GRANT SELECT ON items TO USER_r", "GRANT USER_r TO USER"})...)
	defer m.exec(m.bare, as([]string{"DROP ROLE USER_r"})...)
	one, other := m.conn(m.b.db), m.conn(m.b.db)
	for range 2 {
		m.exec(one, as([]string{"SET ROLE USER_r"})...)
		for range 2 {
			if got := answer(t.Context(), one, lampPrice); got != "price | 40" {
				t.Errorf("with the role: got %q", got)
			}
		}
		if got := answer(t.Context(), other, lampPrice); !strings.Contains(got, "denied") {
			t.Errorf("without it: got %q (%s), want an error", got, m.b.rec.LastRead())
		}
		m.exec(one, "SET ROLE NONE")
		if got := answer(t.Context(), one, lampPrice); !strings.Contains(got, "denied") {
			t.Errorf("given up: got %q (%s), want an error", got, m.b.rec.LastRead())
		}
	}
}

// account returns what puts the modest user's account and database for USER and
// SCHEMA in statements, USER_r is a role of its own.
func (m *modest) account() func([]string) []string {
	m.Helper()
	user := strings.TrimPrefix(answer(m.Context(), m.b.db, "SELECT CURRENT_USER() AS u"), "u | ")
	name, host, _ := strings.Cut(user, "@")
	schema := strings.TrimPrefix(answer(m.Context(), m.bare, "SELECT DATABASE() AS d"), "d | ")
	of := "FOR" // whose default role it is
	if m.isOn(oracle) {
		of = "TO"
	}
	put := strings.NewReplacer("OF USER", of+" '"+name+"'@'"+host+"'", "DROP USER USER", "DROP USER '"+name+"'@'"+host+"'", "CREATE USER USER", "CREATE USER '"+name+"'@'"+host+"'",
		"USER_r", name+"_r", "USER", "'"+name+"'@'"+host+"'", "SCHEMA", schema)
	return func(statements []string) []string {
		all := make([]string, len(statements))
		for i, s := range statements {
			all[i] = put.Replace(s)
		}
		return all
	}
}
