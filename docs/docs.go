// Package docs holds the project's documentation, for tools that show parts
// of it. The library itself does not import it.
package docs

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed reasons.md
var reasons string

// Reason is what the documentation says of one reason.
type Reason struct {
	// Meaning says what it is, Example when it occurs, Remedy what to do.
	Meaning, Example, Remedy string
}

// ReasonOf returns what is documented of a reason, by its word. It is the zero
// value for a word that is no reason.
func ReasonOf(word string) Reason { return allReasons()[word] }

// allReasons reads the tables of reasons.md, whose first column is the word.
var allReasons = sync.OnceValue(func() map[string]Reason {
	all := map[string]Reason{}
	for line := range strings.Lines(reasons) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 4 {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if word := strings.Trim(cells[0], "`"); word != cells[0] {
			all[word] = Reason{plain(cells[1]), plain(cells[2]), plain(cells[3])}
		}
	}
	return all
})

// plain takes the marks out of a text that is not shown as Markdown. Of a link
// its words stay.
func plain(s string) string {
	s = strings.ReplaceAll(s, "`", "")
	for {
		before, rest, ok := strings.Cut(s, "](")
		open := strings.LastIndexByte(before, '[')
		_, after, closed := strings.Cut(rest, ")")
		if !ok || !closed || open < 0 {
			return s
		}
		s = before[:open] + before[open+1:] + after
	}
}
