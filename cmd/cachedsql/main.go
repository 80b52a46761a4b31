// Command cachedsql shows what is cached and why, what the programs that use a
// Redis do, and what the cache makes of statements and rule files.
//
// It exits with 0 when all went well, 1 when what it was given to judge is
// faulty (a rule file with mistakes, a set-up that has to be mended) or could
// not be judged (no answer from the database or from Redis), and 2 when it was
// called in a wrong way.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9/logging"
	"github.com/spf13/cobra"
)

// Exit codes.
const (
	exitFault = 1
	exitUsage = 2
)

func main() {
	slog.SetLogLoggerLevel(slog.LevelWarn)
	logging.Disable() // of the Redis client: the command says itself what failed
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is main with its surroundings as arguments.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := root.ExecuteContext(ctx)
	var fault *faultError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &fault):
		if fault.err != nil {
			say(stderr, fault.err)
		}
		return exitFault
	}
	say(stderr, err)
	return exitUsage
}

// say prints an error. Those of the library name it already.
func say(out io.Writer, err error) {
	fmt.Fprintln(out, "cachedsql:", strings.TrimPrefix(err.Error(), "cachedsql: "))
}

// faultError is an error that is no mistake in calling the command. One
// without a cause has been reported already.
type faultError struct{ err error }

func (f *faultError) Error() string {
	if f.err == nil {
		return "fault"
	}
	return f.err.Error()
}

func (f *faultError) Unwrap() error { return f.err }

const rootHelp = `See what is cached and why, and look after it.

"explain", "rules check" and "why" with a statement need nothing but what they are given. The other commands ask the Redis that the
programs use, named by --redis or CACHEDSQL_REDIS. Most print JSON with --json.

Exit codes: 0 all went well; 1 what was looked at is faulty, or could not be looked at; 2 a mistake in the command line.`

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "cachedsql",
		Short:         "See what is cached and why, and look after it",
		Long:          rootHelp,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(newAdvise(), newDoctor(), newExplain(), newExport(), newFlush(), newInstances(), newQueries(), newRules(), newTables(), newTop(), newUI(), newWatch(), newWhy())
	return root
}
