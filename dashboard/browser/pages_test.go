package browser_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

// Two processes and a load: the pages are live, and when the load has ended
// they say exactly what was done.
func TestPagesAreLiveAndTrue(t *testing.T) {
	f := newFleet(t)
	site, stop := f.serve(), f.load()
	b := newTab(t, 1280, 860)

	b.open(site)
	b.until(`document.querySelectorAll("svg.chart .line").length >= 5`)
	hits := `Number(document.querySelector("#hits").dataset.value) + Number(document.querySelector("#near-hits").dataset.value)`
	before := eval[int](b, hits)
	b.until(fmt.Sprintf("%s > %d", hits, before)) // by itself, without loading the page
	time.Sleep(shotPause())
	b.shot("dashboard-overview")

	b.open(site + "queries")
	b.until(`document.querySelectorAll("tr[data-query]").length >= 8`)
	b.shot("dashboard-queries")
	b.write(`input[name="q"]`, "owners join")
	b.until(`document.querySelectorAll("tr[data-query]").length === 1 && location.search.includes("owners")`)

	id := f.queryID()
	b.open(site + "query?id=" + id)
	b.until(`document.querySelectorAll("svg.chart .bar").length > 5`)
	b.shot("dashboard-query")

	b.open(site + "tables")
	b.until(`document.querySelectorAll("tr[data-table]").length >= 3`)
	b.click(`tr[data-table="todos"] a`)
	b.until(`document.querySelectorAll("tr[data-query]").length >= 4`)
	b.shot("dashboard-table")

	b.open(site + "instances")
	b.until(`document.querySelectorAll("tr[data-instance]").length === 2`)
	b.shot("dashboard-instances")

	stop()
	b.open(site + "query?id=" + id)
	b.until(fmt.Sprintf(`Number(document.querySelector("#calls").dataset.value) === %d`, f.reads.Load()))
	b.open(site + "table?name=todos")
	b.until(fmt.Sprintf(`Number(document.querySelector("#invalidations").dataset.value) === %d`, f.writes.Load()))
}

func TestEventsComeByThemselvesAndGoOnAfterAnOutage(t *testing.T) {
	f := newFleet(t)
	site := f.serve()
	b := newTab(t, 1280, 860)
	b.open(site + "events")
	b.until(`document.querySelector("#stream-state").textContent === "live"`)
	f.exec(0, "UPDATE todos SET done = 1")
	b.until(`document.querySelector("#events tr.new[data-kind=invalidate]")?.innerText.includes("todos ×")`)

	b.click("#pause")
	f.exec(1, "UPDATE owners SET name = 'x'")
	rows := eval[int](b, `document.querySelectorAll("#events tbody tr").length`)
	time.Sleep(3 * time.Second) // longer than an event takes; none may be shown
	if now := eval[int](b, `document.querySelectorAll("#events tbody tr").length`); now != rows {
		t.Errorf("paused, but %d rows became %d", rows, now)
	}
	b.click("#pause")
	b.until(`[...document.querySelectorAll("#events tr.new")].some((r) => r.innerText.includes("owners ×"))`)

	b.click(`input[value="invalidate"]`)
	b.until(`[...document.querySelectorAll("tr[data-kind=invalidate]")].every((r) => r.hidden)`)
	b.click(`input[value="invalidate"]`)

	last := eval[string](b, `document.querySelector("#events tbody tr").dataset.id`)
	b.expect("events-stream") // the connection that is lost
	f.redis.Kill()
	b.until(`document.querySelector("#stream-state").textContent.includes("Redis does not answer")`)
	f.noticed()
	f.redis.Run(t)
	b.until(`[...document.querySelectorAll("tr.new[data-kind=outage]")].length > 0`)
	if twice := eval[int](b, fmt.Sprintf(`document.querySelectorAll('[data-id="%s"]').length`, last)); twice != 1 {
		t.Errorf("event %s is shown %d times", last, twice)
	}
	b.shot("dashboard-events")
}

// The browser gives up a stream whose answer is an error, of a proxy before the
// page for example. The page does not.
func TestEventsThatWereRefusedAreAskedForAgain(t *testing.T) {
	f := newFleet(t)
	var refuses atomic.Bool
	refuses.Store(true)
	site := f.serveBehind(func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if refuses.Load() && strings.HasSuffix(r.URL.Path, "/events-stream") {
				http.Error(w, "try later", http.StatusBadGateway)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	b := newTab(t, 1280, 860)
	b.expect("events-stream")
	b.open(site + "events")
	b.until(`document.querySelector("#stream-state").textContent.includes("trying again")`)
	f.exec(0, "UPDATE todos SET done = 1")
	refuses.Store(false)
	b.until(`document.querySelector("#stream-state").textContent === "live"`)
	b.until(`document.querySelector("#events tr.new[data-kind=invalidate]")?.innerText.includes("todos ×")`)
}

const secondRules = firstRules + `- name: notes
  tables: [notes]
  ttl: 30s
`

// Edit, review, commit, roll back, as a person does; both processes follow
// without being asked.
func TestRulesAreChangedAndRolledBack(t *testing.T) {
	f := newFleet(t)
	site, _ := f.serve(), f.load()
	b := newTab(t, 1280, 860)
	b.open(site + "rules")
	b.until(`document.querySelector("#following").textContent === "2 of 2"`)
	b.click("#edit")
	b.do(chromedp.WaitVisible(chromedp.CSS("#text")))
	b.until(`document.querySelectorAll("#gutter span").length === ` + fmt.Sprint(strings.Count(firstRules, "\n")+1))

	b.expect("422") // the answer to a text with a mistake
	b.write("#text", strings.Replace(secondRules, "ttl: 30s", "tll: 30s", 1))
	b.click("#review")
	b.until(`document.querySelector("#mistakes")?.innerText.includes("ttl")`)
	b.shot("dashboard-mistake")
	b.click("#mistakes a")
	b.until(`document.activeElement.id === "text" && document.querySelector("#text").value.slice(document.querySelector("#text").selectionStart).startsWith("  tll")`)

	b.write("#text", secondRules)
	b.click("#review")
	b.until(`document.querySelector("#commit") && document.querySelectorAll(".diff .add").length === 3`)
	b.write(`input[name="comment"]`, "notes are read often and hardly ever written")
	b.shot("dashboard-review")
	began := time.Now()
	b.click("#commit")
	took := f.within("notes", 3, began)
	if t.Logf("both processes had it after %v", took); took > 4*time.Second { // by asking it would be 5
		t.Errorf("both had the rule after %v", took)
	}
	b.until(`document.querySelector("#done") && document.querySelector("#following").textContent === "2 of 2"`)
	b.shot("dashboard-rules")

	b.click("#v-1")
	b.until(`document.querySelectorAll(".diff .del").length === 3`)
	began = time.Now()
	b.click("#rollback")
	if took := f.within("owners", 2, began); took > 4*time.Second { // by asking it would be 5
		t.Errorf("both went back after %v", took)
	}
	b.until(`/rules_rollback/.test(document.querySelector("#audit")?.innerText) && document.querySelector("#audit").innerText.includes("ann")`)
}

// within waits until the last rule in both processes has a name, and returns
// how long that took.
func (f *fleet) within(name string, rules int, since time.Time) time.Duration {
	f.Helper()
	have := func(c *cachedsql.Cache) bool {
		all := c.Rules().List()
		return len(all) == rules && all[rules-1].Name == name
	}
	for !have(f.caches[0]) || !have(f.caches[1]) {
		if time.Since(since) > patience {
			f.Fatalf("rule %q is not in force", name)
		}
		time.Sleep(5 * time.Millisecond)
	}
	return time.Since(since)
}

func TestStalePlanIsShownWithTheDifference(t *testing.T) {
	f := newFleet(t)
	site := f.serve()
	b := newTab(t, 1280, 860)
	b.open(site + "rules-edit")
	b.write("#text", secondRules)
	b.click("#review")
	b.until(`document.querySelector("#commit")`)

	set := f.store.Inspector().RuleSet("")
	first, err := set.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bobs := strings.Replace(firstRules, "ttl: 1m", "ttl: 3m", 1)
	theirs, err := set.Commit(t.Context(), redisstore.RulesCommit{Base: first.Revision, Text: bobs, By: "bob", Comment: "owners change once a day"})
	if err != nil {
		t.Fatal(err)
	}
	b.expect("409") // the answer to a stale plan
	b.click("#commit")
	b.until(`document.querySelector("#conflict")?.innerText.includes("bob")`)
	for _, line := range []string{"+  ttl: 3m", "-  ttl: 1m", "+- name: notes"} {
		b.until(fmt.Sprintf(`[...document.querySelectorAll(".diff span")].some((s) => s.textContent.trim() === %q)`, line))
	}
	b.shot("dashboard-conflict")
	if now, err := set.Current(t.Context()); err != nil || now.Revision != theirs.Revision {
		t.Errorf("in force: %+v, %v", now, err)
	}
	// What both wanted, put together.
	b.write("#text", strings.Replace(secondRules, "ttl: 1m", "ttl: 3m", 1))
	b.click("#review")
	b.until(`document.querySelector("#commit") && document.querySelectorAll(".diff .del").length === 0`)
	b.click("#commit")
	b.until(`document.querySelector("#done")`)
	f.within("notes", 3, time.Now())
}

// A window as narrow as a phone's, and the dark colours.
func TestNarrowWindowAndDarkColours(t *testing.T) {
	f := newFleet(t)
	site, _ := f.serve(), f.load()
	b := newTab(t, 390, 844)
	b.prefersDark()
	paths := []string{"./", "queries", "query?id=" + f.someQuery(), "tables", "table?name=todos", "rules", "rules-edit", "rules-version?n=1", "instances", "events"}
	for _, path := range paths {
		b.open(site + path)
		b.fits()
		if c := eval[string](b, `getComputedStyle(document.body).backgroundColor`); c != "rgb(14, 17, 22)" {
			t.Errorf("%s: the page is %s in the dark", path, c)
		}
	}
	b.open(site)
	b.until(`document.querySelectorAll("svg.chart .line").length >= 5`)
	b.shot("dashboard-narrow")
	b.click("#theme")
	b.until(`getComputedStyle(document.body).backgroundColor === "rgb(245, 246, 248)"`)
	b.open(site + "queries") // and it stays
	b.until(`getComputedStyle(document.body).backgroundColor === "rgb(245, 246, 248)"`)

	wide := newTab(t, 1280, 860)
	wide.prefersDark()
	wide.open(site)
	wide.until(`document.querySelectorAll("svg.chart .line").length >= 5`)
	time.Sleep(shotPause())
	wide.shot("dashboard-dark")
}

// someQuery returns the ID of a query that is known by now.
func (f *fleet) someQuery() string {
	f.Helper()
	for range 3 {
		f.read(0, 1)
	}
	return f.queryID()
}

// Everything can be reached and used with the keyboard alone.
func TestKeyboardIsEnough(t *testing.T) {
	f := newFleet(t)
	site := f.serve()
	f.someQuery()
	b := newTab(t, 1280, 860)
	b.open(site + "queries")
	b.until(`document.querySelector("tr[data-query] a")`)
	b.press(kb.Tab)
	if first := eval[string](b, `document.activeElement.className`); first != "skip" {
		t.Errorf("the first stop is %q, not the way past the navigation", first)
	}
	stops := map[string]bool{}
	for range 60 {
		b.press(kb.Tab)
		stops[eval[string](b, `document.activeElement.id || document.activeElement.name || document.activeElement.textContent.trim()`)] = true
		if !eval[bool](b, `document.activeElement === document.body || getComputedStyle(document.activeElement).outlineStyle !== "none" || Boolean(document.activeElement.closest(".editor"))`) {
			t.Errorf("no outline on %s", eval[string](b, `document.activeElement.outerHTML`))
		}
	}
	for _, want := range []string{"Overview", "Live events", "theme", "q", "rule", "sort-calls", "q-" + f.queryID()} {
		if !stops[want] {
			t.Errorf("the keyboard does not reach %q: %v", want, stops)
		}
	}
	// A link that has the focus keeps it when the figures are loaded again.
	b.do(chromedp.Focus(chromedp.CSS("#sort-calls")))
	before := eval[string](b, `document.querySelector("#live-queries").innerHTML`)
	for range 50 {
		f.read(0, 1)
	}
	b.until(fmt.Sprintf(`document.querySelector("#live-queries").innerHTML !== %q`, before))
	if at := eval[string](b, `document.activeElement.id`); at != "sort-calls" {
		t.Errorf("the focus is on %q after the figures were loaded", at)
	}
	b.press(kb.Enter)
	b.until(`location.search.includes("sort=calls")`)

	b.open(site)
	b.until(`document.querySelector("svg[data-chart][data-ready]")`)
	for range 40 {
		if b.press(kb.Tab); eval[bool](b, `document.activeElement.matches("svg[data-chart]")`) {
			break
		}
	}
	b.until(`document.querySelector(".tip")`)
	last := eval[string](b, `document.querySelector(".tip").innerText`)
	b.press(kb.Home)
	if first := eval[string](b, `document.querySelector(".tip").innerText`); first == last || first == "" {
		t.Errorf("the plot shows %q at its begin and %q at its end", first, last)
	}
}

// Texts of statements are hostile; the page shows them and runs nothing.
func TestNothingInAStatementRuns(t *testing.T) {
	f := newFleet(t)
	site := f.serve()
	const bad = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>`
	r := &cachedsql.Report{
		Instance: cachedsql.Instance{ID: "evil", Host: bad, Version: bad, Breaker: "closed", Interval: time.Minute, Reported: time.Now()},
		Queries:  []cachedsql.QueryStats{{QueryID: "00000000000000ee", Name: bad, Statement: bad, Tables: []string{bad}, Rule: bad, Calls: 1}},
	}
	if err := f.store.Report(t.Context(), r, time.Minute); err != nil {
		t.Fatal(err)
	}
	b := newTab(t, 1280, 860)
	b.open(site + "events")
	b.until(`document.querySelector("#stream-state").textContent === "live"`)
	event := cachedsql.StreamEvent{Kind: cachedsql.StreamNote, Host: bad, Message: bad, QueryID: bad, Count: 1}
	if err := f.store.AppendEvents(t.Context(), []cachedsql.StreamEvent{event}); err != nil {
		t.Fatal(err)
	}
	b.until(`[...document.querySelectorAll("tr.new")].some((r) => r.innerText.includes("onerror"))`)
	for _, path := range []string{"./", "queries", "query?id=00000000000000ee", "instances", "tables"} {
		b.open(site + path)
		b.until(`document.body.innerText.includes("onerror")`)
		if n := eval[int](b, `document.querySelectorAll("main img, main script").length`); n != 0 {
			t.Errorf("%s: %d elements of the statement are in the page", path, n)
		}
	}
	if title := eval[string](b, `document.title`); strings.Contains(title, "owned") {
		t.Error("a statement ran")
	}
}

func TestPageSaysThatRedisIsAway(t *testing.T) {
	f := newFleet(t)
	site := f.serve()
	b := newTab(t, 1280, 860)
	b.open(site + "instances")
	b.until(`document.querySelectorAll("tr[data-instance]").length === 2`)
	f.redis.Kill()
	b.until(`document.querySelector("#live-state").innerText.includes("Redis does not answer")`)
	b.expect("503") // the pages that have nothing to show
	b.open(site + "events")
	b.until(`document.querySelector("h1").textContent === "Redis does not answer"`)
	b.shot("dashboard-down")
	f.redis.Run(t)
	b.until(`document.querySelector("h1").textContent === "Live events"`)
}
