package bind

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/suites/repeat"
)

// A Tally is what became of the statements of a test binary.
type Tally struct {
	Counts      map[string]int64 // by outcome; bypasses and results that were not stored by reason, too
	Differences []string
}

// Add adds another binary's.
func (t *Tally) Add(o Tally) {
	if t.Counts == nil {
		t.Counts = map[string]int64{}
	}
	for what, n := range o.Counts {
		t.Counts[what] += n
	}
	t.Differences = append(t.Differences, o.Differences...)
}

// tally is written out with each event: a test binary may end at any moment.
type tally struct {
	mu   sync.Mutex
	now  Tally
	file *os.File
}

func newTally() *tally {
	name := filepath.Join(os.Getenv(Out), fmt.Sprintf("%s-%d.tally", filepath.Base(os.Args[0]), os.Getpid()))
	return &tally{file: must(os.Create(name)), now: Tally{Counts: map[string]int64{}}}
}

func (t *tally) add(e cachedsql.Event) {
	repeat.OnEvent(e)
	word := e.Outcome.String()
	switch e.Outcome {
	case cachedsql.Bypassed, cachedsql.NotFilled:
		t.count(word, word+" "+e.Reason.String())
	default:
		t.count(word)
	}
}

func (t *tally) compared() { t.count("compared") }

func (t *tally) different(text, got, want string) {
	t.mu.Lock()
	t.now.Differences = append(t.now.Differences, fmt.Sprintf("%s\n got  %s\n want %s", text, got, want))
	t.mu.Unlock()
	t.count("different")
}

// count writes over what was written before, which is never longer.
func (t *tally) count(words ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, word := range words {
		t.now.Counts[word]++
	}
	text := must(json.Marshal(t.now))
	_ = must(t.file.WriteAt(text, 0))
}

// ReadTallies adds up what the test binaries left in a directory.
func ReadTallies(dir string) (sum Tally, err error) {
	sum.Counts = map[string]int64{}
	names, err := filepath.Glob(filepath.Join(dir, "*.tally"))
	if err != nil {
		return sum, err
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return sum, err
		}
		if len(text) == 0 {
			continue // it opened no database
		}
		var one Tally
		if err := json.Unmarshal(text, &one); err != nil {
			return sum, fmt.Errorf("%s: %w", name, err)
		}
		sum.Add(one)
	}
	return sum, nil
}
