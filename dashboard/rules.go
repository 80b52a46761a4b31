package dashboard

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/cachedsql/cachedsql"
	"github.com/cachedsql/cachedsql/redisstore"
)

// The pages on rules, in the order in which one gets to them:
//
//	rules           what is in force, who follows it, what was before
//	rules-version   an earlier version, and what going back to it changes
//	rules-edit      the text, and what the traffic speaks for
//	rules-take      takes an advice into the text
//	rules-review    what the text would change: mistakes, or the difference and what it would do to the traffic
//	rules-commit    puts it in force, if nobody else has changed them meanwhile
//	rules-rollback  the same for an earlier version

func (d *Dashboard) rulesRoutes() {
	d.mux.HandleFunc("GET /rules", d.rules)
	d.mux.HandleFunc("GET /rules-version", d.rulesVersion)
	d.mux.HandleFunc("GET /rules-edit", d.changing(d.rulesEdit))
	d.mux.HandleFunc("POST /rules-take", d.changing(d.rulesTake))
	d.mux.HandleFunc("POST /rules-review", d.changing(d.rulesReview))
	d.mux.HandleFunc("POST /rules-draft", d.changing(d.rulesDraft))
	d.mux.HandleFunc("POST /rules-commit", d.changing(d.rulesCommit))
	d.mux.HandleFunc("POST /rules-rollback", d.changing(d.rulesRollback))
}

type rulesBody struct {
	Set       string
	Sets      []string
	Current   *cachedsql.RulesVersion
	Lines     []string
	History   []cachedsql.RulesVersion
	Followers []redisstore.Instance
	// Following is how many of them have the current version in force.
	Following int
	Others    int // processes that follow no set, or another
	Drafts    []redisstore.RulesDraft
	Audit     []redisstore.AuditEntry
	Rules     []ruleRow
	Advice    *adviceList
	Done      string // the revision that the user has just committed
}

// setOf returns the rule set that a request is about.
func (d *Dashboard) setOf(r *http.Request) *redisstore.RuleSet {
	return d.config.Inspector.RuleSet(r.FormValue("set"))
}

const shownAudit = 30

func (d *Dashboard) rules(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), requestDeadline)
	defer cancel()
	set := d.setOf(r)
	b := &rulesBody{Set: set.Name(), Done: r.FormValue("done")}
	if err := d.readRules(ctx, set, b); err != nil {
		d.rulesFailed(w, r, err)
		return
	}
	if s := d.history.latest(ctx); s.Fleet != nil {
		b.Followers = s.Fleet.Followers(set.Name())
		b.Others = len(s.Fleet.Instances) - len(b.Followers)
		traffic := s.Reports.Following(set.Name())
		b.Rules = ruleRows(b.Current.Text, traffic.Rules)
		b.Advice = newAdviceList(traffic.Advise(set.Name(), b.Current.Text), b.Current.Text)
	}
	for _, in := range b.Followers {
		if in.LiveRules.Revision == b.Current.Revision {
			b.Following++
		}
	}
	d.render(w, r, http.StatusOK, "rules", d.view(r, "rules", "Rules", b))
}

func (d *Dashboard) readRules(ctx context.Context, set *redisstore.RuleSet, b *rulesBody) (err error) {
	if b.Current, err = set.Current(ctx); err != nil {
		return err
	}
	b.Lines = linesOf(b.Current.Text)
	if b.History, err = set.History(ctx); err != nil {
		return err
	}
	if b.Drafts, err = set.Drafts(ctx); err != nil {
		return err
	}
	if b.Sets, err = d.config.Inspector.RuleSets(ctx); err != nil {
		return err
	}
	if !slices.Contains(b.Sets, b.Set) {
		b.Sets = append(b.Sets, b.Set)
	}
	b.Audit, err = d.config.Inspector.Audit(ctx, shownAudit)
	return err
}

// linesOf returns the lines of a text, none for "".
func linesOf(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// rulesFailed answers for what Redis, or a request, has made go wrong.
func (d *Dashboard) rulesFailed(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case errors.Is(err, redisstore.ErrNoRulesVersion):
		d.fail(w, r, http.StatusNotFound, "There is no such version of the rules", err)
	case cachedsql.ValidRuleSet(d.setOf(r).Name()) != nil:
		d.fail(w, r, http.StatusBadRequest, "That is no name of a rule set", err)
	default:
		d.fail(w, r, http.StatusServiceUnavailable, "Redis does not answer", err)
	}
}

// editBody is the text on its way: written, reviewed, refused.
type editBody struct {
	Set     string
	Base    string // the revision it started from
	Text    string
	Comment string

	Mistakes []*cachedsql.RuleError
	Problem  string // any other
	Reviewed bool   // it has no mistakes, and Diff is what it changes
	Diff     []diffLine
	Preview  *preview // what it would do
	Advice   *adviceList
	Taken    string // the rule that has just come into it

	// Conflict is what somebody else has put in force since, and Theirs what
	// that changed in what the text was made from.
	Conflict *cachedsql.RulesVersion
	Theirs   []diffLine

	Drafted string // when the draft that is shown was saved
	Saved   bool   // it has just been
}

func (d *Dashboard) edit(w http.ResponseWriter, r *http.Request, status int, b *editBody) {
	if !b.Reviewed && b.Conflict == nil {
		b.Advice = d.adviceFor(r.Context(), b)
	}
	v := d.view(r, "rules", "Edit rules", b)
	v.Refresh = 0 // what is being written stays
	d.render(w, r, status, "edit", v)
}

// rulesTemplate is what a set without a version begins with.
const rulesTemplate = `version: 1
rules:
# - name: products
#   tables_any: [products]
#   ttl: 1m
`

func (d *Dashboard) rulesEdit(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), requestDeadline)
	defer cancel()
	b, err := d.begun(ctx, r)
	if err != nil {
		d.rulesFailed(w, r, err)
		return
	}
	d.edit(w, r, http.StatusOK, b)
}

// begun is what the user has written so far, or what is in force.
func (d *Dashboard) begun(ctx context.Context, r *http.Request) (*editBody, error) {
	set := d.setOf(r)
	current, err := set.Current(ctx)
	if err != nil {
		return nil, err
	}
	b := &editBody{Set: set.Name(), Base: current.Revision, Text: current.Text}
	if current.Revision == "" {
		b.Text = rulesTemplate
	}
	if r.FormValue("fresh") != "" {
		return b, nil
	}
	drafts, err := set.Drafts(ctx)
	for _, draft := range drafts {
		if draft.By == userOf(r) {
			b.Base, b.Text, b.Drafted = draft.Base, draft.Text, draft.At.Local().Format("2006-01-02 15:04")
		}
	}
	return b, err
}

// written reads the form of the editor. Browsers end lines with CR LF.
func (d *Dashboard) written(r *http.Request) *editBody {
	return &editBody{
		Set: d.setOf(r).Name(), Base: r.FormValue("base"),
		Text:    strings.ReplaceAll(r.FormValue("text"), "\r\n", "\n"),
		Comment: strings.TrimSpace(strings.ReplaceAll(r.FormValue("comment"), "\r\n", "\n")),
	}
}

func (d *Dashboard) rulesDraft(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), requestDeadline)
	defer cancel()
	b, set := d.written(r), d.setOf(r)
	if r.FormValue("discard") != "" {
		if err := set.DiscardDraft(ctx, userOf(r)); err != nil {
			d.rulesFailed(w, r, err)
			return
		}
		seeOther(w, "rules?set="+url.QueryEscape(b.Set))
		return
	}
	d.saveDraft(ctx, w, r, b)
}

// saveDraft keeps the text and shows the editor again.
func (d *Dashboard) saveDraft(ctx context.Context, w http.ResponseWriter, r *http.Request, b *editBody) {
	err := d.setOf(r).SaveDraft(ctx, redisstore.RulesDraft{By: userOf(r), Base: b.Base, Text: b.Text})
	if err != nil {
		b.Problem, b.Taken = err.Error(), ""
		d.edit(w, r, http.StatusBadGateway, b)
		return
	}
	b.Saved, b.Drafted = true, ""
	d.edit(w, r, http.StatusOK, b)
}

func (d *Dashboard) rulesReview(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), requestDeadline)
	defer cancel()
	b := d.written(r)
	if r.FormValue("again") != "" { // back to the text
		d.edit(w, r, http.StatusOK, b)
		return
	}
	if _, err := d.setOf(r).Check(b.Text); err != nil {
		b.mistaken(err)
		d.edit(w, r, http.StatusUnprocessableEntity, b)
		return
	}
	current, err := d.setOf(r).Current(ctx)
	if err != nil {
		d.rulesFailed(w, r, err)
		return
	}
	if current.Revision != b.Base {
		d.conflict(ctx, w, r, b, current)
		return
	}
	b.Reviewed, b.Preview = true, d.previewOf(ctx, b.Set, b.Text)
	b.Diff = diffOf("in force: "+orNone(current.Revision), current.Text, "to be committed", b.Text)
	d.edit(w, r, http.StatusOK, b)
}

func (b *editBody) mistaken(err error) {
	if b.Mistakes = cachedsql.RuleErrors(err); len(b.Mistakes) == 0 {
		b.Problem = err.Error()
	}
}

func orNone(revision string) string {
	if revision == "" {
		return "nothing"
	}
	return revision
}

// conflict shows what somebody else has changed since. The user's text stays,
// now on the base of theirs: the next review shows what it would undo.
func (d *Dashboard) conflict(ctx context.Context, w http.ResponseWriter, r *http.Request, b *editBody, current *cachedsql.RulesVersion) {
	was := ""
	if number, ok := cachedsql.RulesNumber(b.Base); ok && number > 0 {
		if v, err := d.setOf(r).Version(ctx, number); err == nil { // else it is not kept any more
			was = v.Text
		}
	}
	b.Conflict = current
	b.Theirs = diffOf("yours started from: "+orNone(b.Base), was, "in force: "+orNone(current.Revision), current.Text)
	b.Diff = diffOf("in force: "+orNone(current.Revision), current.Text, "yours", b.Text)
	b.Base = current.Revision
	d.edit(w, r, http.StatusConflict, b)
}

func (d *Dashboard) rulesCommit(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), requestDeadline)
	defer cancel()
	b, set := d.written(r), d.setOf(r)
	v, err := set.Commit(ctx, redisstore.RulesCommit{Base: b.Base, Text: b.Text, By: userOf(r), Comment: b.Comment})
	d.log(r, redisstore.AuditCommit, set.Name(), v, err)
	if err != nil {
		d.refused(ctx, w, r, b, err)
		return
	}
	_ = set.DiscardDraft(ctx, userOf(r)) // it is in force now
	done(w, set.Name(), v.Revision)
}

func (d *Dashboard) rulesRollback(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), requestDeadline)
	defer cancel()
	b, set := d.written(r), d.setOf(r)
	to, err := strconv.ParseInt(r.FormValue("to"), 10, 64)
	if err != nil {
		d.fail(w, r, http.StatusBadRequest, "Back to which version?", nil)
		return
	}
	v, err := set.Rollback(ctx, b.Base, to, userOf(r), b.Comment)
	d.log(r, redisstore.AuditRollback, set.Name(), v, err)
	if err != nil {
		if old, err := set.Version(ctx, to); err == nil {
			b.Text = old.Text // to be shown beside what is in force
		}
		d.refused(ctx, w, r, b, err)
		return
	}
	done(w, set.Name(), v.Revision)
}

// refused answers for a commit that did not happen.
func (d *Dashboard) refused(ctx context.Context, w http.ResponseWriter, r *http.Request, b *editBody, err error) {
	var conflict *redisstore.RulesConflictError
	switch {
	case errors.As(err, &conflict):
		d.conflict(ctx, w, r, b, &conflict.Current)
	case errors.Is(err, redisstore.ErrRulesUnchanged):
		b.Problem = "These rules are in force already."
		d.edit(w, r, http.StatusUnprocessableEntity, b)
	case len(cachedsql.RuleErrors(err)) != 0:
		b.mistaken(err)
		d.edit(w, r, http.StatusUnprocessableEntity, b)
	default:
		b.Problem = "Nothing was committed: " + err.Error()
		d.edit(w, r, http.StatusBadGateway, b)
	}
}

// log writes who changed what, also where it was refused. What happened is in
// the audit log in Redis as well.
func (d *Dashboard) log(r *http.Request, action, set string, v *cachedsql.RulesVersion, err error) {
	attributes := []any{"user", userOf(r), "remote", r.RemoteAddr, "action", action, "set", set}
	if err != nil {
		d.config.Logger.Warn("cachedsql: dashboard: change refused", append(attributes, "error", err)...)
		return
	}
	d.config.Logger.Info("cachedsql: dashboard: change", append(attributes, "revision", v.Revision)...)
}

func done(w http.ResponseWriter, set, revision string) {
	seeOther(w, fmt.Sprintf("rules?set=%s&done=%s", url.QueryEscape(set), url.QueryEscape(revision)))
}

// seeOther sends the browser to another page by a relative address, which
// http.Redirect would turn into an absolute one without the prefix.
func seeOther(w http.ResponseWriter, address string) {
	w.Header().Set("Location", address)
	w.WriteHeader(http.StatusSeeOther)
}

type versionBody struct {
	Set     string
	Version *cachedsql.RulesVersion
	Current *cachedsql.RulesVersion
	Lines   []string
	Diff    []diffLine // what going back to it changes
	Preview *preview   // and would do
}

func (d *Dashboard) rulesVersion(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), requestDeadline)
	defer cancel()
	set := d.setOf(r)
	number, err := strconv.ParseInt(r.FormValue("n"), 10, 64)
	if err != nil {
		d.fail(w, r, http.StatusBadRequest, "Which version?", nil)
		return
	}
	version, err := set.Version(ctx, number)
	if err != nil {
		d.rulesFailed(w, r, err)
		return
	}
	current, err := set.Current(ctx)
	if err != nil {
		d.rulesFailed(w, r, err)
		return
	}
	b := &versionBody{
		Set: set.Name(), Version: version, Current: current, Lines: linesOf(version.Text),
		Diff: diffOf("in force: "+orNone(current.Revision), current.Text, "version "+version.Revision, version.Text),
	}
	if version.Revision != current.Revision {
		b.Preview = d.previewOf(ctx, set.Name(), version.Text)
	}
	v := d.view(r, "rules", fmt.Sprintf("Version %d of the rules", number), b)
	v.Refresh = 0
	d.render(w, r, http.StatusOK, "version", v)
}

// diffLine is a line of a difference: Kind is "add", "del", "place" or "".
type diffLine struct{ Kind, Text string }

func diffOf(fromName, from, toName, to string) []diffLine {
	var all []diffLine
	for n, text := range linesOf(cachedsql.DiffRules(fromName, from, toName, to)) {
		l := diffLine{Text: text}
		switch {
		case n < 2 || strings.HasPrefix(text, "@@"):
			l.Kind = "place"
		case strings.HasPrefix(text, "+"):
			l.Kind = "add"
		case strings.HasPrefix(text, "-"):
			l.Kind = "del"
		}
		all = append(all, l)
	}
	return all
}
