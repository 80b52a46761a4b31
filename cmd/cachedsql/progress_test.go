package main

import (
	"bytes"
	"testing"
)

func TestProgressIsDrawnOnATerminalAlone(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	p := newProgress(&log)
	p.show(1, 2, "processes")
	p.end()
	if log.Len() != 0 {
		t.Errorf("in a log: %q", log.String())
	}
	var screen bytes.Buffer
	p = &progress{out: &screen, on: true}
	p.show(0, 0, "processes")
	p.show(1, 2, "processes")
	p.end()
	want := "\r[........................] 0 of 0 processes\x1b[K\r[############............] 1 of 2 processes\x1b[K\r\x1b[K"
	if screen.String() != want {
		t.Errorf("got  %q\nwant %q", screen.String(), want)
	}
}
