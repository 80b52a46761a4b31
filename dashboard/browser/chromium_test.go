package browser_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// chromium returns where the browser is. As root on Debian it is installed
// where it is missing, as scripts/services does with servers. A machine without
// one skips these tests, but not CI.
var chromium = sync.OnceValues(func() (string, error) {
	for _, name := range []string{os.Getenv("CACHEDSQL_TEST_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); name != "" && err == nil {
			return found, nil
		}
	}
	if _, err := exec.LookPath("apt-get"); err != nil || os.Geteuid() != 0 {
		return "", fmt.Errorf("these tests need Chromium: set CACHEDSQL_TEST_CHROMIUM, or install Debian's package chromium")
	}
	script := "apt-get -qq update && apt-get -qq -y install --no-install-recommends chromium fonts-dejavu-core"
	install := exec.Command("sh", "-c", script)
	install.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := install.CombinedOutput(); err != nil {
		return "", fmt.Errorf("install chromium: %w: %s", err, out)
	}
	return exec.LookPath("chromium")
})

// tab is a page in a browser of its own. Whatever it writes to its console and
// every exception in it is a mistake.
type tab struct {
	*testing.T
	ctx     context.Context
	started bool

	mu       sync.Mutex
	problems []string // under mu
	expected []string // parts of problems that are meant, under mu
}

const patience = 60 * time.Second

func newTab(t *testing.T, width, height int64) *tab {
	t.Helper()
	path, err := chromium()
	if err != nil && os.Getenv("CI") != "" {
		t.Fatal(err)
	} else if err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.WSURLReadTimeout(patience))
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 4*patience)
	t.Cleanup(cancel)
	b := &tab{T: t}
	b.ctx, cancel = chromedp.NewContext(ctx, chromedp.WithListener(b.listen))
	t.Cleanup(cancel)
	b.do(chromedp.EmulateViewport(width, height), command(log.Enable, cdp.Empty{}),
		command(emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}))
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, p := range b.problems {
			t.Errorf("the browser complains: %s", p)
		}
	})
	return b
}

func (b *tab) listen(event any) {
	problem := ""
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		problem = "exception: " + e.ExceptionDetails.Text
		if thrown := e.ExceptionDetails.Exception; thrown != nil {
			problem += " " + thrown.Description
		}
	case *runtime.EventConsoleAPICalled:
		problem = "console"
		for _, arg := range e.Args {
			problem += " " + string(arg.Value)
		}
	case *log.EventEntryAdded:
		problem = fmt.Sprintf("%s: %s %s", e.Entry.Level, e.Entry.Text, e.Entry.URL)
	case *page.EventJavascriptDialogOpening:
		problem = "dialog: " + e.Message
	}
	if problem == "" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, part := range b.expected {
		if strings.Contains(problem, part) {
			return
		}
	}
	b.problems = append(b.problems, problem)
}

// expect lets the browser complain about something that is meant.
func (b *tab) expect(part string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.expected = append(b.expected, part)
}

// do acts on the page.
func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if !b.started { // the first call starts the browser, which must outlive it
		ctx, b.started = b.ctx, true
	}
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.Fatalf("%v; the page: %s", err, b.text())
	}
}

// command is a call of the DevTools protocol.
func command[P, R any](c cdp.Command[P, R], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, c, params)
		return err
	})
}

// text is what a person reads on the page, for messages.
func (b *tab) text() string {
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body ? document.body.innerText : ""`)) // for a message
	return text
}

func (b *tab) open(address string) {
	b.Helper()
	b.do(chromedp.Navigate(address), chromedp.WaitVisible(chromedp.CSS("#main")))
}

// eval evaluates an expression in the page.
func eval[T any](b *tab, expression string) T {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.Fatalf("%s: %v; the page: %s", expression, err, b.text())
	}
	return value
}

// until waits for an expression to become true. While the browser goes from one
// page to the next it is not.
func (b *tab) until(expression string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	for {
		value, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("(() => { try { return Boolean("+expression+") } catch { return false } })()"))
		switch {
		case err == nil && value:
			return
		case ctx.Err() != nil:
			b.Fatalf("never: %s (%v); the page: %s", expression, err, b.text())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (b *tab) click(selector string) {
	b.Helper()
	b.do(chromedp.Click(chromedp.CSS(selector)))
}

// write replaces what is in a field.
func (b *tab) write(selector, text string) {
	b.Helper()
	b.do(chromedp.SetValue(chromedp.CSS(selector), text))
	eval[bool](b, fmt.Sprintf(`document.querySelector(%q).dispatchEvent(new Event("input", {bubbles: true}))`, selector))
}

func (b *tab) press(keys string) {
	b.Helper()
	b.do(chromedp.KeyEvent(keys))
}

func (b *tab) prefersDark() {
	b.Helper()
	b.do(command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: "dark"}},
	}))
}

// shot takes a picture of what is visible, into the folder that
// CACHEDSQL_SCREENSHOTS names. There are none without it.
func (b *tab) shot(name string) {
	b.Helper()
	dir := os.Getenv("CACHEDSQL_SCREENSHOTS")
	if dir == "" {
		return
	}
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		b.Fatal(err)
	}
}

// fits reports that nothing makes the page wider than the window.
func (b *tab) fits() {
	b.Helper()
	if over := eval[int](b, `document.documentElement.scrollWidth - document.documentElement.clientWidth`); over > 0 {
		wide := eval[string](b, `[...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > innerWidth && !e.closest(".scroll, pre, .source, svg"))
			.map((e) => e.tagName + "." + e.className).slice(0, 5).join()`)
		b.Errorf("the page is %d pixels wider than the window: %s", over, wide)
	}
}

// shotPause lets the plots grow where somebody wants pictures of them.
func shotPause() time.Duration {
	if os.Getenv("CACHEDSQL_SCREENSHOTS") == "" {
		return 0
	}
	return 25 * time.Second
}
