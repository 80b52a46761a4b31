package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

const (
	barWidth    = 40
	barInterval = 100 * time.Millisecond
)

// A bar shows progress on one line of a terminal. Elsewhere, in a log, it
// writes a single line at the end.
type bar struct {
	w        io.Writer
	label    string
	total    int
	began    time.Time
	drawn    time.Time
	terminal bool
}

func newBar(w *os.File, label string, total int) *bar {
	return &bar{w: w, label: label, total: total, began: time.Now(), terminal: isTerminal(w)}
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

func (b *bar) set(done int) {
	if !b.terminal || time.Since(b.drawn) < barInterval {
		return
	}
	b.drawn = time.Now()
	full := barWidth * done / b.total
	left := time.Duration(float64(time.Since(b.began)) * float64(b.total-done) / float64(max(done, 1)))
	fmt.Fprintf(b.w, "\r%s [%s%s] %d of %d, %v left \x1b[K",
		b.label, strings.Repeat("#", full), strings.Repeat(".", barWidth-full), done, b.total, left.Round(time.Second))
}

func (b *bar) finish() {
	if b.terminal {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
	fmt.Fprintf(b.w, "%s: %d in %v\n", b.label, b.total, time.Since(b.began).Round(10*time.Millisecond))
}
