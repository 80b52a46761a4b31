package main

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"

	"github.com/cachedsql/cachedsql/redisstore"
)

func TestExportWritesAllThatProcessesReport(t *testing.T) {
	t.Parallel()
	url, _ := reporting(t)
	out, errs, code := command(t, "", "export", "--redis", url)
	var fleet redisstore.Fleet
	if err := json.Unmarshal([]byte(out), &fleet); code != 0 || err != nil || len(fleet.Instances) != 2 || fleet.Queries[0].Calls != 20 {
		t.Errorf("json: exit %d, %v: %s%s", code, err, out, errs)
	}
	out, _, code = command(t, "", "export", "--redis", url, "--format", "csv")
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if code != 0 || err != nil || len(rows) != 3 || rows[0][0] != "query_id" || rows[1][4] != "20" || rows[1][5] != "18" {
		t.Errorf("csv: exit %d, %v: %s", code, err, out)
	}
	if _, errs, code := command(t, "", "export", "--redis", url, "--format", "xml"); code != exitUsage || !strings.Contains(errs, "json, csv") {
		t.Errorf("exit %d: %s", code, errs)
	}
}
