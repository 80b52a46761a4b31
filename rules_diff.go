package cachedsql

import (
	"fmt"
	"strings"
)

// diffContext is how many unchanged lines a diff shows around a change.
const diffContext = 3

// DiffRules returns what distinguishes two texts, as a unified diff: lines that
// begin with "-" are only in from, those with "+" only in to, and "@@" names
// the lines where a part begins. It is "" for equal texts.
func DiffRules(fromName, from, toName, to string) string {
	if from == to {
		return ""
	}
	edits := diffLines(lines(from), lines(to))
	var b strings.Builder
	fmt.Fprintf(&b, "--- %s\n+++ %s\n", fromName, toName)
	for start := 0; start < len(edits); {
		first, end := hunk(edits, start)
		if first == len(edits) {
			break
		}
		writeHunk(&b, edits[first:end])
		start = end
	}
	return b.String()
}

// edit is one line of either text: ' ' of both, '-' or '+'. from and to are
// how many lines of each text come before it.
type edit struct {
	op       byte
	line     string
	from, to int
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	all := strings.SplitAfter(text, "\n")
	if all[len(all)-1] == "" {
		return all[:len(all)-1]
	}
	return all
}

// diffLines finds the longest common subsequence of what is between the common
// beginning and end. Where that would take too much memory, everything in
// between is taken for changed.
func diffLines(a, b []string) []edit {
	var edits []edit
	i, j := 0, 0
	add := func(op byte, line string) {
		edits = append(edits, edit{op, line, i, j})
		if op != '+' {
			i++
		}
		if op != '-' {
			j++
		}
	}
	endA, endB := len(a), len(b)
	for endA > 0 && endB > 0 && a[endA-1] == b[endB-1] {
		endA, endB = endA-1, endB-1
	}
	for i < endA && j < endB && a[i] == b[j] {
		add(' ', a[i])
	}
	common := newCommon(a[i:endA], b[j:endB])
	startA, startB := i, j
	for i < endA || j < endB {
		switch {
		case i < endA && j < endB && a[i] == b[j]:
			add(' ', a[i])
		case j == endB || i < endA && common.at(i-startA+1, j-startB) >= common.at(i-startA, j-startB+1):
			add('-', a[i])
		default:
			add('+', b[j])
		}
	}
	for ; i < len(a); add(' ', a[i]) { //nolint:revive // add moves i
	}
	return edits
}

// common is the length of the longest common subsequence of every two ends.
type common struct {
	width  int
	length []int32
}

const maxCommonCells = 4 << 20

func newCommon(a, b []string) common {
	c := common{width: len(b) + 1}
	if (len(a)+1)*(len(b)+1) > maxCommonCells {
		return c
	}
	c.length = make([]int32, (len(a)+1)*c.width)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			best := max(c.at(i+1, j), c.at(i, j+1))
			if a[i] == b[j] {
				best = c.at(i+1, j+1) + 1
			}
			c.length[i*c.width+j] = best
		}
	}
	return c
}

func (c *common) at(i, j int) int32 {
	if c.length == nil {
		return 0
	}
	return c.length[i*c.width+j]
}

// hunk returns the next changes from start on, with the unchanged lines around
// them: those that are close together are one.
func hunk(edits []edit, start int) (first, end int) {
	change := start
	for change < len(edits) && edits[change].op == ' ' {
		change++
	}
	if change == len(edits) {
		return change, change
	}
	last := change
	for n := change; n < len(edits) && n <= last+2*diffContext; n++ {
		if edits[n].op != ' ' {
			last = n
		}
	}
	return max(start, change-diffContext), min(len(edits), last+1+diffContext)
}

func writeHunk(b *strings.Builder, edits []edit) {
	var from, to int
	for _, e := range edits {
		if e.op != '+' {
			from++
		}
		if e.op != '-' {
			to++
		}
	}
	fmt.Fprintf(b, "@@ -%s +%s @@\n", place(edits[0].from, from), place(edits[0].to, to))
	for _, e := range edits {
		b.WriteByte(e.op)
		b.WriteString(e.line)
		if !strings.HasSuffix(e.line, "\n") {
			b.WriteString("\n\\ No newline at end of file\n")
		}
	}
}

// place is how a diff writes lines: one that has none names the line before.
func place(before, count int) string {
	if count == 0 {
		return fmt.Sprintf("%d,0", before)
	}
	return fmt.Sprintf("%d,%d", before+1, count)
}
