package catalog

import (
	"slices"

	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// TableInfo describes a relation to tools.
type TableInfo struct {
	Name       string // tag name
	Kind       string // "table", "view", "partitioned table", ...
	Dimensions []string
	Triggers   int
}

// Tables lists the relations that are not the server's own, by name.
func (c *Catalog) Tables(decl *Declarations) []TableInfo {
	var infos []TableInfo
	for _, n := range sortedNames(c.relations) {
		for _, r := range c.relations[n] {
			if r.kind == system || r.kind == sequence {
				continue
			}
			info := TableInfo{Name: r.tag, Kind: r.kind.String(), Triggers: len(r.triggers)}
			for _, d := range c.dimensions(r, decl) {
				info.Dimensions = append(info.Dimensions, d.name)
			}
			infos = append(infos, info)
		}
	}
	return infos
}

// Known reports whether a name means a relation in a session.
func (c *Catalog) Known(t sqlparse.Table, s Session) bool {
	rels, _ := c.lookup(t, s)
	return len(rels) > 0
}

// Resolve returns the tag names that names may mean in a session, in order
// and without duplicates; of an unknown relation those it would have.
func (c *Catalog) Resolve(names []sqlparse.Table, s Session) []string {
	var tags []string
	for _, t := range names {
		rels, _ := c.lookup(t, s)
		if len(rels) == 0 {
			tags = append(tags, c.possibleTags(t, s)...)
		}
		for _, r := range rels {
			tags = append(tags, r.tag)
		}
	}
	return unique(tags)
}

// IsTable reports whether a tag name is that of tables alone: their rows are
// what is stored, and no text of somebody else's decides what a read of them
// gives.
func (c *Catalog) IsTable(tag string) bool {
	rels := c.tagged(tag)
	return len(rels) != 0 && !slices.ContainsFunc(rels, func(r *relation) bool { return r.kind != table && r.kind != partitioned })
}

// IsKey reports whether a column of a table is unique by itself, so that a
// value fixes at most one row of it.
func (c *Catalog) IsKey(tag, column string) bool {
	rels := c.tagged(tag)
	return len(rels) == 1 && slices.Contains(rels[0].keys, column) && len(rels[0].children) == 0
}

// RelationNamed returns the tag names of every relation with that bare name.
func (c *Catalog) RelationNamed(bare string) []string {
	var tags []string
	for _, r := range c.bare[c.fold(bare)] {
		tags = append(tags, r.tag)
	}
	return unique(tags)
}

// WholeTables returns the patterns of a write by somebody else of which only
// the relations' tag names are known. Which dimensions readers of this
// namespace have declared is not asked: every column that could be one counts.
// The other partitions of a table, and its ancestors, are included.
func (c *Catalog) WholeTables(tags []string) []Pattern {
	var rels []*relation
	for _, tag := range tags {
		rels = append(rels, c.tagged(tag)...)
	}
	seen := map[*relation]bool{}
	var ps []Pattern
	for len(rels) > 0 {
		r := rels[0]
		rels = rels[1:]
		if seen[r] {
			continue
		}
		seen[r] = true
		ps = append(ps, Pattern{Table: r.tag})
		for _, col := range r.columns {
			if c.notDimension(r, col.name) == "" {
				ps = append(ps, Pattern{Table: r.tag, Column: col.name, Type: col.typ})
			}
		}
		rels = append(append(rels, r.parents...), r.children...)
	}
	for _, tag := range tags {
		ps = append(ps, Pattern{Table: tag}) // also where the catalog does not know it
	}
	return compact(ps)
}

func unique(tags []string) []string {
	var out []string
	for _, t := range tags {
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}
