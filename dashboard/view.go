package dashboard

import (
	bytesio "bytes"
	"embed"
	"html/template"
	"net/http"
	"time"

	"github.com/cachedsql/cachedsql/redisstore"
)

//go:embed templates
var templateFiles embed.FS

var templates = parseTemplates("overview", "queries", "query", "tables", "table", "instances", "events", "rules", "edit", "version", "message")

// parseTemplates gives each page a set of its own: all define "content".
func parseTemplates(names ...string) map[string]*template.Template {
	all := map[string]*template.Template{}
	for _, name := range names {
		all[name] = template.Must(template.New("layout.html").Funcs(functions).
			ParseFS(templateFiles, "templates/layout.html", "templates/parts.html", "templates/"+name+".html"))
	}
	return all
}

// view is what every page shows.
type view struct {
	Title   string
	Section string // of the navigation
	User    string
	Changes bool
	// Refresh is how often the script loads what is marked as live, in
	// milliseconds; 0: never.
	Refresh int
	// Stale says why the figures are not of now, "" if they are. At is when they
	// were read.
	Stale string
	At    time.Time
	Body  any
}

const refresh = 3 * time.Second

func (d *Dashboard) view(r *http.Request, section, title string, body any) *view {
	return &view{
		Title: title, Section: section, User: userOf(r), Changes: d.config.AllowChanges,
		Refresh: int(refresh.Milliseconds()), At: time.Now(), Body: body,
	}
}

// render writes a page. A page that does not come out whole is not sent at all.
func (d *Dashboard) render(w http.ResponseWriter, r *http.Request, status int, name string, v *view) {
	var b bytesio.Buffer
	if err := templates[name].ExecuteTemplate(&b, "layout.html", v); err != nil {
		d.config.Logger.Error("cachedsql: dashboard: page", "page", name, "error", err)
		http.Error(w, "The page could not be made; the log says why.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(b.Bytes())
	}
}

// message is a page with nothing but words.
type message struct {
	Text   string
	Detail string
	Status int
}

// fail answers with a page that says what is wrong. err is for the person who
// looks, so it must not hold secrets.
func (d *Dashboard) fail(w http.ResponseWriter, r *http.Request, status int, text string, err error) {
	m := message{Text: text, Status: status}
	if err != nil {
		m.Detail = err.Error()
	}
	v := d.view(r, "", text, m)
	v.Refresh = 0
	if status == http.StatusServiceUnavailable {
		v.Refresh = int(refresh.Milliseconds()) // it is shown as soon as there is something
	}
	d.render(w, r, status, "message", v)
}

// fleet answers with a page on the fleet as it was read last, or says why there
// is nothing to show.
func (d *Dashboard) fleet(w http.ResponseWriter, r *http.Request, section, title, name string, body func(*redisstore.Fleet) any) {
	s := d.history.latest(r.Context())
	if s.Fleet == nil {
		d.fail(w, r, http.StatusServiceUnavailable, "Redis does not answer", s.Err)
		return
	}
	made := body(s.Fleet)
	if made == nil {
		d.fail(w, r, http.StatusNotFound, "No process reports this, or not any more", nil)
		return
	}
	v := d.view(r, section, title, made)
	v.At = s.At
	if s.Err != nil {
		v.Stale = s.Err.Error()
	}
	d.render(w, r, http.StatusOK, name, v)
}
