package metrics

import (
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/cachedsql/cachedsql"
)

// AnnotateSpan tells on the span in a statement's context what the cache did.
// It is made for Config.OnEvent:
//
//	cachedsql.Config{OnEvent: metrics.AnnotateSpan}
//
// The span is the one around the statement where a tracing driver such as
// otelsql wraps cachedsql's driver; that way a hit has a span, too. Where there
// is none it is the caller's own, and the last statement in it is what one
// sees.
//
// Attributes are cachedsql.outcome (hit, near_hit, stale_hit, coalesced, miss,
// checked, bypass), cachedsql.reason and cachedsql.detail of a bypass, cachedsql.rule,
// cachedsql.query_id, cachedsql.not_filled_reason, and cachedsql.invalidates,
// the tables that a write announced. db.response.returned_rows is set where the
// cache knows it. What went wrong is an event of the span.
func AnnotateSpan(e cachedsql.Event) {
	if e.Context == nil {
		return // in the background
	}
	span := trace.SpanFromContext(e.Context)
	if !span.IsRecording() {
		return
	}
	switch e.Outcome {
	case cachedsql.Corrupt, cachedsql.Unauthentic, cachedsql.StoreFailed, cachedsql.Note:
		span.AddEvent("cachedsql."+e.Outcome.String(), trace.WithAttributes(problem(e)...))
	default:
		span.SetAttributes(spanAttributes(e)...)
	}
}

func spanAttributes(e cachedsql.Event) (all []attribute.KeyValue) {
	add := func(key, value string) {
		if value != "" {
			all = append(all, attribute.String("cachedsql."+key, value))
		}
	}
	switch e.Outcome {
	case cachedsql.Invalidated:
		all = append(all, attribute.StringSlice("cachedsql.invalidates", tables(e.Tags)))
	case cachedsql.NotFilled:
		add("not_filled_reason", e.Reason.String())
	case cachedsql.Filled:
	default:
		add("outcome", e.Outcome.String())
		add("reason", e.Reason.String())
		add("detail", e.Detail)
		if e.Rows > 0 {
			all = append(all, attribute.Int64("db.response.returned_rows", e.Rows))
		}
	}
	add("rule", e.Rule)
	add("query_id", e.QueryID)
	return all
}

func problem(e cachedsql.Event) (all []attribute.KeyValue) {
	if e.Err != nil {
		all = append(all, attribute.String("exception.message", e.Err.Error()))
	}
	if e.Rule != "" {
		all = append(all, attribute.String("cachedsql.rule", e.Rule))
	}
	return all
}

// maxSpanTables bounds the tables on a span.
const maxSpanTables = 20

// tables leaves out the tags of rows.
func tables(tags []string) (names []string) {
	for _, tag := range tags {
		if strings.Count(tag, "/") < 2 && !strings.HasPrefix(tag, "!") && len(names) < maxSpanTables {
			names = append(names, tag)
		}
	}
	return names
}
