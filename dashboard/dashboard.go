// Package dashboard is a web page on a fleet of processes that use the cache:
// what is cached and why, who invalidates what, which rules are in force. It
// needs Redis alone, and nothing from outside: no other host, no build step.
//
//	page, err := dashboard.New(dashboard.Config{Inspector: store.Inspector()})
//	mux.Handle("/cache/", http.StripPrefix("/cache", page))
//
// It can be mounted under any prefix that ends with a slash, since all its links
// are relative. `cachedsql ui` serves it by itself.
//
// What it shows are normal forms of statements, never arguments. Statement
// texts are treated as hostile all the same: everything is escaped, and the
// content security policy forbids scripts and styles in the page.
package dashboard

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/cachedsql/cachedsql/redisstore"
)

// Config configures a Dashboard. Inspector is needed, the rest may be zero.
type Config struct {
	// AllowChanges lets users change rules. It needs Authenticate, since every
	// change is recorded with who made it. By default nothing can be changed.
	AllowChanges bool

	// Authenticate, if set, is asked for every request who it comes from. With an
	// error the request is refused; the error is logged and not shown. Nil: the
	// page is open to everybody who can reach it.
	Authenticate func(*http.Request) (user string, err error)

	// History is how far back the plots go. It is kept in memory, some hundred
	// bytes a sample. Defaults to 1 hour.
	History time.Duration

	// Inspector is where the figures come from. The Dashboard does not close its
	// store.
	Inspector *redisstore.Inspector

	// Logger receives what an operator should see, and a line for every change.
	// Defaults to slog.Default().
	Logger *slog.Logger

	// SampleInterval is the time between two readings of all reports. Defaults
	// to 5 seconds; at least 100 milliseconds.
	SampleInterval time.Duration
}

const (
	defaultHistory  = time.Hour
	defaultSample   = 5 * time.Second
	minSample       = 100 * time.Millisecond
	maxSamples      = 10_000
	requestDeadline = 5 * time.Second
	maxFormBytes    = 1 << 20
)

func (c Config) withDefaults() (Config, error) {
	if c.Inspector == nil {
		return c, errors.New("cachedsql: dashboard: Config.Inspector is needed")
	}
	if c.AllowChanges && c.Authenticate == nil {
		return c, errors.New("cachedsql: dashboard: AllowChanges needs Authenticate: a change is recorded with who made it")
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.SampleInterval == 0 {
		c.SampleInterval = defaultSample
	}
	if c.History == 0 {
		c.History = defaultHistory
	}
	if c.SampleInterval < minSample || c.History < c.SampleInterval || c.History/c.SampleInterval > maxSamples {
		return c, errors.New("cachedsql: dashboard: SampleInterval and History: at least 100 ms, and at most 10,000 samples")
	}
	return c, nil
}

// A Dashboard is an [http.Handler]. It reads the reports at intervals until it
// is closed.
type Dashboard struct {
	config  Config
	mux     *http.ServeMux
	handler http.Handler
	history *history

	watchers chan struct{} // holds a token for each open stream of events

	closing context.Context
	stop    context.CancelFunc
	done    sync.WaitGroup
}

var _ http.Handler = (*Dashboard)(nil)

// maxWatchers bounds the streams of events that are open at a time.
const maxWatchers = 64

// New returns a Dashboard. Close it to end its goroutine.
func New(c Config) (*Dashboard, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	d := &Dashboard{config: c, history: newHistory(c), watchers: make(chan struct{}, maxWatchers)}
	d.closing, d.stop = context.WithCancel(context.Background())
	d.routes()
	d.done.Go(func() { d.history.run(d.closing) })
	return d, nil
}

// Close ends the streams that are open and the goroutine that reads reports.
func (d *Dashboard) Close() error {
	d.stop()
	d.done.Wait()
	return nil
}

//go:embed assets
var assets embed.FS

func (d *Dashboard) routes() {
	d.mux = http.NewServeMux()
	d.mux.HandleFunc("GET /{$}", d.overview)
	d.mux.HandleFunc("GET /queries", d.queries)
	d.mux.HandleFunc("GET /query", d.query)
	d.mux.HandleFunc("GET /tables", d.tables)
	d.mux.HandleFunc("GET /table", d.table)
	d.mux.HandleFunc("GET /instances", d.instances)
	d.mux.HandleFunc("GET /events", d.events)
	d.mux.HandleFunc("GET /events-stream", d.eventsStream)
	d.rulesRoutes()
	files, _ := fs.Sub(assets, "assets") // embedded: it is there
	d.mux.Handle("GET /assets/", http.StripPrefix("/assets/", kept(http.FileServerFS(files))))
	d.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		d.fail(w, r, http.StatusNotFound, "There is no such page", nil)
	})
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.fail(w, r, http.StatusForbidden, "The request came from another site", nil)
	}))
	d.handler = protection.Handler(d.mux)
}

// ServeHTTP implements [http.Handler].
func (d *Dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	if r.URL.Path == "" {
		toDirectory(w, r)
		return
	}
	if d.config.Authenticate != nil && !strings.HasPrefix(r.URL.Path, "/assets/") {
		user, err := d.config.Authenticate(r)
		if err != nil {
			d.config.Logger.Warn("cachedsql: dashboard: request refused", "remote", r.RemoteAddr, "error", err)
			d.fail(w, r, http.StatusUnauthorized, "You are not signed in", nil)
			return
		}
		r = r.WithContext(context.WithValue(r.Context(), userKey{}, user))
	}
	d.handler.ServeHTTP(w, r)
}

// toDirectory sends a request for the prefix without its slash to the one with
// it, where relative links work.
func toDirectory(w http.ResponseWriter, r *http.Request) {
	asked, _, _ := strings.Cut(r.RequestURI, "?")
	w.Header().Set("Location", path.Base(asked)+"/")
	w.WriteHeader(http.StatusPermanentRedirect)
}

type userKey struct{}

func userOf(r *http.Request) string {
	user, _ := r.Context().Value(userKey{}).(string)
	return user
}

// secure forbids a page everything that this one does not need.
func secure(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "+
		"connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	// With no-referrer browsers would hide the origin of forms, too, which the
	// protection against forged requests looks at.
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
	h.Set("Cache-Control", "no-store")
}

// kept lets browsers keep for a while what only changes with the binary.
func kept(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private, max-age=300")
		next.ServeHTTP(w, r)
	})
}

// changing is for what only those may do who may change rules.
func (d *Dashboard) changing(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !d.config.AllowChanges {
			d.fail(w, r, http.StatusForbidden, "This page is read-only", nil)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxFormBytes)
		if err := r.ParseForm(); err != nil {
			d.fail(w, r, http.StatusBadRequest, "The form could not be read", nil)
			return
		}
		next(w, r)
	}
}
