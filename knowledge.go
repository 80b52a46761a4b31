package cachedsql

import (
	"slices"
	"strings"
	"time"

	"github.com/cachedsql/cachedsql/internal/catalog"
)

// knowledge is the catalog, together with the schema token it was read under
// and the dimensions that the processes of the namespace had declared by then.
// It is stale as soon as the store shows another token.
type knowledge struct {
	catalog *catalog.Catalog
	schema  Schema
	err     error

	bounds *bounds // how long others serve without asking

	rules *Rules // whose dimensions have been declared
	// agreed are the columns that every write has to name, by table. They are
	// everybody's: what they are for is the rules of other processes.
	agreed map[string][]string
	// early are the dimensions that no read of this process may rely on before
	// ripe: a write that began before they were declared may be under way, and
	// change other tags only.
	early map[string]struct{}
	ripe  time.Time
}

// take puts into k what the store has found. Time runs from after the answer.
func (k *knowledge) take(d Declared) {
	k.schema = d.Schema
	k.agreed = map[string][]string{}
	for name, wait := range d.Names {
		table, column, ok := strings.Cut(name, nameSeparator)
		if !ok {
			continue
		}
		k.agreed[table] = append(k.agreed[table], column)
		if wait <= 0 {
			continue
		}
		if k.early == nil {
			k.early = map[string]struct{}{}
		}
		k.early[name] = struct{}{}
		if ripe := time.Now().Add(wait); ripe.After(k.ripe) {
			k.ripe = ripe
		}
	}
}

// declarations returns what rules declare, as far as all processes agree on
// it: writes change the tags of every dimension anybody has declared, reads
// use those of the rules that every writer knows by now.
func (k *knowledge) declarations(rules *Rules) *catalog.Declarations {
	own := rules.declared()
	d := &catalog.Declarations{Functions: own.Functions, Tables: make(map[string]catalog.TableDecl, len(own.Tables)), Agreed: k.agreed}
	for table, t := range own.Tables {
		var dims []string
		for _, column := range t.Dimensions {
			_, early := k.early[table+nameSeparator+column]
			if !early && slices.Contains(k.agreed[table], column) {
				dims = append(dims, column)
			}
		}
		t.Dimensions = dims
		d.Tables[table] = t
	}
	return d
}

// nameSeparator stands between table and column in the name under which a
// dimension is declared in the store. Neither contains it.
const nameSeparator = "\x00"

// dimensions returns the names of the dimensions that the rules declare.
func (r *Rules) dimensions() []string {
	var names []string
	for table, t := range r.declared().Tables {
		for _, column := range t.Dimensions {
			names = append(names, table+nameSeparator+column)
		}
	}
	return names
}

// known returns what is known of the server now, nil if nothing is.
func (b *backend) known() *knowledge {
	k := b.catalog.Load()
	if k == nil || k.early == nil || time.Now().Before(k.ripe) {
		return k
	}
	ripe := *k
	ripe.early = nil
	b.catalog.CompareAndSwap(k, &ripe)
	return b.catalog.Load()
}

// upToDate reports whether there is nothing to read before the store is asked.
func (b *backend) upToDate() bool {
	k := b.catalog.Load()
	return k != nil && k.rules == b.space.cache.rules.Load() && !b.outdated.Load()
}
