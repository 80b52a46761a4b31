package cachedsql

import (
	"context"
	"time"
)

// tell passes on what happened to a lookup, already counted.
func (c *conn) tell(ctx context.Context, l *lookup, o Outcome, bytes int64) {
	st := l.plan.st
	c.cache.config.OnEvent(Event{
		Outcome: o, Rule: l.route.ruleName(), Bytes: bytes, Duration: time.Since(l.started),
		QueryID: st.QueryID, Statement: st.Normal, Context: ctx,
	})
}

func (c *conn) bypassed(ctx context.Context, p *plan, why Reason) {
	c.cache.counts.count(Bypassed, why)
	p.tally.count(Bypassed, why)
	if c.cache.config.OnEvent != nil {
		c.cache.config.OnEvent(Event{
			Outcome: Bypassed, Reason: why, Detail: p.detail(why),
			QueryID: p.st.QueryID, Statement: p.st.Normal, Context: ctx,
		})
	}
}

func (c *conn) emit(ctx context.Context, p *plan, e Event) {
	c.cache.counts.count(e.Outcome, e.Reason)
	p.tally.count(e.Outcome, e.Reason)
	e.QueryID = p.st.QueryID
	c.cache.notice(&e)
	if c.cache.config.OnEvent != nil {
		e.Statement, e.Context = p.st.Normal, ctx
		c.cache.config.OnEvent(e)
	}
}
