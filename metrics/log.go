package metrics

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/cachedsql/cachedsql"
)

// LogEvents returns a function for Config.OnEvent that writes events to a log.
// Failed calls to the store, corrupt and refused entries are warnings, results that were
// not stored are infos, all others are for debugging. Notes are left out, since
// the Cache logs them itself.
//
// Events of one outcome, reason and rule are written once in every, with how
// many were left out since; 0 stands for 10 seconds. So a storm of errors is a
// line now and then, and the log never holds up statements for long.
func LogEvents(l *slog.Logger, every time.Duration) func(cachedsql.Event) {
	if every <= 0 {
		every = 10 * time.Second
	}
	log := &eventLog{logger: l, every: every, kinds: map[eventKind]*occurrences{}}
	return log.event
}

// Each returns a function for Config.OnEvent that calls all of fs in turn.
func Each(fs ...func(cachedsql.Event)) func(cachedsql.Event) {
	return func(e cachedsql.Event) {
		for _, f := range fs {
			f(e)
		}
	}
}

type eventLog struct {
	logger *slog.Logger
	every  time.Duration

	mu    sync.Mutex
	kinds map[eventKind]*occurrences // under mu
}

type eventKind struct {
	outcome cachedsql.Outcome
	reason  cachedsql.Reason
	rule    string
}

// occurrences are when a kind was written last, and how many were not since.
type occurrences struct {
	written time.Time
	left    int64
}

// maxKinds bounds what is remembered: rules may come and go.
const maxKinds = 1000

func levelOf(o cachedsql.Outcome) slog.Level {
	switch o {
	case cachedsql.StoreFailed, cachedsql.Corrupt, cachedsql.Unauthentic:
		return slog.LevelWarn
	case cachedsql.NotFilled:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}

func (l *eventLog) event(e cachedsql.Event) {
	ctx := e.Context
	if ctx == nil {
		ctx = context.Background()
	}
	level := levelOf(e.Outcome)
	if e.Outcome == cachedsql.Note || !l.logger.Enabled(ctx, level) {
		return
	}
	left, now := l.due(eventKind{e.Outcome, e.Reason, e.Rule}, time.Now())
	if !now {
		return
	}
	l.logger.LogAttrs(ctx, level, "cachedsql: "+e.Outcome.String(), attributesOf(e, left)...)
}

// due reports whether an event is to be written, and how many like it were not.
func (l *eventLog) due(k eventKind, now time.Time) (left int64, due bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o := l.kinds[k]
	if o == nil {
		if len(l.kinds) >= maxKinds {
			clear(l.kinds)
		}
		l.kinds[k] = &occurrences{written: now}
		return 0, true
	}
	if now.Sub(o.written) < l.every {
		o.left++
		return 0, false
	}
	left, o.left, o.written = o.left, 0, now
	return left, true
}

func attributesOf(e cachedsql.Event, left int64) (all []slog.Attr) {
	add := func(key, value string) {
		if value != "" {
			all = append(all, slog.String(key, value))
		}
	}
	add("reason", e.Reason.String())
	add("detail", e.Detail)
	add("rule", e.Rule)
	add("query_id", e.QueryID)
	if e.Err != nil {
		all = append(all, slog.Any("error", e.Err))
	}
	if len(e.Tags) != 0 {
		all = append(all, slog.Any("tables", tables(e.Tags)))
	}
	if left != 0 {
		all = append(all, slog.Int64("left_out", left))
	}
	return all
}
