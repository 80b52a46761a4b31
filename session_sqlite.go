package cachedsql

import (
	"context"
	"os"

	"github.com/cachedsql/cachedsql/internal/catalog"
	"github.com/cachedsql/cachedsql/internal/reason"
)

func (c *conn) sqliteState(ctx context.Context) (state, error) {
	rows, err := (server{c}).Query(ctx, "PRAGMA database_list", 3)
	if err != nil {
		return state{}, err
	}
	st := state{names: catalog.Session{Known: true}}
	for _, r := range rows {
		if r[1].S == "main" && r[2].S != "" {
			host, _ := os.Hostname()
			st.namespace = "sqlite-" + host + "-" + r[2].S + fileIdentity(r[2].S)
			st.database = r[2].S
		}
		if r[1].S != "main" && r[1].S != "temp" {
			st.unfit = reason.SessionState // an attached database has writers of its own
		}
	}
	rows, err = (server{c}).Query(ctx, "SELECT name FROM sqlite_temp_master", 1)
	if err != nil {
		return state{}, err
	}
	for _, r := range rows {
		st.temp = append(st.temp, r[0].S)
	}
	return st, nil
}

// harmlessPragmas reports whether none of the pragmas can change what a
// cacheable statement returns.
func harmlessPragmas(names []string) bool {
	for _, n := range names {
		switch n {
		case "foreign_keys", "journal_mode", "synchronous", "busy_timeout", "cache_size", "temp_store", "mmap_size",
			"wal_autocheckpoint", "wal_checkpoint", "locking_mode", "secure_delete", "auto_vacuum", "page_size",
			"optimize", "analysis_limit", "user_version", "application_id", "incremental_vacuum", "journal_size_limit",
			"cache_spill", "threads", "soft_heap_limit", "hard_heap_limit", "defer_foreign_keys", "recursive_triggers",
			"trusted_schema", "query_only", "max_page_count", "fullfsync", "checkpoint_fullfsync", "cell_size_check",
			"automatic_index", "ignore_check_constraints":
		default:
			return false
		}
	}
	return true
}
