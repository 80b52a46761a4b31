package main

import (
	"fmt"
	"io"
	"strings"
)

const barWidth = 24

// progress is a line that is drawn over while one waits, on a terminal alone.
type progress struct {
	out   io.Writer
	on    bool
	drawn bool
}

func newProgress(out io.Writer) *progress { return &progress{out: out, on: isTerminal(out)} }

// show draws how much of something is done.
func (p *progress) show(done, of int, what string) {
	if !p.on {
		return
	}
	full := 0
	if of > 0 {
		full = barWidth * done / of
	}
	p.drawn = true
	fmt.Fprintf(p.out, "\r[%s%s] %d of %d %s\x1b[K", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), done, of, what)
}

// end removes the line.
func (p *progress) end() {
	if p.drawn {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
