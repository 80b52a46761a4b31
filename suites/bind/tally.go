package bind

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/suites/repeat"
)

// A Tally is what became of the statements of a test binary.
type Tally struct {
	Counts      map[string]int64 // by outcome; bypasses and results that were not stored by reason, too
	Differences []string
	Examples    map[string][]string // a few statements of each bypass, by its word in Counts
}

// examples is how many statements are kept for a reason.
const examples = 5

// Add adds another binary's.
func (t *Tally) Add(o Tally) {
	if t.Counts == nil {
		t.Counts = map[string]int64{}
	}
	for what, n := range o.Counts {
		t.Counts[what] += n
	}
	t.Differences = append(t.Differences, o.Differences...)
	for what, statements := range o.Examples {
		for _, statement := range statements {
			t.keep(what, statement)
		}
	}
}

// keep remembers the statement, if there are not enough or it is among them already.
func (t *Tally) keep(what, statement string) {
	if kept := t.Examples[what]; len(kept) == examples || slices.Contains(kept, statement) {
		return
	}
	if t.Examples == nil {
		t.Examples = map[string][]string{}
	}
	t.Examples[what] = append(t.Examples[what], statement)
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
		what := word + " " + e.Reason.String()
		t.mu.Lock()
		t.now.keep(what, e.Statement)
		t.mu.Unlock()
		t.count(word, what)
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
