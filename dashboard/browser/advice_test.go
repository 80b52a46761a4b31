package browser_test

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// The way of a query into the cache: advice, a shadow rule that is previewed
// and committed, comparisons, and advice to let it serve. What the page says of
// the traffic is what was counted apart from it.
func TestAdviceIsTakenPreviewedAndCommitted(t *testing.T) {
	f := newFleet(t)
	site, _ := f.serve(), f.load()
	b := newTab(t, 1280, 860)
	b.open(site + "rules")
	b.until(`[...document.querySelectorAll("#advice li")].some((l) => l.innerText.includes("NotesOf") && l.innerText.includes("cache"))`)
	id := f.idOf("NotesOf")
	b.shot("dashboard-advice")
	b.take(id)
	b.until(`document.querySelector("#text")?.value.includes("cache-NotesOf-` + id + `")`)
	if text := eval[string](b, `document.querySelector("#text").value`); !strings.Contains(text, firstRules[strings.Index(firstRules, "- name: todos"):]) || !strings.Contains(text, "mode: shadow") {
		t.Errorf("the draft: %s", text)
	}
	b.until(`[...document.querySelectorAll("#advice li")].some((l) => l.innerText.includes("It is in the text."))`)

	b.write("#text", strings.Replace(eval[string](b, `document.querySelector("#text").value`), "  mode: shadow\n", "", 1))
	b.click("#review")
	f.previewed(b, id)
	b.shot("dashboard-preview")
	b.do(chromedp.EmulateViewport(390, 844))
	b.fits()
	b.shot("dashboard-preview-narrow")
	b.do(chromedp.EmulateViewport(1280, 860))

	// Carefully first, as was proposed.
	b.open(site + "rules-edit")
	b.until(`document.querySelector("#text").value.includes("mode: shadow")`)
	b.click("#review")
	b.until(`document.querySelector("#preview")?.innerText.includes("shadow mode")`)
	began := time.Now()
	b.click("#commit")
	f.first("cache-NotesOf-"+id, began)
	row := fmt.Sprintf(`document.querySelector('#rule-figures [data-rule="cache-NotesOf-%s"]')`, id)
	b.until(row + `.innerText.includes("shadow") && Number(` + row + `.querySelector("[data-compared]").dataset.compared) > 20`)
	if wrong := eval[string](b, row+`.querySelector("[data-different]").dataset.different`); wrong != "0" {
		t.Errorf("%s comparisons found the cache wrong", wrong)
	}
	b.until(`[...document.querySelectorAll("#advice li")].some((l) => l.innerText.includes("NotesOf") && l.innerText.includes("serve"))`)
	b.shot("dashboard-rules")
	b.prefersDark()
	b.do(chromedp.ScrollIntoView(chromedp.CSS("#take-" + id)))
	b.shot("dashboard-advice-dark")
	b.take(id)
	b.until(`document.querySelector("#text")?.value.includes("verify: 1%")`)
	b.click("#review")
	b.until(`document.querySelector("#commit")`)
	b.click("#commit")
	b.until(row + ` && /verify 1\.0 %/.test(` + row + `.innerText)`)
	b.until(`document.querySelector("#following").textContent === "2 of 2"`)
	b.shot("dashboard-rules-dark")
	b.do(chromedp.EmulateViewport(390, 844))
	b.fits()
}

// take presses the button of an advice without a mouse.
func (b *tab) take(id string) {
	b.Helper()
	b.do(chromedp.Focus(chromedp.CSS("#take-" + id)))
	b.press(kb.Enter)
}

// previewed compares the preview with what was counted.
func (f *fleet) previewed(b *tab, id string) {
	f.Helper()
	b.until(`document.querySelector("#selected")`)
	if n := eval[string](b, `document.querySelector("#selected").dataset.value`); n != "5" {
		f.Errorf("%s queries would be cached, not 5: %s", n, b.text())
	}
	percent := func(selector string) float64 {
		f.Helper()
		text := eval[string](b, fmt.Sprintf(`document.querySelector(%q).innerText`, selector))
		v, err := strconv.ParseFloat(strings.TrimSuffix(text, " %"), 64)
		if err != nil {
			f.Errorf("%s: %q", selector, text)
		}
		return v
	}
	if got, want := percent("#share"), 100*f.share(read, list, report, owner, notes); math.Abs(got-want) > 8 {
		f.Errorf("they are said to be %.1f %% of the database's time; counted: %.1f %%", got, want)
	}
	if got := percent("#expected"); got < 50 || got > 100 {
		f.Errorf("hit ratio %.1f %%", got)
	}
	row := fmt.Sprintf(`document.querySelector('#main tr[data-query="%s"]')`, id)
	if text := eval[string](b, row+`.innerText`); !strings.Contains(text, "cache-NotesOf") || !strings.Contains(text, "less") {
		f.Errorf("the query: %q", text)
	}
	if text := eval[string](b, `document.querySelector("#saved").innerText`); !strings.HasSuffix(text, " less") && !strings.HasSuffix(text, " more") { // on a busy machine
		f.Errorf("callers wait %q", text)
	}
}

// first waits until a rule is the first one in both processes.
func (f *fleet) first(name string, since time.Time) {
	f.Helper()
	for i := range f.caches {
		for all := f.caches[i].Rules().List(); len(all) == 0 || all[0].Name != name; all = f.caches[i].Rules().List() {
			if time.Since(since) > patience {
				f.Fatalf("rule %q is not in force", name)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}
}
