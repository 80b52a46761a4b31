package cachedsql

// A server that has started may hold less than was cached from it: it was
// restored, or lost commits when it crashed, or it is a replica that lagged and
// has taken over. It may also be a copy that calls itself as its original does.
// So what identifies the run of a server is part of every key, and when a
// process first meets another run it announces a write to everything, for
// those who have no connection to it yet. The schema may be an older one as
// well, so that is kept for each run: see backend.go.
//
// Who names the database by Config.Namespace says what is one database, and
// that it loses nothing.

// restarted reports whether run is not one that this process has met before in
// the namespace, but another is.
func (sp *space) restarted(run string) bool {
	if run == "" {
		return false
	}
	sp.mu.Lock()
	defer sp.mu.Unlock()
	if _, met := sp.runs[run]; met {
		return false
	}
	first := len(sp.runs) == 0
	sp.runs[run] = struct{}{}
	return !first
}

// forgetRun makes nothing be served that was cached from an earlier run. What was
// learnt of that is not known of this one: see backend.go.
func (c *Cache) forgetRun(sp *space) {
	c.config.Logger.Info("cachedsql: the database server has started anew, or this is a copy of it; nothing cached from the other is used", "namespace", sp.name)
	c.bumpNow(sp, touched{names: []string{WildcardTag}})
}
