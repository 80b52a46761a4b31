package cachedsql

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// MySQL and MariaDB look a user's rights up at three moments, and a connection
// keeps what they found: those for all databases when it is made, those for its
// database at USE, a role's at SET ROLE. After a REVOKE, or when the user has
// been dropped and made again, connections of one user may do different things
// for as long as the older ones last. So what was granted at these moments is
// part of the key. Rights for a table are looked up for each statement.

// grants are what the user of a connection had been granted at those moments.
type grants struct {
	at     [moments]string
	passed [moments]bool // asked for since
}

const (
	connected = iota
	roleSet
	databaseChosen
	moments
)

// note takes in what a statement makes the server look up again.
func (g *grants) note(st *sqlparse.Statement) {
	if st.SessionReset || slices.Contains(st.SessionVars, "role") {
		g.passed[roleSet] = false
	}
	if st.SessionReset || st.ChangesDatabase {
		g.passed[databaseChosen] = false
	}
}

// noteGrants asks what a connection that has just been made was granted.
func (c *conn) noteGrants(ctx context.Context) {
	if c.connector.kind() != MySQL {
		return
	}
	now := c.grantedNow(ctx)
	for i := range c.session.grants.at {
		c.session.grants.at[i], c.session.grants.passed[i] = now, true
	}
}

// mysqlGrants returns what the connection's rights depend on. What they were
// when it was made cannot be told afterwards.
func (c *conn) mysqlGrants(ctx context.Context) []string {
	g := &c.session.grants
	if !g.passed[connected] {
		g.at[connected], g.passed[connected] = notShared(), true
	}
	if slices.Contains(g.passed[:], false) {
		now := c.grantedNow(ctx)
		for i, passed := range g.passed {
			if !passed {
				g.at[i], g.passed[i] = now, true
			}
		}
	}
	return g.at[:]
}

// grantedNow asks for all grants that are not looked up for each statement.
// Where the server does not tell, nobody else's rights are taken for the same.
func (c *conn) grantedNow(ctx context.Context) string {
	rows, err := (server{c}).Query(ctx, "SHOW GRANTS", 1)
	if err != nil && ctx.Err() == nil {
		c.connector.noGrants.Do(func() {
			c.cache.note(fmt.Errorf("cachedsql: SHOW GRANTS is refused, so connections do not share results: %w", err))
		})
	}
	if err != nil {
		return notShared()
	}
	var lines []string
	for _, r := range rows {
		if line := r[0].S; !strings.Contains(line, " ON ") || strings.Contains(line, ".* TO ") {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// notShared stands for grants that no other connection has.
func notShared() string { return privateNamespace() }

// hasRoles reports whether a server of this version knows CURRENT_ROLE().
func hasRoles(version string) bool {
	if strings.Contains(version, "MariaDB") || strings.Contains(version, "TiDB") {
		return true
	}
	major, _, _ := strings.Cut(version, ".")
	n, err := strconv.Atoi(major)
	return err == nil && n >= 8
}
