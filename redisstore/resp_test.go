package redisstore

import (
	"bufio"
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

func TestTextsOfAnyLengthAreRead(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, firstPiece - 3, firstPiece - 2, firstPiece - 1, firstPiece, 2 * firstPiece, 5*firstPiece + 7} {
		want := bytes.Repeat([]byte("abc"), n/3+1)[:n]
		r := replies{bufio.NewReader(strings.NewReader(fmt.Sprintf("$%d\r\n%s\r\n+next\r\n", n, want)))}
		got, err := r.text()
		if err != nil || !bytes.Equal(got, want) || cap(got) != n {
			t.Errorf("%d bytes: read %d with room for %d, %v", n, len(got), cap(got), err)
		}
		if rest, err := r.ReadString('\n'); rest != "+next\r\n" {
			t.Errorf("%d bytes: then %q, %v", n, rest, err)
		}
	}
}

// A server that announces half a gigabyte and sends nothing costs a megabyte.
func TestAnnouncedSizeIsNotAllocated(t *testing.T) { // not parallel: it counts allocations
	r := replies{bufio.NewReader(strings.NewReader(fmt.Sprintf("$%d\r\nabc", maxReply)))}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := r.text()
	runtime.ReadMemStats(&after)
	if spent := after.TotalAlloc - before.TotalAlloc; err == nil || spent > 2*firstPiece {
		t.Errorf("%d bytes allocated, %v", spent, err)
	}
}
