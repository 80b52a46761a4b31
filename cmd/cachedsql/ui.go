package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/cachedsql/cachedsql/dashboard"
	"github.com/cachedsql/cachedsql/redisstore"
)

const uiHelp = `Serve a web page on all processes that report to a Redis: what is cached and why, who invalidates what, the rules in
force, events as they happen. It is dashboard.New of this library, which programs can serve themselves.

The address that is printed has a token in it; without it nobody sees anything. The token is new each time, or the one in
CACHEDSQL_UI_TOKEN. With --allow-changes rules can be changed, in the name of --user.` + redisHelp

const uiExample = `  cachedsql ui --redis redis://operator:secret@cache:6379
  cachedsql ui --allow-changes --user ann --listen 127.0.0.1:9000`

func newUI() *cobra.Command {
	var f fleetFlags
	u := ui{}
	cmd := &cobra.Command{
		Use:     "ui",
		Short:   "Serve a web page on all processes",
		Long:    uiHelp,
		Example: uiExample,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			store, err := f.open()
			if err != nil {
				return err
			}
			defer store.Close()
			ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			if err := u.serve(ctx, store, cmd); err != nil {
				return &faultError{err}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&f.redis, "redis", "", "URL of the Redis (default $CACHEDSQL_REDIS)")
	cmd.Flags().StringVar(&u.listen, "listen", "127.0.0.1:8095", "address to serve on; port 0 takes a free one")
	cmd.Flags().BoolVar(&u.allowChanges, "allow-changes", false, "let users of the page change rules")
	cmd.Flags().StringVar(&u.user, "user", "", "who changes rules, for their history (default the user and host)")
	return cmd
}

type ui struct {
	listen, user string
	allowChanges bool
	token        string
}

// serve returns when ctx is done.
func (u *ui) serve(ctx context.Context, store *redisstore.Store, cmd *cobra.Command) error {
	u.token = cmp.Or(os.Getenv("CACHEDSQL_UI_TOKEN"), rand.Text())
	u.user = cmp.Or(u.user, author())
	page, err := dashboard.New(dashboard.Config{Inspector: store.Inspector(), AllowChanges: u.allowChanges, Authenticate: u.authenticate})
	if err != nil {
		return err
	}
	defer func() { _ = page.Close() }()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", u.listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: u.login(page), ReadHeaderTimeout: 10 * time.Second}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	fmt.Fprintf(cmd.OutOrStdout(), "http://%s/?token=%s\n", listener.Addr(), u.token)
	if a, ok := listener.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() {
		fmt.Fprintln(cmd.ErrOrStderr(), "cachedsql: anybody on the network can listen in: put TLS in front of it, or listen on 127.0.0.1")
	}
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// cookie is the name of the one that holds the token once the address with it was visited. Browsers send
// cookies to all ports of a host, so two of these must not share one.
func (u *ui) cookie() string { return "cachedsql-ui-" + u.token[:min(len(u.token), 6)] }

// login takes the token from the address into a cookie, so that it is not in
// the history of the browser.
func (u *ui) login(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := r.URL.Query().Get("token")
		if token == "" || !u.matches(token) || r.Method != http.MethodGet {
			next.ServeHTTP(w, r)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: u.cookie(), Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
		w.Header().Set("Location", "./")
		w.WriteHeader(http.StatusSeeOther)
	})
}

func (u *ui) matches(token string) bool {
	return subtle.ConstantTimeCompare([]byte(token), []byte(u.token)) == 1
}

func (u *ui) authenticate(r *http.Request) (string, error) {
	cookie, err := r.Cookie(u.cookie())
	if err != nil || !u.matches(cookie.Value) {
		return "", errors.New("no token, or another one")
	}
	return u.user, nil
}
