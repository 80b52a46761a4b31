package main

import (
	"context"
	"database/sql"
	"errors"
)

// A todo is one row. Version grows by one with every update; the load
// generator recognises an outdated answer by it.
type todo struct {
	ID      int64  `json:"id"`
	Owner   int64  `json:"owner"`
	Title   string `json:"title"`
	Done    bool   `json:"done"`
	Version int64  `json:"version"`
}

var errNotFound = errors.New("no such todo")

// todos is the service's data access. The leading comments are query names, as
// sqlc writes them; todo.yaml selects by them.
type todos struct {
	db      *sql.DB
	dialect dialect
}

func (t *todos) get(ctx context.Context, id int64) (todo, error) {
	row := t.db.QueryRowContext(ctx, t.dialect.rebind(
		"-- name: GetTodo :one\nSELECT id, owner_id, title, done, version FROM todos WHERE id = ?"), id)
	var item todo
	err := row.Scan(&item.ID, &item.Owner, &item.Title, &item.Done, &item.Version)
	if errors.Is(err, sql.ErrNoRows) {
		err = errNotFound
	}
	return item, err
}

func (t *todos) list(ctx context.Context, owner int64) ([]todo, error) {
	rows, err := t.db.QueryContext(ctx, t.dialect.rebind(
		"-- name: ListTodos :many\nSELECT id, owner_id, title, done, version FROM todos WHERE owner_id = ? ORDER BY id"), owner)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	items := []todo{}
	for rows.Next() {
		var item todo
		if err := rows.Scan(&item.ID, &item.Owner, &item.Title, &item.Done, &item.Version); err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, rows.Err()
}

// A summary is what a dashboard shows about a range of owners. It costs the
// database a look at each of their todos.
type summary struct {
	Todos    int64 `json:"todos"`
	Open     int64 `json:"open"`
	Versions int64 `json:"versions"` // the sum: it grows with every update
}

// summarize counts the todos of the owners from..to.
func (t *todos) summarize(ctx context.Context, from, to int64) (summary, error) {
	row := t.db.QueryRowContext(ctx, t.dialect.rebind(`-- name: Summary :one
		SELECT count(*), coalesce(sum(CASE WHEN done THEN 0 ELSE 1 END), 0), coalesce(sum(version), 0)
		FROM todos WHERE owner_id BETWEEN ? AND ?`), from, to)
	var sum summary
	err := row.Scan(&sum.Todos, &sum.Open, &sum.Versions)
	return sum, err
}

// create stores a new todo and sets its ID and Version.
func (t *todos) create(ctx context.Context, item *todo) error {
	item.Version = 1
	const insert = "INSERT INTO todos (owner_id, title, done, version) VALUES (?, ?, ?, 1)"
	if t.dialect.returning {
		return t.db.QueryRowContext(ctx, t.dialect.rebind(insert+" RETURNING id"), item.Owner, item.Title, item.Done).Scan(&item.ID)
	}
	result, err := t.db.ExecContext(ctx, insert, item.Owner, item.Title, item.Done)
	if err != nil {
		return err
	}
	item.ID, err = result.LastInsertId()
	return err
}

func (t *todos) update(ctx context.Context, id int64, title string, done bool) error {
	return t.changeOne(ctx, "UPDATE todos SET title = ?, done = ?, version = version + 1 WHERE id = ?", title, done, id)
}

func (t *todos) remove(ctx context.Context, id int64) error {
	return t.changeOne(ctx, "DELETE FROM todos WHERE id = ?", id)
}

func (t *todos) changeOne(ctx context.Context, statement string, args ...any) error {
	result, err := t.db.ExecContext(ctx, t.dialect.rebind(statement), args...)
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		err = errNotFound
	}
	return err
}
