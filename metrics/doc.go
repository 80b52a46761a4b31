// Package metrics exports the figures of a [cachedsql.Cache] to Prometheus, to
// OpenTelemetry and to expvar. All three tell the same: counts and times by
// rule, table, outcome and reason. Nothing is labelled by the text of a statement, so
// the number of series does not depend on what a program asks.
//
// They are made when somebody collects; in between nothing runs. For single
// events there are functions for Config.OnEvent: AnnotateSpan, LogEvents.
package metrics
