package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
)

const (
	defaultTodos  = 200_000
	todosPerOwner = 10
	seedBatch     = 1000 // rows in one INSERT: 5,000 arguments, well below either server's limit
)

func seed(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("seed", flag.ContinueOnError)
	target := targetFlags(flags)
	n := flags.Int("n", defaultTodos, "number of todos")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return seedTarget(ctx, target, *n)
}

// seedTarget fills the table up to n todos. It writes through the driver that
// -driver names, so that what is cached already is invalidated.
func seedTarget(ctx context.Context, t *target, n int) error {
	list, err := t.open()
	if err != nil {
		return err
	}
	defer list.db.Close()
	for _, statement := range list.dialect.create {
		if _, err := list.db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	var last int
	if err := list.db.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) FROM todos").Scan(&last); err != nil {
		return err
	}
	if last >= n {
		return nil
	}
	return list.fill(ctx, last, n)
}

// fill inserts the todos after..n in batches.
func (t *todos) fill(ctx context.Context, after, n int) error {
	bar := newBar(os.Stderr, "seeding", n-after)
	for from := after + 1; from <= n; from += seedBatch {
		to := min(from+seedBatch-1, n)
		statement, args := batch(from, to, max(n/todosPerOwner, 2))
		if _, err := t.db.ExecContext(ctx, t.dialect.rebind(statement), args...); err != nil {
			return fmt.Errorf("todos %d to %d: %w", from, to, err)
		}
		bar.set(to - after)
	}
	bar.finish()
	if t.dialect.afterSeed == "" {
		return nil
	}
	_, err := t.db.ExecContext(ctx, t.dialect.afterSeed)
	return err
}

// batch is one INSERT of the todos from..to, handed out to owners in turn.
func batch(from, to, owners int) (statement string, args []any) {
	rows := strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?, 1), ", to-from+1), ", ")
	for id := from; id <= to; id++ {
		args = append(args, id, id%owners, titleOf(int64(id), 1), id%3 == 0)
	}
	return "INSERT INTO todos (id, owner_id, title, done, version) VALUES " + rows, args
}

// titleOf is what a todo's title says in a given version: an answer that mixes
// two versions, or two todos, gives itself away.
func titleOf(id, version int64) string {
	return fmt.Sprintf("todo %d, version %d", id, version)
}
