package sqlparse

import (
	"reflect"
	"sync"

	"github.com/pgplex/pgparser/nodes"
)

// pgparser has no walker. This one finds the nodes below a node by type, so
// that a subquery cannot hide in a field nobody thought of.

var nodeType = reflect.TypeFor[nodes.Node]()

// fieldsOf remembers which fields of a struct type can hold nodes.
var fieldsOf sync.Map // reflect.Type -> []int

func nodeFields(t reflect.Type) []int {
	if known, ok := fieldsOf.Load(t); ok {
		return known.([]int)
	}
	var fields []int
	for i := range t.NumField() {
		f := t.Field(i).Type
		if f.Implements(nodeType) || reflect.PointerTo(f).Implements(nodeType) {
			fields = append(fields, i)
		}
	}
	fieldsOf.Store(t, fields)
	return fields
}

// children calls visit for each node directly below n.
func children(n nodes.Node, visit func(nodes.Node)) {
	v := reflect.ValueOf(n)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return
	}
	v = v.Elem()
	for _, i := range nodeFields(v.Type()) {
		f := v.Field(i)
		if f.Kind() == reflect.Struct {
			f = f.Addr()
		}
		if f.IsNil() {
			continue
		}
		if child, ok := f.Interface().(nodes.Node); ok && !isNilNode(child) {
			visit(child)
		}
	}
}

// isNilNode reports a nil pointer within a non-nil interface, which the
// parser's actions leave behind for absent clauses.
func isNilNode(n nodes.Node) bool {
	v := reflect.ValueOf(n)
	return v.Kind() == reflect.Pointer && v.IsNil()
}
