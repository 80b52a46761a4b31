package cachedsql

import (
	"context"
	"fmt"
	mathrand "math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// RulesState is how a process stands to the rule set that it follows.
type RulesState struct {
	// Set is the name of the set.
	Set string `json:"set"`
	// Revision is that of the version in force, "" while none of the set is:
	// then it is the rule file, or the rules of the program, or nothing.
	Revision string `json:"revision,omitempty"`
	// Since is when it came into force in this process.
	Since time.Time `json:"since,omitzero"`
	// Refused is the revision of the set's current version where the process
	// cannot use it, and Reason says why. It goes on with what was in force
	// before.
	Refused string `json:"refused,omitempty"`
	Reason  string `json:"reason,omitempty"`
	// Unreachable says why the store could not be asked the last time, "" if
	// it could.
	Unreachable string `json:"unreachable,omitempty"`
}

const (
	// livePoll is how long a change stays unseen at most when its message is
	// lost. Asking is one HGET of some bytes.
	livePoll     = 5 * time.Second
	liveDeadline = 2 * time.Second
	// liveRetry is how soon a store is asked again that did not answer.
	liveRetry = time.Second
)

// ruleLayers decides which rules are in force: those of the set that the
// process follows, once it has any; until then those of the program or its
// rule file. It never goes back from the first to the second, so that a store
// that is lost does not change what is cached.
type ruleLayers struct {
	mu   sync.Mutex
	live bool // the first are in force
}

// SetRules replaces the rules of the program. Statements under way keep the
// ones they began with. Nil turns caching off; writes go on to invalidate.
//
// Rules of a set (Config.LiveRules) win over them: once there are some, what
// is set here has no effect.
func (c *Cache) SetRules(r *Rules) {
	c.layers.mu.Lock()
	defer c.layers.mu.Unlock()
	if !c.layers.live {
		c.useRules(r)
	}
}

// setLiveRules puts rules of the set in force.
func (c *Cache) setLiveRules(r *Rules) {
	c.layers.mu.Lock()
	defer c.layers.mu.Unlock()
	c.layers.live = true
	c.useRules(r)
}

func (c *Cache) useRules(r *Rules) {
	if c.rules.Swap(r) != r {
		c.plans.forget(func(old *route) bool { return old.rules != r })
		c.pending.add(StreamEvent{Kind: StreamRules, Message: r.Version()})
	}
}

// LiveRules tells how the process stands to the rule set that it follows. ok
// is false if it follows none.
func (c *Cache) LiveRules() (state RulesState, ok bool) {
	if c.follower == nil {
		return RulesState{}, false
	}
	return *c.follower.state.Load(), true
}

// ruleFollower keeps the Cache's rules those of a set in the store. It is told
// of changes, and asks at intervals as well.
type ruleFollower struct {
	cache *Cache
	store RulesStore
	set   string

	state atomic.Pointer[RulesState]

	// Used by run alone.
	inForce RulesVersion
	seen    string // the revision looked at last: in force, or refused

	changed chan struct{}
	stop    context.CancelFunc
	done    sync.WaitGroup
}

// newRuleFollower returns nil where no set is to be followed.
func newRuleFollower(c *Cache) (*ruleFollower, error) {
	set := c.config.LiveRules
	if set == "" {
		return nil, nil
	}
	if err := ValidRuleSet(set); err != nil {
		return nil, fmt.Errorf("cachedsql: Config.LiveRules: %w", err)
	}
	store, ok := c.store.(RulesStore)
	if !ok {
		return nil, fmt.Errorf("cachedsql: Config.LiveRules is %q, but the store keeps no rules: that needs Redis", set)
	}
	f := &ruleFollower{cache: c, store: store, set: set, changed: make(chan struct{}, 1)}
	f.state.Store(&RulesState{Set: set})
	return f, nil
}

func (f *ruleFollower) start() {
	if f == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	f.stop = cancel
	f.done.Go(func() { f.run(ctx) })
	f.done.Go(func() { f.store.NotifyRules(ctx, f.set, f.hint) })
}

func (f *ruleFollower) close() {
	if f == nil {
		return
	}
	f.stop()
	f.done.Wait()
}

// hint makes run look soon.
func (f *ruleFollower) hint() {
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

func (f *ruleFollower) run(ctx context.Context) {
	for {
		wait := livePoll - livePoll/10 + mathrand.N(livePoll/10+1)
		if !f.look(ctx) {
			wait = liveRetry
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-f.changed:
		case <-timer.C:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return
		}
	}
}

// look asks for the current version and takes it. It does not go through the
// gate: no statement waits for it. It reports whether the store answered.
func (f *ruleFollower) look(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, liveDeadline)
	defer cancel()
	v, err := f.store.CurrentRules(ctx, f.set, f.seen)
	if err == nil && f.isLost(v) {
		err = f.store.RestoreRules(ctx, f.set, &f.inForce, f.cache.instance.name())
		v = nil
	}
	f.answered(ctx, err)
	if err == nil && v != nil && v.Revision != f.seen {
		f.take(v)
	}
	return err == nil
}

// isLost reports whether the store has lost the version in force: a server
// without persistence that was restarted, or a replica that was behind. Every
// process that has it puts it back, so that those which start later find it.
func (f *ruleFollower) isLost(v *RulesVersion) bool {
	return f.inForce.Number > 0 && (v.Revision == "" || v.Line == f.inForce.Line && v.Number < f.inForce.Number)
}

// answered notes whether the store did.
func (f *ruleFollower) answered(ctx context.Context, err error) {
	state := *f.state.Load()
	was := state.Unreachable
	state.Unreachable = ""
	if err != nil {
		state.Unreachable = err.Error()
	}
	f.state.Store(&state)
	if err == nil || was != "" || ctx.Err() == context.Canceled {
		return
	}
	f.cache.config.Logger.Warn("cachedsql: rule set not read, the rules in force stay",
		"set", f.set, "in_force", f.cache.Rules().String(), "error", err)
}

// take puts a version in force, or refuses it.
func (f *ruleFollower) take(v *RulesVersion) {
	f.seen = v.Revision
	if v.Revision == "" {
		return
	}
	state := *f.state.Load()
	rules, err := ParseRules(LiveRulesName(f.set), []byte(v.Text))
	if err != nil {
		state.Refused, state.Reason = v.Revision, err.Error()
		f.state.Store(&state)
		f.cache.note(fmt.Errorf("cachedsql: version %s of rule set %q refused, the rules before it stay in force: %w", v.Revision, f.set, err))
	} else {
		f.inForce = *v
		f.cache.setLiveRules(rules)
		f.state.Store(&RulesState{Set: f.set, Revision: v.Revision, Since: time.Now()})
		f.cache.config.Logger.Info("cachedsql: rules in force", "set", f.set, "revision", v.Revision, "by", v.By, "comment", v.Comment)
	}
	f.cache.reporter.now()
}
