package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// palette colours text, on a terminal alone and not where NO_COLOR is set
// (https://no-color.org).
type palette struct{ on bool }

func newPalette(out io.Writer) palette {
	return palette{os.Getenv("NO_COLOR") == "" && isTerminal(out)}
}

// isTerminal reports whether what is written can be coloured and drawn over.
func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	return ok && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(file.Fd()))
}

func (p palette) good(s string) string  { return p.code("32", s) }
func (p palette) warn(s string) string  { return p.code("33", s) }
func (p palette) bad(s string) string   { return p.code("1;31", s) }
func (p palette) faint(s string) string { return p.code("2", s) }

func (p palette) code(code, s string) string {
	if !p.on {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
