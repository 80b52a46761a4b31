package sqlparse

import (
	"slices"

	"github.com/cachedsql/cachedsql/internal/reason"
)

// The readers fill a Statement through these: they keep the lists free of
// duplicates and the first reason found.

func (s *Statement) addRead(ref TableRef) {
	s.ReadRefs = append(s.ReadRefs, ref)
	if !slices.Contains(s.Reads, ref.Table) {
		s.Reads = append(s.Reads, ref.Table)
	}
}

func (s *Statement) addWrite(ref WriteRef) {
	s.WriteRefs = append(s.WriteRefs, ref)
	if !slices.Contains(s.Writes, ref.Table) {
		s.Writes = append(s.Writes, ref.Table)
		if s.Dialect == Postgres && ref.Table.Name == "pg_settings" {
			s.SessionUnknown = true // a rule of this view calls set_config()
		}
	}
}

func (s *Statement) addFunc(f Func) {
	if !slices.Contains(s.Funcs, f) {
		s.Funcs = append(s.Funcs, f)
	}
}

// setsVar records a setting that changes. A statement that changes some for
// the transaction and some for the session is not understood.
func (s *Statement) setsVar(name string, local bool) {
	if len(s.SessionVars) > 0 && s.SessionLocal != local {
		s.SessionUnknown = true
	}
	s.SessionVars = append(s.SessionVars, name)
	s.SessionLocal = local
}

// refuseCache records why the result must not be cached. The first cause
// stays: it is the one a reader of the text meets first.
func (s *Statement) refuseCache(r reason.Reason, detail string) {
	if s.Reason == reason.None {
		s.Reason, s.Detail = r, detail
	}
}
