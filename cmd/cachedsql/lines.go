package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/cachedsql/cachedsql"
)

// maxLine bounds the memory one line can take.
const maxLine = 64 << 20

// question is one line of input.
type question struct {
	Dialect string  `json:"dialect"`
	SQL     *string `json:"sql"`
}

// answer is one line of output: an explanation or an error.
type answer struct {
	*cachedsql.Explanation
	Error string `json:"error,omitempty"`
}

// explainLines answers each line of in by one line of out. Answers are held
// back only while more input is at hand, so that a program can converse.
func explainLines(in io.Reader, out io.Writer, fallback cachedsql.Dialect, explain explainer) error {
	r := bufio.NewReaderSize(in, 1<<16)
	w := bufio.NewWriterSize(out, 1<<16)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for {
		line, err := readLine(r)
		if len(bytes.TrimSpace(line)) != 0 || errors.Is(err, errLongLine) {
			if err := enc.Encode(answerTo(line, err, fallback, explain)); err != nil {
				return err
			}
		}
		if r.Buffered() == 0 {
			if err := w.Flush(); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return w.Flush()
		case err != nil && !errors.Is(err, errLongLine):
			return errors.Join(err, w.Flush())
		}
	}
}

func answerTo(line []byte, lineErr error, fallback cachedsql.Dialect, explain explainer) answer {
	if errors.Is(lineErr, errLongLine) {
		return answer{Error: lineErr.Error()}
	}
	var q question
	if err := json.Unmarshal(line, &q); err != nil {
		return answer{Error: err.Error()}
	}
	if q.SQL == nil {
		return answer{Error: `"sql" is missing`}
	}
	dialect := fallback
	if q.Dialect != "" {
		var err error
		if dialect, err = parseDialect(q.Dialect); err != nil {
			return answer{Error: err.Error()}
		}
	}
	e, err := explain(dialect, *q.SQL)
	if err != nil {
		return answer{Explanation: &e, Error: err.Error()}
	}
	return answer{Explanation: &e}
}

var errLongLine = fmt.Errorf("line has more than %d bytes", maxLine)

// readLine returns the next line; one that is too long is passed over.
func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxLine; long {
			line = nil
		} else if line == nil && !errors.Is(err, bufio.ErrBufferFull) {
			return part, err // valid until the next call, by when it has been answered
		} else {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case long && err == nil:
			return nil, errLongLine
		default:
			return line, err
		}
	}
}
