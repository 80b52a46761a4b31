package redisstore

import (
	"bufio"
	"bytes"
	"strings"
	"testing"
)

func TestMessagesAreReadAsServersWriteThem(t *testing.T) {
	t.Parallel()
	r := bufio.NewReader(strings.NewReader("%1\r\n$6\r\nserver\r\n+redis\r\n" +
		">2\r\n$10\r\ninvalidate\r\n*2\r\n$1\r\na\r\n$0\r\n\r\n" +
		">2\r\n$10\r\ninvalidate\r\n_\r\n" + "$5\r\n1 a b\r\n" + "-NOSCRIPT no\r\n" + "!5\r\nERR x\r\n" + "$-1\r\n"))
	var got []string
	for {
		m, err := readMessage(r)
		if err != nil {
			break
		}
		got = append(got, m.String())
	}
	want := []string{
		"%(server redis)", ">(invalidate *(a ))", ">(invalidate _)", "1 a b", "-NOSCRIPT no", "-ERR x", "_",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func (m message) String() string {
	switch m.kind {
	case kindError, kindNull:
		return string(m.kind) + m.text
	case kindArray, kindPush, '%':
		parts := make([]string, len(m.parts))
		for i, p := range m.parts {
			parts[i] = p.String()
		}
		return string(m.kind) + "(" + strings.Join(parts, " ") + ")"
	}
	return m.text
}

// FuzzMessages: whatever comes, reading ends, and needs no more memory than
// what came.
func FuzzMessages(f *testing.F) {
	for _, s := range []string{">2\r\n$1\r\na\r\n_\r\n", "*-1\r\n", "$1048577\r\n", "*1048576\r\n", "*1\r\n*1\r\n*1\r\n", "x", "\r\n", "%1\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bufio.NewReader(bytes.NewReader(in))
		for range len(in) + 1 {
			m, err := readMessage(r)
			if err != nil {
				return
			}
			if n := len(m.String()); n > 4*len(in)+4 {
				t.Fatalf("%d bytes out of %d", n, len(in))
			}
		}
		t.Fatal("reading does not end")
	})
}
