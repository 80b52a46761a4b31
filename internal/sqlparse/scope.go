package sqlparse

// cteScope is the common table expressions a name can mean at some place of
// the statement, innermost first.
type cteScope struct {
	outer *cteScope
	name  string
}

func (s *cteScope) has(name string) bool {
	for ; s != nil; s = s.outer {
		if s.name == name {
			return true
		}
	}
	return false
}
