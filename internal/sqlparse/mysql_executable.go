package sqlparse

import (
	"regexp"

	"github.com/cachedsql/cachedsql/internal/reason"
)

var executableComment = regexp.MustCompile(`(?s)/\*M?!\d{0,6}(.*?)\*/`)

// executableRead names the tables of a query with executable comments, which
// st, its fallback, does not: the server's version decides whether they are
// code, so those of both readings count. It is for whoever asks what the
// statement reads; the result is not cached whatever the answer.
func (s *Statement) executableRead(text string) {
	if s.Reason != reason.ExecutableComment || !readWords(MySQL, text).harmless() {
		return
	}
	opened := executableComment.ReplaceAllString(text, " $1 ")
	if executableComment.MatchString(opened) {
		return // nested: no end of readings
	}
	as := [...]*Statement{Parse(MySQL, opened), Parse(MySQL, executableComment.ReplaceAllString(text, " "))}
	for _, p := range as {
		if p.Kind != Read || p.Reason == reason.Unparsed || len(p.Writes) != 0 || p.WritesAll {
			return
		}
	}
	s.Kind, s.Names = Read, nil
	for _, p := range as {
		s.absorb(p)
	}
}
