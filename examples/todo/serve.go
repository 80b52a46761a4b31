package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/cachedsql/cachedsql"
)

func serve(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	target := targetFlags(flags)
	address := flags.String("listen", "127.0.0.1:8080", "address to listen on")
	if err := flags.Parse(args); err != nil {
		return err
	}
	list, err := target.open()
	if err != nil {
		return err
	}
	defer list.db.Close()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", *address)
	if err != nil {
		return err
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	return serveUntilDone(ctx, listener, list.handler())
}

func serveUntilDone(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	stopped := make(chan error, 1)
	go func() { stopped <- server.Serve(listener) }()
	select {
	case err := <-stopped:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return server.Shutdown(grace)
}

func (t *todos) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /todos", answer(t.handleList))
	mux.Handle("POST /todos", answer(t.handleCreate))
	mux.Handle("GET /todos/{id}", answer(t.handleGet))
	mux.Handle("PUT /todos/{id}", answer(t.handleUpdate))
	mux.Handle("DELETE /todos/{id}", answer(t.handleDelete))
	mux.Handle("GET /summary", answer(t.handleSummary))
	mux.Handle("GET /stats", answer(t.handleStats))
	return mux
}

// errBadRequest marks what the client did wrong.
var errBadRequest = errors.New("bad request")

// answer turns a function's value into JSON and its error into a status.
func answer(f func(*http.Request) (status int, body any, err error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		status, body, err := f(r)
		switch {
		case errors.Is(err, errNotFound):
			status = http.StatusNotFound
		case errors.Is(err, errBadRequest):
			status = http.StatusBadRequest
		case err != nil:
			status = http.StatusInternalServerError
		}
		if err != nil {
			body = map[string]string{"error": err.Error()}
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		if body != nil {
			_ = json.NewEncoder(w).Encode(body) // the client went away
		}
	})
}

func (t *todos) handleList(r *http.Request) (int, any, error) {
	owner, err := number(r.FormValue("owner"))
	if err != nil {
		return 0, nil, err
	}
	items, err := t.list(r.Context(), owner)
	return http.StatusOK, items, err
}

func (t *todos) handleCreate(r *http.Request) (int, any, error) {
	item, err := body(r)
	if err != nil {
		return 0, nil, err
	}
	err = t.create(r.Context(), &item)
	return http.StatusCreated, item, err
}

func (t *todos) handleGet(r *http.Request) (int, any, error) {
	id, err := number(r.PathValue("id"))
	if err != nil {
		return 0, nil, err
	}
	item, err := t.get(r.Context(), id)
	return http.StatusOK, item, err
}

func (t *todos) handleUpdate(r *http.Request) (int, any, error) {
	id, err := number(r.PathValue("id"))
	if err != nil {
		return 0, nil, err
	}
	item, err := body(r)
	if err != nil {
		return 0, nil, err
	}
	return http.StatusNoContent, nil, t.update(r.Context(), id, item.Title, item.Done)
}

func (t *todos) handleDelete(r *http.Request) (int, any, error) {
	id, err := number(r.PathValue("id"))
	if err != nil {
		return 0, nil, err
	}
	return http.StatusNoContent, nil, t.remove(r.Context(), id)
}

func (t *todos) handleSummary(r *http.Request) (int, any, error) {
	from, err := number(r.FormValue("from"))
	if err != nil {
		return 0, nil, err
	}
	to, err := number(r.FormValue("to"))
	if err != nil {
		return 0, nil, err
	}
	sum, err := t.summarize(r.Context(), from, to)
	return http.StatusOK, sum, err
}

func (t *todos) handleStats(*http.Request) (int, any, error) {
	cache, ok := cachedsql.FromDB(t.db)
	if !ok {
		return 0, nil, errNotFound
	}
	return http.StatusOK, cache.Stats(), nil
}

func number(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: %q is not a number", errBadRequest, text)
	}
	return n, nil
}

func body(r *http.Request) (todo, error) {
	var item todo
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10)).Decode(&item); err != nil {
		return item, fmt.Errorf("%w: %w", errBadRequest, err)
	}
	if item.Title == "" || len(item.Title) > 200 {
		return item, fmt.Errorf("%w: title must have 1 to 200 bytes", errBadRequest)
	}
	return item, nil
}
