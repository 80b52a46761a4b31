package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachedsql/cachedsql/redisstore"
)

const redisHelp = `

Redis is named by --redis or by CACHEDSQL_REDIS, as for the programs.`

// fleetFlags are those of every command that asks Redis.
type fleetFlags struct {
	redis   string
	timeout time.Duration
	json    bool
}

func (f *fleetFlags) register(cmd *cobra.Command) {
	f.registerRedis(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON instead of a table")
}

func (f *fleetFlags) registerRedis(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.redis, "redis", "", "URL of the Redis (default $CACHEDSQL_REDIS)")
	cmd.Flags().DurationVar(&f.timeout, "timeout", 10*time.Second, "how long to wait for Redis")
}

// url is the Redis that is named in either way, "" for none.
func (f *fleetFlags) url() string { return cmp.Or(f.redis, os.Getenv("CACHEDSQL_REDIS")) }

func (f *fleetFlags) named() bool { return f.url() != "" }

// open opens the store that the flags name.
func (f *fleetFlags) open() (*redisstore.Store, error) {
	if !f.named() {
		return nil, errors.New("no Redis named: use --redis or CACHEDSQL_REDIS")
	}
	return redisstore.Open(f.url(), redisstore.Config{})
}

// with calls do with the store that the flags name.
func (f *fleetFlags) with(cmd *cobra.Command, do func(context.Context, *redisstore.Store) error) error {
	store, err := f.open()
	if err != nil {
		return err
	}
	defer store.Close()
	ctx, cancel := context.WithTimeout(cmd.Context(), f.timeout)
	defer cancel()
	err = do(ctx, store)
	var judged *faultError
	if err == nil || errors.As(err, &judged) {
		return err
	}
	return &faultError{err}
}

// notNegative makes a negative --limit a mistake in the command line.
func notNegative(cmd *cobra.Command, limit *int) {
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if *limit < 0 {
			return fmt.Errorf("--limit %d is negative", *limit)
		}
		return nil
	}
}
