package sqlparse

import "strings"

// parseGeneric analyses the text of a database nobody knows: as each dialect
// would, in turn. What every accepting reader finds counts, and the most
// consequential kind. Comments stay in the text, because where they start
// depends on the dialect, and two different statements must never share a key.
func parseGeneric(text string) *Statement {
	var st *Statement
	for _, d := range [...]Dialect{Postgres, MySQL, SQLite} {
		p := Parse(d, text)
		if len(p.Names) != 0 {
			p.Kind, p.Names = Unknown, nil // a query to MySQL, if it is one
		}
		switch {
		case st == nil, st.Kind == Unknown && p.Kind != Unknown:
			st = p
		case p.Kind == Unknown:
		default:
			st.agree(p)
		}
	}
	st.Dialect = Generic
	st.Text = strings.TrimSpace(text)
	st.forgetRows()
	return st
}

// agree takes a second dialect's reading of the same text into account.
func (s *Statement) agree(p *Statement) {
	if weight(p.Kind) > weight(s.Kind) {
		s.Kind = p.Kind
		s.Tx = p.Tx
	}
	s.refuseCache(p.Reason, p.Detail)
	s.absorb(p)
}

// forgetRows drops what is known of single rows: which rows a condition means
// is one more thing that depends on the dialect (5--3 is 5 or 8).
func (s *Statement) forgetRows() {
	s.ReadRefs, s.WriteRefs = nil, nil
	for _, t := range s.Reads {
		s.ReadRefs = append(s.ReadRefs, TableRef{Table: t})
	}
	for _, t := range s.Writes {
		s.WriteRefs = append(s.WriteRefs, WriteRef{Table: t})
	}
}
