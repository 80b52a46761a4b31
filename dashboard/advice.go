package dashboard

import (
	"context"
	"net/http"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

// traffic returns what the rules of a set are judged by: the processes that
// follow it, or all where none does. It is nil while Redis does not answer.
func (d *Dashboard) traffic(ctx context.Context, set string) *redisstore.Fleet {
	if s := d.history.latest(ctx); s.Reports != nil {
		return s.Reports.Following(set)
	}
	return nil
}

// preview is what rules would do.
type preview struct {
	*cachedsql.RulesPreview
	Shown  []cachedsql.QueryPreview
	More   int
	Shadow int  // of the selected queries, how many would only be compared
	Any    bool // some of these have conditions that figures do not tell about
}

const shownPreview = 15

// previewOf returns nil where there is nothing to judge by, or nothing to
// judge.
func (d *Dashboard) previewOf(ctx context.Context, set, text string) *preview {
	rules, err := d.config.Inspector.RuleSet(set).Check(text)
	traffic := d.traffic(ctx, set)
	if err != nil || traffic == nil {
		return nil
	}
	p := &preview{RulesPreview: rules.Preview(traffic.Queries, traffic.RoundTrip())}
	p.Shown = p.Queries[:min(len(p.Queries), shownPreview)]
	p.More = len(p.Queries) - len(p.Shown)
	for i := range p.Queries {
		if p.Queries[i].Shadow {
			p.Shadow++
		}
	}
	for i := range p.Shown {
		p.Any = p.Any || p.Shown[i].Assumed
	}
	return p
}

// adviceList is what the traffic speaks for.
type adviceList struct {
	Rows []adviceRow
	More int
}

type adviceRow struct {
	cachedsql.Advice
	Taken bool // it is in the text already
}

const shownAdvice = 10

func newAdviceList(all []cachedsql.Advice, text string) *adviceList {
	l := &adviceList{More: max(len(all)-shownAdvice, 0)}
	rules := modesOf(text)
	for _, a := range all[:min(len(all), shownAdvice)] {
		mode, there := rules[a.Preview.Rule]
		l.Rows = append(l.Rows, adviceRow{a, there && (a.Kind != cachedsql.AdviseServe || mode == cachedsql.ModeOn)})
	}
	return l
}

// modesOf returns the rules of a text with their modes, none where it has
// mistakes.
func modesOf(text string) map[string]cachedsql.RuleMode {
	modes := map[string]cachedsql.RuleMode{}
	rules, _ := cachedsql.ParseRules("rules", []byte(text)) // nil, which has no rules
	for _, rule := range rules.List() {
		modes[rule.Name] = rule.Mode
	}
	return modes
}

// adviceFor is the advice beside the editor: on the rules in force, which may
// be in the text already.
func (d *Dashboard) adviceFor(ctx context.Context, b *editBody) *adviceList {
	all, err := d.advise(ctx, b.Set)
	if err != nil {
		return nil // the text is what matters here
	}
	return newAdviceList(all, b.Text)
}

func (d *Dashboard) advise(ctx context.Context, set string) ([]cachedsql.Advice, error) {
	current, err := d.config.Inspector.RuleSet(set).Current(ctx)
	if err != nil {
		return nil, err
	}
	traffic := d.traffic(ctx, set)
	if traffic == nil {
		return nil, nil
	}
	return traffic.Advise(set, current.Text), nil
}

// rulesTake takes the advice on a query into the text of the editor or, from
// another page, into the draft.
func (d *Dashboard) rulesTake(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), requestDeadline)
	defer cancel()
	b := d.written(r)
	if !r.PostForm.Has("text") {
		begun, err := d.begun(ctx, r)
		if err != nil {
			d.rulesFailed(w, r, err)
			return
		}
		b = begun
	}
	advice, err := d.advise(ctx, b.Set)
	if err != nil {
		d.rulesFailed(w, r, err)
		return
	}
	for i := range advice {
		if advice[i].Preview.QueryID == r.PostForm.Get("take") {
			d.take(ctx, w, r, b, &advice[i])
			return
		}
	}
	b.Problem = "The traffic does not speak for this any more."
	d.edit(w, r, http.StatusConflict, b)
}

func (d *Dashboard) take(ctx context.Context, w http.ResponseWriter, r *http.Request, b *editBody, a *cachedsql.Advice) {
	text, err := a.ApplyTo(b.Text)
	if err != nil {
		b.mistaken(err)
		d.edit(w, r, http.StatusUnprocessableEntity, b)
		return
	}
	b.Text, b.Taken = text, a.Preview.Rule
	d.saveDraft(ctx, w, r, b)
}

// ruleRow is a rule and what it does.
type ruleRow struct {
	cachedsql.RuleStats
	InForce *cachedsql.Rule // nil: it is not in force any more, or in another file
	Unclear int64           // inconclusive for other reasons than a write in between
}

// ruleRows returns the rules of a text in its order, then others that have
// figures, and at the end what no rule selects.
func ruleRows(text string, figures []cachedsql.RuleStats) []ruleRow {
	byName := map[string]cachedsql.RuleStats{}
	for _, f := range figures {
		byName[f.Rule] = f
	}
	var rows []ruleRow
	add := func(name string, rule *cachedsql.Rule) {
		f := byName[name]
		f.Rule = name
		delete(byName, name)
		rows = append(rows, ruleRow{f, rule, f.Inconclusive - f.Concurrent})
	}
	rules, _ := cachedsql.ParseRules("rules", []byte(text)) // nil where a newer release wrote it
	for _, rule := range rules.List() {
		add(rule.Name, rule)
	}
	for _, f := range figures {
		if _, left := byName[f.Rule]; left && f.Rule != "" {
			add(f.Rule, nil)
		}
	}
	if _, ok := byName[""]; ok {
		add("", nil)
	}
	return rows
}
