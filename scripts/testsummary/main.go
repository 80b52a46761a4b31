// Command testsummary reads the output of `go test -json` and prints what a
// person needs from it: one line for each package, the output of what failed,
// the tests that were skipped, and a last line of the form
//
//	12 passed, 0 failed, 3 skipped
//
// It exits with status 1 if anything failed or no test ran.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
)

func main() {
	summary, err := read(os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsummary:", err)
		os.Exit(2)
	}
	summary.print(os.Stdout)
	if summary.failed > 0 || summary.passed == 0 {
		os.Exit(1)
	}
}

// read consumes the whole stream and reports each package on w as it ends.
func read(r io.Reader, w io.Writer) (*summary, error) {
	s := newSummary()
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			s.add(line, w)
		}
		if err == io.EOF {
			return s, nil
		}
		if err != nil {
			return nil, err
		}
	}
}
