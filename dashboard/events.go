package dashboard

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

const (
	shownEvents  = 200
	eventsAtOnce = 100
	// pollEvents is how often the stream is looked at for each page that is open.
	pollEvents = time.Second
	// keepAlive is how often something is sent where nothing happens, so that
	// proxies do not close the connection.
	keepAlive = 15 * time.Second
	// writeDeadline ends streams to browsers that do not read.
	writeDeadline = 10 * time.Second
)

// line is an event as it is shown.
type line struct {
	ID      string `json:"id"`
	Time    string `json:"time"`
	Kind    string `json:"kind"`
	Host    string `json:"host"`
	Count   string `json:"count"`
	Text    string `json:"text"`
	QueryID string `json:"query_id,omitempty"`
}

func lineOf(e *redisstore.Event) line {
	l := line{
		ID: e.ID, Time: e.Arrived.Format("15:04:05"), Kind: e.Kind, QueryID: e.QueryID,
		Count: count(e.Count), Text: textOf(e),
	}
	if e.Host != "" {
		l.Host = fmt.Sprintf("%s:%d", e.Host, e.PID)
	}
	if e.Dropped != 0 {
		l.Text += fmt.Sprintf(" (%s before it could not be told)", count(e.Dropped))
	}
	return l
}

func textOf(e *redisstore.Event) string {
	switch e.Kind {
	case cachedsql.StreamInvalidated:
		var parts []string
		for _, table := range e.TablesByCount() {
			parts = append(parts, fmt.Sprintf("%s ×%s", table, count(e.Tables[table])))
		}
		return strings.Join(parts, ", ")
	case cachedsql.StreamOutage:
		return "Redis can be used again after " + duration(e.Duration)
	case cachedsql.StreamRules:
		return "rules in force: " + e.Message
	case cachedsql.StreamStarted:
		return "a process started, version " + e.Message
	case cachedsql.StreamStopped:
		return "a process stopped " + e.Message
	}
	if e.Rule != "" {
		return "rule " + e.Rule + ": " + e.Message
	}
	return e.Message
}

type eventsBody struct {
	Lines []line
	Kinds []string
	Last  string
}

func (d *Dashboard) events(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), requestDeadline)
	defer cancel()
	found, err := d.config.Inspector.Events(ctx, "", shownEvents)
	if err != nil {
		d.fail(w, r, http.StatusServiceUnavailable, "Redis does not answer", err)
		return
	}
	b := &eventsBody{Kinds: cachedsql.StreamKinds(), Last: "0-0"}
	for n := range found {
		b.Lines = append(b.Lines, lineOf(&found[n]))
		b.Last = found[n].ID
	}
	slices.Reverse(b.Lines)
	v := d.view(r, "events", "Live events", b)
	v.Refresh = 0 // they come by themselves
	d.render(w, r, http.StatusOK, "events", v)
}

// eventsStream sends events as they come. A browser that lost the connection
// says which was the last it got.
func (d *Dashboard) eventsStream(w http.ResponseWriter, r *http.Request) {
	after := r.URL.Query().Get("after")
	if last := r.Header.Get("Last-Event-ID"); last != "" {
		after = last
	}
	if !redisstore.ValidEventID(after) {
		http.Error(w, "after which event?", http.StatusBadRequest)
		return
	}
	select {
	case d.watchers <- struct{}{}:
		defer func() { <-d.watchers }()
	default:
		http.Error(w, "too many streams are open", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would collect them
	s := &eventWriter{w: w, flush: http.NewResponseController(w)}
	if s.send(": from %s\nretry: 2000\n\n", after) != nil {
		return
	}
	ticker := time.NewTicker(pollEvents)
	defer ticker.Stop()
	for {
		var err error
		if after, err = d.sendNew(r.Context(), s, after); err != nil {
			return
		}
		select {
		case <-ticker.C:
		case <-r.Context().Done():
			return
		case <-d.closing.Done():
			return
		}
	}
}

// sendNew sends what came after an event and returns the last one's ID. An error
// means that nobody reads any more.
func (d *Dashboard) sendNew(ctx context.Context, s *eventWriter, after string) (string, error) {
	for {
		ctx, cancel := context.WithTimeout(ctx, requestDeadline)
		found, err := d.config.Inspector.Events(ctx, after, eventsAtOnce)
		cancel()
		switch {
		case err != nil:
			s.down = true
			return after, s.send("event: down\ndata: {}\n\n")
		case len(found) == 0:
			return after, s.beat()
		}
		for n := range found {
			data, err := json.Marshal(lineOf(&found[n]))
			if err != nil {
				return after, err
			}
			if err := s.send("id: %s\ndata: %s\n\n", found[n].ID, data); err != nil {
				return after, err
			}
			after = found[n].ID
		}
		if len(found) < eventsAtOnce {
			return after, nil
		}
	}
}

type eventWriter struct {
	w     http.ResponseWriter
	flush *http.ResponseController
	last  time.Time
	down  bool // the page was told that Redis does not answer
}

func (s *eventWriter) send(format string, args ...any) error {
	s.last = time.Now()
	_ = s.flush.SetWriteDeadline(s.last.Add(writeDeadline)) // where the server cannot, it has its own
	if _, err := fmt.Fprintf(s.w, format, args...); err != nil {
		return err
	}
	return s.flush.Flush()
}

// beat says that there is nothing, once in a while. It also tells the page that
// Redis answers, at once where it was told otherwise.
func (s *eventWriter) beat() error {
	if !s.down && time.Since(s.last) < keepAlive {
		return nil
	}
	s.down = false
	return s.send("event: alive\ndata: {}\n\n")
}
