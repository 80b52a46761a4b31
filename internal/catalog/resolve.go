package catalog

import (
	"slices"
	"strings"

	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// lookup returns the relations a name may mean in a session. exact is false
// where that could not be told, and the relations are every candidate.
func (c *Catalog) lookup(t sqlparse.Table, s Session) (rels []*relation, exact bool) {
	n := c.fold(t.Name)
	switch {
	case c.dialect == sqlparse.SQLite && (t.Schema == "" || strings.EqualFold(t.Schema, "main")):
		return c.relations[name{"", n}], true
	case t.Schema != "":
		return c.relations[name{c.fold(t.Schema), n}], true
	case !s.Known:
		return c.bare[n], false
	}
	for _, schema := range c.path(s) {
		if rels := c.relations[name{c.fold(schema), n}]; len(rels) > 0 {
			return rels, true
		}
	}
	return nil, true
}

// path lists the schemas bare names are looked up in.
func (c *Catalog) path(s Session) []string {
	switch {
	case c.dialect == sqlparse.Postgres && !slices.Contains(s.SearchPath, "pg_catalog"):
		return append([]string{"pg_catalog"}, s.SearchPath...)
	case c.dialect == sqlparse.Postgres:
		return s.SearchPath
	case c.dialect == sqlparse.MySQL && s.Database != "":
		return []string{s.Database}
	case c.dialect == sqlparse.SQLite:
		return []string{""}
	}
	return nil
}

// possibleTags are the tags of a relation the catalog does not know: one for
// each place where it could be.
func (c *Catalog) possibleTags(t sqlparse.Table, s Session) []string {
	switch {
	case c.dialect == sqlparse.SQLite && strings.EqualFold(t.Schema, "main"):
		return []string{tagName("", t.Name)}
	case t.Schema != "":
		return []string{tagName(t.Schema, t.Name)}
	}
	var tags []string
	for _, schema := range c.path(s) {
		if schema != "pg_catalog" {
			tags = append(tags, tagName(schema, t.Name))
		}
	}
	return tags
}

// temporary reports whether a name means, or may mean, a temporary relation
// of the session.
func (c *Catalog) temporary(t sqlparse.Table, s Session) bool {
	if schema := strings.ToLower(t.Schema); schema == "temp" && c.dialect == sqlparse.SQLite || strings.HasPrefix(schema, "pg_temp") {
		return true
	}
	_, ok := s.TempTables[strings.ToLower(t.Name)]
	return ok
}

// lookupRoutines returns the routines a call may mean: PostgreSQL chooses
// among the overloads in every schema of the path, so all of them count.
func (c *Catalog) lookupRoutines(f sqlparse.Func, s Session) []*routine {
	n := c.fold(f.Name)
	if c.dialect != sqlparse.Postgres {
		n = strings.ToLower(n)
	}
	if f.Schema != "" {
		if r := c.routines[name{c.fold(f.Schema), n}]; r != nil {
			return []*routine{r}
		}
		return nil
	}
	if !s.Known {
		return c.routine[n]
	}
	var found []*routine
	for _, schema := range c.path(s) {
		if r := c.routines[name{c.fold(schema), n}]; r != nil {
			found = append(found, r)
		}
	}
	return found
}

// tagged returns the relations of a name as the rule file writes it.
func (c *Catalog) tagged(tag string) []*relation {
	schema, bare := splitTag(tag)
	var found []*relation
	for _, n := range c.spellings(bare) {
		for _, r := range c.bare[n] {
			if r.tag == tag || schema == "" {
				found = append(found, r)
			}
		}
	}
	return found
}

// spellings of a lower-case name among the relations.
func (c *Catalog) spellings(lower string) []string {
	if _, ok := c.bare[lower]; ok && c.dialect != sqlparse.Postgres {
		return []string{lower}
	}
	var found []string
	for _, n := range sortedKeys(c.bare) {
		if strings.ToLower(n) == lower {
			found = append(found, n)
		}
	}
	return found
}

func splitTag(tag string) (schema, bare string) {
	if i := strings.IndexByte(tag, '.'); i >= 0 {
		return tag[:i], tag[i+1:]
	}
	return "", tag
}

// table returns what is declared about r.
func (d *Declarations) table(r *relation) (TableDecl, bool) {
	if d == nil {
		return TableDecl{}, false
	}
	if t, ok := d.Tables[r.tag]; ok {
		return t, true
	}
	t, ok := d.Tables[strings.ToLower(r.name.name)]
	return t, ok
}

// columns returns the columns of r that anybody has declared, sorted.
func (d *Declarations) columns(r *relation) []string {
	if d == nil {
		return nil
	}
	var cols []string
	for _, table := range []string{r.tag, strings.ToLower(r.name.name)} {
		cols = append(append(cols, d.Tables[table].Dimensions...), d.Agreed[table]...)
	}
	slices.Sort(cols)
	return slices.Compact(cols)
}

// function returns what is declared about a routine.
func (d *Declarations) function(n name) (FuncDecl, bool) {
	if d == nil {
		return FuncDecl{}, false
	}
	if f, ok := d.Functions[tagName(n.schema, n.name)]; ok {
		return f, true
	}
	f, ok := d.Functions[strings.ToLower(n.name)]
	return f, ok
}
