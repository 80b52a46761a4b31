package cachedsql

import (
	"sync"
	"time"
)

// rulesInterval is how often a rule file is looked at. Reading a few
// kilobytes a second costs nothing that could be measured, and sees what
// notifications miss: network file systems, files renamed into place, and the
// symbolic links that Kubernetes swaps under a mounted ConfigMap.
const rulesInterval = time.Second

// watchRules calls apply with the new rules each time the content of the file
// becomes different from that of current, and report when it cannot be read
// or parsed; the old rules then stay in force. The same mistake is reported
// once. Both are called from one goroutine, which has ended when stop
// returns; neither may call stop.
func watchRules(path string, current *Rules, interval time.Duration, apply func(*Rules), report func(error)) (stop func()) {
	w := ruleWatcher{path: path, version: current.Version(), apply: apply, report: report}
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		w.run(interval, quit)
	}()
	return sync.OnceFunc(func() {
		close(quit)
		<-done
	})
}

type ruleWatcher struct {
	path    string
	version string // of the rules in force
	mistake string // the last one reported, "" when the file was fine
	apply   func(*Rules)
	report  func(error)
}

func (w *ruleWatcher) run(interval time.Duration, quit <-chan struct{}) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			w.look()
		case <-quit:
			return
		}
	}
}

// look compares contents, not times: an edit within the clock's granularity
// of the last one, or a copy that keeps the old time, is seen as well.
func (w *ruleWatcher) look() {
	data, err := readRuleFile(w.path)
	if err != nil {
		w.complain(err)
		return
	}
	if contentVersion(data) == w.version {
		w.mistake = ""
		return
	}
	rules, err := ParseRules(w.path, data)
	if err != nil {
		w.complain(err)
		return
	}
	w.version, w.mistake = rules.Version(), ""
	w.apply(rules)
}

func (w *ruleWatcher) complain(err error) {
	if err.Error() != w.mistake {
		w.mistake = err.Error()
		w.report(err)
	}
}
