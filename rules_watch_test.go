package cachedsql

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

const oneRule = "version: 1\nrules: [{name: %s, ttl: 5s}]\n"

func ruleNamed(name string) string { return strings.ReplaceAll(oneRule, "%s", name) }

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// watched runs a watcher over a file and keeps what it says.
type watched struct {
	t    *testing.T
	path string

	mu      sync.Mutex
	applied []string // names of the first rules
	errs    []string
}

func (w *watched) note(list *[]string, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	*list = append(*list, text)
}

func watchFile(t *testing.T, path string) *watched {
	t.Helper()
	current, err := LoadRules(path)
	if err != nil {
		t.Fatal(err)
	}
	w := &watched{t: t, path: path}
	stop := watchRules(path, current, time.Second,
		func(r *Rules) { w.note(&w.applied, r.List()[0].Name) },
		func(err error) { w.note(&w.errs, err.Error()) })
	t.Cleanup(stop)
	return w
}

// wait lets the watcher look twice, and checks what it has said since.
func (w *watched) wait(applied string, mistakes int) {
	w.t.Helper()
	time.Sleep(2500 * time.Millisecond)
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if got := strings.Join(w.applied, " "); got != applied || len(w.errs) != mistakes {
		w.t.Errorf("applied %q, want %q; reported %q, want %d", got, applied, w.errs, mistakes)
	}
	w.applied, w.errs = nil, nil
}

func inFile(t *testing.T, test func(t *testing.T, w *watched)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "rules.yaml")
		writeFile(t, path, ruleNamed("first"))
		test(t, watchFile(t, path))
	})
}

func TestWatcherAppliesAChangedFileOnce(t *testing.T) {
	inFile(t, func(t *testing.T, w *watched) {
		w.wait("", 0)
		writeFile(t, w.path, ruleNamed("second"))
		w.wait("second", 0)
		w.wait("", 0)
	})
}

func TestWatcherSeesAnEditThatKeepsSizeAndTime(t *testing.T) {
	inFile(t, func(t *testing.T, w *watched) {
		info, err := os.Stat(w.path)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, w.path, ruleNamed("other"))
		if err := os.Chtimes(w.path, info.ModTime(), info.ModTime()); err != nil {
			t.Fatal(err)
		}
		w.wait("other", 0)
	})
}

func TestWatcherKeepsTheOldRulesWhenTheFileBreaks(t *testing.T) {
	inFile(t, func(t *testing.T, w *watched) {
		writeFile(t, w.path, "version: 1\nrule: []")
		w.wait("", 1)
		w.wait("", 0) // the same mistake is not reported again
		writeFile(t, w.path, "version: 1\nruls: []")
		w.wait("", 1)
		writeFile(t, w.path, ruleNamed("first"))
		w.wait("", 0) // these are the rules in force
		writeFile(t, w.path, "version: 1\nruls: []")
		w.wait("", 1)
		writeFile(t, w.path, ruleNamed("second"))
		w.wait("second", 0)
	})
}

func TestWatcherSurvivesADeletedFile(t *testing.T) {
	inFile(t, func(t *testing.T, w *watched) {
		if err := os.Remove(w.path); err != nil {
			t.Fatal(err)
		}
		w.wait("", 1)
		writeFile(t, w.path, ruleNamed("second"))
		w.wait("second", 0)
	})
}

func TestWatcherFollowsAFileRenamedIntoPlace(t *testing.T) {
	inFile(t, func(t *testing.T, w *watched) {
		writeFile(t, w.path+".tmp", ruleNamed("second"))
		if err := os.Rename(w.path+".tmp", w.path); err != nil {
			t.Fatal(err)
		}
		w.wait("second", 0)
	})
}

// A mounted ConfigMap is rules.yaml -> ..data/rules.yaml, ..data -> a dated
// directory; an update swaps ..data.
func TestWatcherFollowsASwappedSymlink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		link := func(target, name string) {
			t.Helper()
			if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"first", "second"} {
			if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Join(dir, name, "rules.yaml"), ruleNamed(name))
		}
		link("first", "..data")
		link("..data/rules.yaml", "rules.yaml")
		w := watchFile(t, filepath.Join(dir, "rules.yaml"))
		w.wait("", 0)
		link("second", "..data_tmp")
		if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
		w.wait("second", 0)
	})
}

func TestStoppedWatcherIsSilent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "rules.yaml")
		writeFile(t, path, ruleNamed("first"))
		stop := watchRules(path, nil, time.Second,
			func(*Rules) { t.Error("applied after stop") }, func(err error) { t.Error(err) })
		stop()
		stop()
		time.Sleep(3 * time.Second)
	})
}
