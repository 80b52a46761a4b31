package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	"github.com/cachedsql/cachedsql/redisstore"
)

// serveUI runs the command until the test ends and returns what it printed.
func serveUI(t *testing.T, args ...string) (address string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	root := newRoot()
	root.SetArgs(append([]string{"ui", "--listen", "127.0.0.1:0"}, args...))
	root.SetOut(in)
	root.SetErr(io.Discard)
	go func() {
		err := root.ExecuteContext(ctx)
		_ = in.CloseWithError(err)
		ended <- err
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("ui: %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(line)
}

func get(t *testing.T, client *http.Client, address string) (int, string) {
	t.Helper()
	answer, err := client.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func TestUIServesThosePeopleWhoHaveTheToken(t *testing.T) {
	t.Parallel()
	url, _ := reporting(t)
	address := serveUI(t, "--redis", url, "--allow-changes", "--user", "ann")
	site, token, ok := strings.Cut(address, "?token=")
	if !ok || len(token) < 20 {
		t.Fatalf("printed %q", address)
	}
	for _, path := range []string{"", "queries", "?token=", "?token=" + token[1:], "rules-edit"} {
		if status, body := get(t, http.DefaultClient, site+path); status != http.StatusUnauthorized || strings.Contains(body, "aaaa") {
			t.Errorf("%q without the token: %d %s", path, status, body)
		}
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	if status, body := get(t, client, address); status != http.StatusOK || !strings.Contains(body, "ann") {
		t.Errorf("with the token: %d %s", status, body)
	}
	if status, body := get(t, client, site+"queries"); status != http.StatusOK || !strings.Contains(body, `data-query="aaaa`) || !strings.Contains(body, `data-value="20"`) {
		t.Errorf("queries: %d %s", status, body)
	}
	edit, err := http.NewRequestWithContext(t.Context(), http.MethodPost, site+"rules-commit", strings.NewReader("text=version:+1%0Arules:+[]%0A"))
	if err != nil {
		t.Fatal(err)
	}
	edit.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := client.Do(edit)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	store, err := redisstore.Open(url, redisstore.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if v, err := store.Inspector().RuleSet("").Current(t.Context()); err != nil || v.By != "ann" {
		t.Errorf("after a commit: %d, %+v, %v", answer.StatusCode, v, err)
	}
}

func TestUISaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	url, _ := reporting(t)
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{"ui", "--redis", "http://x"}, exitUsage},
		{[]string{"ui", "--redis", url, "--listen", "127.0.0.1:999999"}, exitFault},
		{[]string{"ui", "--redis", url, "x"}, exitUsage},
	} {
		if out, errs, code := command(t, "", c.args...); code != c.code || errs == "" {
			t.Errorf("%v: exit %d, %q %q", c.args, code, out, errs)
		}
	}
}
