// Package suggest finds the word a user probably meant.
package suggest

import "strings"

// maxWord bounds the work on hostile input; no valid word is near this long.
const maxWord = 64

// DidYouMean returns `, did you mean "x"?` for the valid word nearest to
// word, or the empty string when none is near enough to be worth saying.
func DidYouMean(word string, valid []string) string {
	if best := Nearest(word, valid); best != "" {
		return `, did you mean "` + best + `"?`
	}
	return ""
}

// Nearest returns the valid word with the fewest edits from word, the first
// of equals, or "" when every one differs in more than a third of its letters.
func Nearest(word string, valid []string) string {
	if len(word) > maxWord {
		return ""
	}
	word = strings.ToLower(word)
	best, bestEdits := "", maxWord
	for _, candidate := range valid {
		edits := distance(word, strings.ToLower(candidate))
		if edits < bestEdits && edits <= max(1, len(candidate)/3) {
			best, bestEdits = candidate, edits
		}
	}
	return best
}

// distance counts insertions, deletions, replacements and swaps of
// neighbours (optimal string alignment).
func distance(a, b string) int {
	before, prev, cur := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			replace := prev[j-1]
			if a[i-1] != b[j-1] {
				replace++
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, replace)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}
