package metrics_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/cachedsql/cachedsql/metrics"
)

var (
	metricName = regexp.MustCompile(`\bcachedsql_[a-z_]+`)
	selector   = regexp.MustCompile(`\b(cachedsql_[a-z_]+)\{([^}]*)\}`)
	labelName  = regexp.MustCompile(`([a-z_]+)(=~|!~|!=|=)`)
	grouping   = regexp.MustCompile(`\bby \(([^)]*)\)`)
)

// exported returns the names in use with their labels.
func exported(t *testing.T) map[string]map[string]bool {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(metrics.NewCollector(busy(t)))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]map[string]bool{
		// busy stores everything, so nothing has a reason here.
		"cachedsql_not_filled_total":   {"reason": true},
		"cachedsql_inconclusive_total": {"reason": true},
	}
	for _, f := range families {
		labels := map[string]bool{}
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels[l.GetName()] = true
		}
		names[f.GetName()] = labels
		if f.GetMetric()[0].GetHistogram() != nil {
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				names[f.GetName()+suffix] = labels
			}
		}
	}
	return names
}

// checkExpression reports names and labels that nobody exports.
func checkExpression(t *testing.T, names map[string]map[string]bool, where, expr string) {
	t.Helper()
	scraped := map[string]bool{"job": true, "instance": true, "le": true}
	anywhere := map[string]bool{}
	for _, name := range metricName.FindAllString(expr, -1) {
		labels, ok := names[name]
		if !ok {
			t.Errorf("%s: no metric %q", where, name)
		}
		for l := range labels {
			anywhere[l] = true
		}
	}
	for _, m := range selector.FindAllStringSubmatch(expr, -1) {
		for _, l := range labelName.FindAllStringSubmatch(m[2], -1) {
			if !scraped[l[1]] && !names[m[1]][l[1]] {
				t.Errorf("%s: %s has no label %q", where, m[1], l[1])
			}
		}
	}
	for _, m := range grouping.FindAllStringSubmatch(expr, -1) {
		for l := range strings.SplitSeq(m[1], ",") {
			if l = strings.TrimSpace(l); !scraped[l] && !anywhere[l] {
				t.Errorf("%s: grouped by %q, which no metric of it has", where, l)
			}
		}
	}
	if strings.Count(expr, "(") != strings.Count(expr, ")") || metricName.FindString(expr) == "" {
		t.Errorf("%s: %q", where, expr)
	}
}

func TestAlertsUseMetricsThatExist(t *testing.T) {
	t.Parallel()
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert       string
				Expr        string
				Annotations map[string]string
			}
		}
	}
	data, err := os.ReadFile("assets/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	names := exported(t)
	used := map[string]bool{}
	for _, r := range file.Groups[0].Rules {
		for _, name := range metricName.FindAllString(r.Expr, -1) {
			used[name] = true
		}
		checkExpression(t, names, r.Alert, r.Expr)
		if !strings.Contains(string(guide), "### "+r.Alert) {
			t.Errorf("docs/operations.md does not say what to do about %s", r.Alert)
		}
		if r.Annotations["summary"] == "" {
			t.Errorf("%s has no summary", r.Alert)
		}
	}
	for _, name := range []string{
		"cachedsql_store_up", "cachedsql_breaker_state", "cachedsql_different_total", "cachedsql_inconclusive_total", "cachedsql_not_filled_total",
		"cachedsql_dropped_events_total", "cachedsql_rules_refused", "cachedsql_corrupt_entries_total",
	} {
		if !used[name] {
			t.Errorf("no alert is about %s", name)
		}
	}
}

func TestDashboardUsesMetricsThatExist(t *testing.T) {
	t.Parallel()
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	data, err := os.ReadFile("assets/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &board); err != nil || len(board.Panels) == 0 {
		t.Fatalf("%d panels, %v", len(board.Panels), err)
	}
	names := exported(t)
	used := map[string]bool{}
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			checkExpression(t, names, p.Title, target.Expr)
			for _, name := range metricName.FindAllString(target.Expr, -1) {
				used[name] = true
			}
		}
	}
	for _, name := range []string{"cachedsql_calls_total", "cachedsql_store_up", "cachedsql_bypasses_total", "cachedsql_different_total", "cachedsql_inconclusive_total", "cachedsql_breaker_state", "cachedsql_dropped_events_total"} {
		if !used[name] {
			t.Errorf("no panel shows %s", name)
		}
	}
}
