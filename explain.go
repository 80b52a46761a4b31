package cachedsql

import (
	"cmp"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/cachedsql/cachedsql/internal/catalog"
	"github.com/cachedsql/cachedsql/internal/reason"
	"github.com/cachedsql/cachedsql/internal/sqlparse"
)

// Explanation is what the library makes of one statement. Its lists are never
// nil, and its names are stable: it is the JSON of "cachedsql explain".
type Explanation struct {
	// Kind is read, write, ddl, tx, session, other or unknown.
	Kind string `json:"kind"`
	// Reads and Writes are the tables that the text names, "schema.table" where
	// it says the schema. "*": any table.
	Reads  []string `json:"reads"`
	Writes []string `json:"writes"`
	// Cacheable reports that the result can be cached if a rule selects it.
	Cacheable bool `json:"cacheable"`
	// Reason is why the statement is not cached; where Cacheable is true, that
	// can only be a matter of rules.
	Reason Reason `json:"reason"`
	// Detail is what in the statement or the catalog caused Reason: "now".
	Detail string `json:"detail,omitempty"`
	// QueryID names the statement's normal form, 16 hex digits.
	QueryID string `json:"query_id"`
	// Dimensions are the columns, as "table.column", by which a result or a
	// write is told apart from those of other rows. Without a catalog they are
	// candidates: the columns the text compares with values.
	Dimensions []string `json:"dimensions"`
	// Tags are what the result of a read depends on, or what a write announces.
	// Where they depend on an argument that is not given, the value's place has
	// the parameter: "public.orders/id/$1". Without a catalog they are the
	// names of tables.
	Tags []string `json:"tags"`
	// Rule is the name of the rule that selects the statement, if one does.
	Rule string `json:"rule,omitempty"`
	// Hint is what is wrong with a "cachedsql:" comment in the text.
	Hint string `json:"hint,omitempty"`
}

// Explain returns what the text of a statement alone tells.
func Explain(d Dialect, text string) Explanation {
	st := sqlparse.Parse(d, text)
	e := explanationOf(st)
	e.Reason = (&plan{st: st}).textReason()
	if e.Reason == reason.None {
		e.Reason = st.ReasonWithoutCatalog()
	}
	e.Cacheable = e.Reason == reason.None
	if e.Detail == "" && e.Reason == reason.UnknownFunction {
		e.Detail = st.Funcs[0].Name
	}
	e.Dimensions = candidates(st)
	effects := effectsByName(st)
	e.Tags = patternTags(&effects, st.Kind == sqlparse.Read, nil)
	return e
}

// Explain returns what the Cache would do with a statement on a connection of
// db, which must use it. It does not run the statement, but it may ask the
// database for the catalog and the state of the session.
func (c *Cache) Explain(ctx context.Context, db *sql.DB, query string, args ...any) (Explanation, error) {
	sc, err := db.Conn(ctx)
	if err != nil {
		return Explanation{}, err
	}
	defer func() { _ = sc.Close() }() // hands it back to the pool
	var e Explanation
	err = sc.Raw(func(driverConn any) error {
		k, ok := driverConn.(interface{ base() *conn })
		if !ok || k.base().cache != c {
			return errors.New("cachedsql: explain: the database handle does not use this Cache")
		}
		var err error
		e, err = k.base().explain(ctx, query, args)
		return err
	})
	return e, err
}

// base is the connection itself behind the forms that newConn gives it.
func (c *conn) base() *conn { return c }

func (c *conn) explain(ctx context.Context, query string, args []any) (Explanation, error) {
	p := c.plan(query)
	e := explanationOf(p.st)
	if err := c.ready(ctx); err != nil {
		return e, err
	}
	nvs, err := c.checked(args)
	if err != nil {
		return e, err
	}
	r, err := c.prepareRoute(ctx, p)
	if err != nil {
		return e, fmt.Errorf("cachedsql: explain: %w", err)
	}
	w := wishOf(ctx)
	if e.Reason = c.refuse(p, w); e.Reason == reason.None || e.Reason == reason.NoRule {
		e.Reason = c.refuseRoute(p, r, w)
	}
	switch e.Reason {
	case reason.None, reason.NoRule, reason.RuleOff:
		e.Cacheable = true
	default:
		e.Detail = cmp.Or(e.Detail, r.effects.Detail)
	}
	e.Rule = r.ruleName()
	isRead := p.st.Kind == sqlparse.Read && len(r.effects.Writes) == 0 && !r.effects.WritesAll
	e.Dimensions = dimensionsOf(&r.effects)
	e.Tags = patternTags(&r.effects, isRead, nvs)
	return e, nil
}

// checked converts arguments as database/sql does for a query.
func (c *conn) checked(args []any) ([]driver.NamedValue, error) {
	nvs := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		nvs[i] = driver.NamedValue{Ordinal: i + 1, Value: arg}
		err := c.CheckNamedValue(&nvs[i])
		if errors.Is(err, driver.ErrSkip) {
			nvs[i].Value, err = driver.DefaultParameterConverter.ConvertValue(arg)
		}
		if err != nil {
			return nil, fmt.Errorf("cachedsql: explain: argument %d: %w", i+1, err)
		}
	}
	return nvs, nil
}

func explanationOf(st *sqlparse.Statement) Explanation {
	return Explanation{
		Kind: st.Kind.String(), QueryID: st.QueryID, Detail: st.Detail, Hint: st.HintError,
		Reads: tableList(st.Reads, st.ReadsAll), Writes: tableList(st.Writes, st.WritesAll || st.LiteralNames),
	}
}

func tableList(tables []sqlparse.Table, all bool) []string {
	if all {
		return []string{WildcardTag}
	}
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = t.String()
	}
	return names
}

// candidates are the columns that may turn out to be dimensions.
func candidates(st *sqlparse.Statement) []string {
	columns := []string{}
	add := func(t sqlparse.Table, fixed []sqlparse.Predicate, sets []string) {
		for _, p := range fixed {
			name := t.String() + "." + p.Column
			if !slices.Contains(sets, p.Column) && !slices.Contains(columns, name) {
				columns = append(columns, name)
			}
		}
	}
	if st.Kind == sqlparse.Read {
		for _, ref := range st.ReadRefs {
			add(ref.Table, ref.Fixed, nil)
		}
	}
	for _, ref := range st.WriteRefs {
		if ref.Op != sqlparse.OpOther {
			add(ref.Table, ref.Fixed, ref.Sets)
		}
	}
	return columns
}

// dimensionsOf are the columns that effects are told apart by.
func dimensionsOf(e *catalog.Effects) []string {
	columns := []string{}
	for _, p := range slices.Concat(e.Writes, e.Reads) {
		name := p.Table + "." + p.Column
		if len(p.Values) != 0 && !slices.Contains(columns, name) {
			columns = append(columns, name)
		}
	}
	return columns
}

// patternTags are the tags of a read or a write, with the names of parameters
// where no arguments are given.
func patternTags(e *catalog.Effects, isRead bool, args []driver.NamedValue) []string {
	switch {
	case !isRead && e.WritesAll:
		return []string{SchemaTag, WildcardTag}
	case !isRead && len(e.Writes) == 0:
		return []string{}
	case !isRead && (len(args) != 0 || !dynamic(e.Writes)):
		tags, ofArgs := fixedWriteTags(e)
		if ofArgs {
			tags = writeTags(e.Writes, args)
		}
		return tags
	case isRead && (len(args) != 0 || !dynamic(e.Reads)):
		return readTags(e.Reads, args)
	case isRead:
		return parameterTags(e.Reads, true)
	}
	return parameterTags(e.Writes, false)
}

// parameterTags are the tags of patterns whose arguments are yet to come.
func parameterTags(patterns []catalog.Pattern, isRead bool) []string {
	var tags []string
	for _, p := range patterns {
		for _, v := range p.Values {
			if v.Param != 0 {
				tags = append(tags, p.Table+"/"+p.Column+"/$"+strconv.Itoa(v.Param))
				continue
			}
			one := p
			one.Values = []sqlparse.Operand{v}
			if vs, ok := values(one, arguments{}); ok {
				tags = append(tags, rowTag(p, vs[0]))
			}
		}
		switch {
		case p.Column == "":
			tags = append(tags, p.Table)
		case isRead || len(p.Values) == 0:
			tags = append(tags, anyRowTag(p))
		}
	}
	return distinct(tags)
}
