package redisstore

import (
	"bufio"
	"errors"
	"io"
	"strconv"
)

// Just so much of Redis's protocol, version 2, as a lookup needs. Commands are
// put together without a value for each word, and answers are read into memory
// that is there.

// appendCommand appends a command as it is sent.
func appendCommand(b []byte, words ...string) []byte {
	b = appendHead(b, '*', len(words))
	for _, w := range words {
		b = appendWord(b, w)
	}
	return b
}

func appendWord(b []byte, word string) []byte {
	b = append(appendHead(b, '$', len(word)), word...)
	return append(b, "\r\n"...)
}

func appendHead(b []byte, kind byte, n int) []byte {
	b = strconv.AppendInt(append(b, kind), int64(n), 10)
	return append(b, "\r\n"...)
}

// serverError is an error that the server answered with.
type serverError string

func (e serverError) Error() string { return string(e) }

// RedisError makes it a redis.Error.
func (serverError) RedisError() {}

func isAnswer(err error) bool {
	var answered serverError
	return errors.As(err, &answered)
}

// errReply means an answer of another kind than the command has: from there on
// nobody knows which answer belongs to what.
var errReply = errors.New("cachedsql: redis: answer of an unexpected kind")

// replies reads answers.
type replies struct{ *bufio.Reader }

// head reads the first line of an answer: its kind, and what follows the kind,
// which is good until the next read.
func (r replies) head() (kind byte, rest []byte, err error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		if errors.Is(err, bufio.ErrBufferFull) {
			err = errReply
		}
		return 0, nil, err
	}
	if len(line) < 3 || line[len(line)-2] != '\r' {
		return 0, nil, errReply
	}
	return line[0], line[1 : len(line)-2], nil
}

// size reads the first line of an answer of one kind, and its length; -1 if it
// is null. An answer that is an error instead is returned as one.
func (r replies) size(want byte) (int, error) {
	kind, rest, err := r.head()
	switch {
	case err != nil:
		return 0, err
	case kind == '-':
		return 0, serverError(rest)
	case kind != want:
		return 0, errReply
	}
	return parseSize(rest)
}

// maxReply is the longest text that Redis can hold.
const maxReply = 512 << 20

// maxRegister is longer than any tag and what INFO says of replication.
const maxRegister = 1 << 20

func parseSize(digits []byte) (n int, err error) {
	if string(digits) == "-1" {
		return -1, nil
	}
	for _, c := range digits {
		if c < '0' || c > '9' || n > maxReply {
			return 0, errReply
		}
		n = n*10 + int(c-'0')
	}
	if len(digits) == 0 || n > maxReply {
		return 0, errReply
	}
	return n, nil
}

// appendText appends a text that is not long to dst; null is false.
func (r replies) appendText(dst []byte) (_ []byte, isText bool, err error) {
	n, err := r.size('$')
	if err != nil || n < 0 {
		return dst, false, err
	}
	if n > maxRegister {
		return dst, false, errReply
	}
	start := len(dst)
	dst = append(dst, make([]byte, n+2)...)
	if _, err := io.ReadFull(r.Reader, dst[start:]); err != nil {
		return dst[:start], false, err
	}
	if string(dst[start+n:]) != "\r\n" {
		return dst[:start], false, errReply
	}
	return dst[:start+n], true, nil
}

// text returns a text in memory of its own, nil if it is null.
func (r replies) text() ([]byte, error) {
	n, err := r.size('$')
	if err != nil || n < 0 {
		return nil, err
	}
	b, err := r.read(n + 2)
	if err != nil {
		return nil, err
	}
	if string(b[n:]) != "\r\n" {
		return nil, errReply
	}
	return b[:n:n], nil
}

// firstPiece is what is allocated on the word of a server alone.
const firstPiece = 1 << 20

// read returns n bytes. Memory for many grows as they arrive: that a server
// announces them does not mean that it has them.
func (r replies) read(n int) ([]byte, error) {
	b := make([]byte, min(n, firstPiece))
	for have := 0; ; {
		if _, err := io.ReadFull(r.Reader, b[have:]); err != nil || len(b) == n {
			return b, err
		}
		have = len(b)
		b = append(b, make([]byte, min(n-have, have))...)
	}
}

// skip reads an answer of any kind and returns the error that it is.
func (r replies) skip() error {
	kind, rest, err := r.head()
	switch {
	case err != nil:
		return err
	case kind == '-':
		return serverError(rest)
	case kind == '+' || kind == ':':
		return nil
	case kind != '$' && kind != '*':
		return errReply
	}
	n, err := parseSize(rest)
	switch {
	case err != nil || n < 0:
		return err
	case kind == '$':
		_, err = r.Discard(n + 2)
		return err
	}
	var first error
	for range n {
		if err := r.skip(); err != nil && first == nil {
			if !isAnswer(err) {
				return err
			}
			first = err
		}
	}
	return first
}
