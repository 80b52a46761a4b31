package dashboard

import (
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/cachedsql/cachedsql"
)

var functions = template.FuncMap{
	"count": count, "rate": rate, "duration": duration, "percent": percent, "bytes": bytes, "ago": ago, "seconds": seconds, "ttl": ttl,
	"flush":     func(rule string) string { return strings.ReplaceAll(strings.TrimPrefix(rule, "  "), "\n  ", "\n") },
	"stamp":     func(t time.Time) string { return t.Format("2006-01-02 15:04:05") },
	"iso":       func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"short":     func(n int, s string) string { return shortened(s, n) },
	"cacheable": func(q cachedsql.QueryStats) bool { return q.Answered()+q.Misses != 0 },
	"scale":     func(n, share float64) float64 { return n * share },
	"dict": func(pairs ...any) (map[string]any, error) {
		m := map[string]any{}
		for i := 0; i+1 < len(pairs); i += 2 {
			key, ok := pairs[i].(string)
			if !ok {
				return nil, fmt.Errorf("%v is no key", pairs[i])
			}
			m[key] = pairs[i+1]
		}
		return m, nil
	},
}

// count groups digits by thin spaces, and shortens what is over ten million.
func count(n int64) string {
	switch {
	case n >= 10_000_000_000:
		return fmt.Sprintf("%.1f G", float64(n)/1e9)
	case n >= 10_000_000:
		return fmt.Sprintf("%.1f M", float64(n)/1e6)
	case n < 0:
		return "-" + count(-n)
	}
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u2009" + s[i:]
	}
	return s
}

// rate is a count per second.
func rate(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v < 0.095:
		return fmt.Sprintf("%.2f", v)
	case v < 9.95:
		return fmt.Sprintf("%.1f", v)
	}
	return count(int64(math.Round(v)))
}

func duration(d time.Duration) string {
	switch a := d.Abs(); {
	case d == 0:
		return "0"
	case a < time.Microsecond:
		return fmt.Sprintf("%d ns", d)
	case a < 10*time.Millisecond && a >= time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case a < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Round(time.Microsecond)/time.Microsecond)
	case a < time.Second:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond)/time.Millisecond)
	case a < 100*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case a < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	case a < 48*time.Hour:
		return fmt.Sprintf("%.1f h", d.Hours())
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}

// seconds writes a time in seconds whatever its size, for people who compare.
func seconds(d time.Duration) string {
	s := d.Abs().Seconds()
	text := strconv.FormatFloat(s, 'f', 1, 64)
	if s >= 100 {
		text = count(int64(math.Round(s)))
	}
	return text + " s"
}

// ttl writes a duration as in a rule file, without the units that are zero.
func ttl(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func percent(share float64) string {
	switch p := 100 * share; {
	case p == 0 || p == 100:
		return fmt.Sprintf("%.0f %%", p)
	case p > 99.9:
		return fmt.Sprintf("%.2f %%", min(p, 99.99))
	default:
		return fmt.Sprintf("%.1f %%", p)
	}
}

func bytes(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}

func ago(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	switch d := time.Since(t); {
	case d < 2*time.Second:
		return "just now"
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s ago", d.Seconds())
	default:
		return duration(d) + " ago"
	}
}

// shortened cuts a text for a table and puts it on one line.
func shortened(s string, limit int) string {
	runes := []rune(strings.Join(strings.Fields(s), " "))
	if len(runes) <= limit {
		return string(runes)
	}
	return string(runes[:limit-1]) + "…"
}
