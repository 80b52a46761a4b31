package dashboard

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The page says that Redis is back when it is, and not with the next event.
func TestStreamTellsAtOnceThatRedisAnswersAgain(t *testing.T) {
	t.Parallel()
	answer := httptest.NewRecorder()
	s := &eventWriter{w: answer, flush: http.NewResponseController(answer)}
	beats := func() int {
		t.Helper()
		if err := s.beat(); err != nil {
			t.Fatal(err)
		}
		return strings.Count(answer.Body.String(), "event: alive")
	}
	if err := s.send("event: down\ndata: {}\n\n"); err != nil {
		t.Fatal(err)
	}
	if n := beats(); n != 0 {
		t.Errorf("%d beats right after something was sent", n)
	}
	s.down = true
	if n := beats(); n != 1 {
		t.Errorf("%d beats after Redis was away, want 1", n)
	}
	if n := beats(); n != 1 {
		t.Errorf("%d beats, and nothing has happened since the first", n)
	}
}
