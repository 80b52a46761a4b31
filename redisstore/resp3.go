package redisstore

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// A minimum of RESP3, for the one connection on which a server says what has
// changed. go-redis hands such messages out when it next has a command on the
// connection, and without their order among its answers; here the order is
// what everything rests on.

// message is what a server sends: an answer, or a push. Scalars have a text,
// the others parts.
type message struct {
	kind  byte // as on the wire
	text  string
	parts []message
}

// The kinds that are told apart. Any other kind is read and means nothing.
const (
	kindError = '-'
	kindBlob  = '$'
	kindArray = '*'
	kindPush  = '>'
	kindNull  = '_'
)

// Bounds on what a server that has lost its mind can make a process do.
const (
	maxMessageText  = 1 << 20
	maxMessageParts = 1 << 20
	maxMessageDepth = 8
)

var errMalformed = errors.New("malformed message")

func readMessage(r *bufio.Reader) (message, error) { return readNested(r, 0) }

func readNested(r *bufio.Reader, depth int) (message, error) {
	line, err := readLine(r)
	if err != nil {
		return message{}, err
	}
	if line == "" || depth > maxMessageDepth {
		return message{}, errMalformed
	}
	m := message{kind: line[0], text: line[1:]}
	switch m.kind {
	case '+', kindError, ':', ',', '#', '(':
		return m, nil
	case kindNull:
		return message{kind: kindNull}, nil
	case kindBlob, '=':
		return readText(r, m)
	case '!':
		m.kind = kindError
		return readText(r, m)
	case kindArray, kindPush, '~':
		return readParts(r, m, 1, depth)
	case '%':
		return readParts(r, m, 2, depth)
	}
	return message{}, fmt.Errorf("%w: kind %q", errMalformed, m.kind)
}

// readLine returns a line without its end. None that means something is long.
func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return "", err
	}
	if len(line) < 2 || line[len(line)-2] != '\r' {
		return "", errMalformed
	}
	return string(line[:len(line)-2]), nil
}

func readText(r *bufio.Reader, m message) (message, error) {
	n, err := strconv.Atoi(m.text)
	if err == nil && n == -1 {
		return message{kind: kindNull}, nil
	}
	if err != nil || n < 0 || n > maxMessageText {
		return message{}, errMalformed
	}
	text := make([]byte, n+len("\r\n"))
	if _, err := io.ReadFull(r, text); err != nil {
		return message{}, err
	}
	m.text = string(text[:n])
	return m, nil
}

func readParts(r *bufio.Reader, m message, each, depth int) (message, error) {
	n, err := strconv.Atoi(m.text)
	if err == nil && n == -1 {
		return message{kind: kindNull}, nil
	}
	if err != nil || n < 0 || n > maxMessageParts {
		return message{}, errMalformed
	}
	m.text = ""
	for range n * each {
		part, err := readNested(r, depth+1)
		if err != nil {
			return message{}, err
		}
		m.parts = append(m.parts, part)
	}
	return m, nil
}

// writeCommand writes a command; arguments are texts and whole numbers.
func writeCommand(w *bufio.Writer, args ...any) {
	var room [20]byte
	header := func(kind byte, n int) {
		_ = w.WriteByte(kind)
		_, _ = w.Write(strconv.AppendInt(room[:0], int64(n), 10))
		_, _ = w.WriteString("\r\n")
	}
	header(kindArray, len(args))
	for _, arg := range args {
		text, ok := arg.(string)
		if !ok {
			text = fmt.Sprint(arg)
		}
		header(kindBlob, len(text))
		_, _ = w.WriteString(text)
		_, _ = w.WriteString("\r\n") // an error stays with the writer until it is flushed
	}
}
