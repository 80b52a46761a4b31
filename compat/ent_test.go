package compat

import (
	"context"
	"testing"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	"entgo.io/ent/dialect/sql/sqlgraph"
	"entgo.io/ent/schema/field"
)

// entTables is what ent's generated code has for a schema.
func entTables() []*schema.Table {
	users := &schema.Table{Name: "users", Columns: []*schema.Column{
		{Name: "id", Type: field.TypeInt, Increment: true},
		{Name: "name", Type: field.TypeString, Size: 100, Unique: true},
		{Name: "joined", Type: field.TypeTime},
	}}
	users.PrimaryKey = users.Columns[:1]
	posts := &schema.Table{Name: "posts", Columns: []*schema.Column{
		{Name: "id", Type: field.TypeInt, Increment: true},
		{Name: "title", Type: field.TypeString, Size: 100},
		{Name: "meta", Type: field.TypeJSON, Nullable: true},
		{Name: "user_posts", Type: field.TypeInt, Nullable: true},
	}}
	posts.PrimaryKey = posts.Columns[:1]
	posts.ForeignKeys = []*schema.ForeignKey{{
		Symbol: "posts_users", Columns: posts.Columns[3:4], RefTable: users, RefColumns: users.Columns[:1], OnDelete: schema.Cascade,
	}}
	return []*schema.Table{users, posts}
}

func TestEntOverTheCachedDriver(t *testing.T) { inBoth(t, 9, entStory) }

func entStory(s *story) {
	ctx := s.Context()
	drv := entsql.OpenDB(map[string]string{"postgres": dialect.Postgres, "mysql": dialect.MySQL}[s.dialect], s.db)
	for range 2 { // the second finds nothing to do
		migrate, err := schema.NewMigrate(drv)
		s.must(err)
		s.must(migrate.Create(ctx, entTables()...))
	}
	for i, name := range []string{"ann", "bob"} {
		s.must(sqlgraph.CreateNode(ctx, drv, entUser(name, i)))
	}
	for i, title := range []string{"one", "two", "three"} {
		s.must(sqlgraph.CreateNode(ctx, drv, entPost(title, 1+i%2)))
	}
	entReads(s, drv)
	tx, err := drv.Tx(ctx)
	s.must(err)
	insert, args := entsql.Dialect(drv.Dialect()).Insert("users").Columns("name", "joined").Values("never", day(3)).Query()
	s.must(tx.Exec(ctx, insert, args, nil))
	s.must(tx.Rollback())
	entReads(s, drv)
	n, err := sqlgraph.DeleteNodes(ctx, drv, &sqlgraph.DeleteSpec{
		Node:      &sqlgraph.NodeSpec{Table: "users", ID: &sqlgraph.FieldSpec{Column: "id", Type: field.TypeInt}},
		Predicate: func(s *entsql.Selector) { s.Where(entsql.EQ("name", "ann")) },
	})
	s.tell("delete", n, err)
	entReads(s, drv) // the posts are gone, too: ON DELETE CASCADE
	err = sqlgraph.CreateNode(ctx, drv, entUser("bob", 4))
	s.tell("duplicate", sqlgraph.IsUniqueConstraintError(err), nil)
}

func entUser(name string, n int) *sqlgraph.CreateSpec {
	spec := sqlgraph.NewCreateSpec("users", sqlgraph.NewFieldSpec("id", field.TypeInt))
	spec.SetField("name", field.TypeString, name)
	spec.SetField("joined", field.TypeTime, day(n+1))
	return spec
}

func entPost(title string, user int) *sqlgraph.CreateSpec {
	spec := sqlgraph.NewCreateSpec("posts", sqlgraph.NewFieldSpec("id", field.TypeInt))
	spec.SetField("title", field.TypeString, title)
	spec.SetField("meta", field.TypeJSON, []string{title})
	spec.SetField("user_posts", field.TypeInt, user)
	return spec
}

func entReads(s *story, drv *entsql.Driver) {
	users, posts := entsql.Table("users").As("u"), entsql.Table("posts").As("p")
	build := entsql.Dialect(drv.Dialect())
	entScan(s, "join", drv, build.Select(posts.C("title"), posts.C("meta"), users.C("name"), users.C("joined")).From(posts).
		Join(users).On(posts.C("user_posts"), users.C("id")).OrderBy(posts.C("id")))
	entScan(s, "count", drv, build.Select(users.C("name"), entsql.As(entsql.Count("*"), "n")).From(users).
		LeftJoin(posts).On(posts.C("user_posts"), users.C("id")).GroupBy(users.C("name")).OrderBy(users.C("name")))
	entScan(s, "where", drv, build.Select("id", "title").From(entsql.Table("posts")).
		Where(entsql.And(entsql.In("title", "one", "two"), entsql.HasPrefix("title", "t"))).Limit(5))
}

// entScan notes the rows of a selection as database/sql gives them.
func entScan(s *story, what string, drv *entsql.Driver, selection *entsql.Selector) {
	query, args := selection.Query()
	rows := &entsql.Rows{}
	s.must(drv.Query(context.Background(), query, args, rows))
	defer rows.Close()
	names, err := rows.Columns()
	s.must(err)
	for rows.Next() {
		row := make([]any, len(names))
		into := make([]any, len(names))
		for i := range row {
			into[i] = &row[i]
		}
		s.must(rows.Scan(into...))
		s.tell(what, row, nil)
	}
	s.must(rows.Err())
}
