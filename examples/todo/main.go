// Command todo is a small web service on plain database/sql, with a load
// generator that runs it with and without the cache side by side and checks
// every answer. Only open.go, and what reports statistics, knows that there is
// a cache.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

const usage = `usage: todo COMMAND [flags]

  seed    create the table and fill it
  serve   answer HTTP: POST /todos, GET /todos?owner=N, GET, PUT and DELETE /todos/{id},
           GET /summary?from=N&to=N, GET /stats
  load    read and write at random, with and without the cache side by side, and check every answer
  ratio   what writes by primary key cost the hit ratio of reads by primary key
  demo    seed if needed, then a short load

"todo COMMAND -h" lists the flags. The server addresses come from -dsn and -redis, or from
CACHEDSQL_TEST_POSTGRES, CACHEDSQL_TEST_MYSQL and CACHEDSQL_TEST_REDIS, which scripts/services sets.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "todo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	commands := map[string]func(context.Context, []string) error{
		"demo": demo, "load": load, "ratio": ratio, "seed": seed, "serve": serve,
	}
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprint(os.Stderr, usage)
		return flag.ErrHelp
	}
	return commands[args[0]](ctx, args[1:])
}

// demo is what `make demo` runs.
func demo(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	target := targetFlags(flags)
	plan := planFlags(flags)
	n := flags.Int("n", defaultTodos, "number of todos")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := seedTarget(ctx, target, *n); err != nil {
		return err
	}
	return loadTarget(ctx, target, plan)
}
