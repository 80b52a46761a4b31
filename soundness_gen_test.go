package cachedsql_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cachedsql/cachedsql"
)

// soundnessGen makes statements out of templates.
type soundnessGen struct {
	*rand.Rand
	dialect cachedsql.Dialect
	focus   string // every other template contains it
}

// statement is a text with its arguments.
type statement struct {
	text string
	args []any
}

func (s statement) String() string {
	parts := []string{s.text}
	for _, a := range s.args {
		parts = append(parts, fmt.Sprintf("%T(%v)", a, a))
	}
	return strings.Join(parts, ", ")
}

var (
	choices = regexp.MustCompile(`\[([^\[\]]*\|[^\[\]]*)\]`)
	domains = regexp.MustCompile(`\{([a-z]+)\}`)
)

func (g *soundnessGen) pick(list []string) string { return list[g.IntN(len(list))] }

// template picks one of list.
func (g *soundnessGen) template(list []string) string {
	if g.focus != "" && g.IntN(2) == 0 {
		fitting := slices.DeleteFunc(slices.Clone(list), func(t string) bool { return !strings.Contains(t, g.focus) })
		if len(fitting) != 0 {
			return g.pick(fitting)
		}
	}
	return g.pick(list)
}

// choose makes the choices of a template.
func (g *soundnessGen) choose(template string) string {
	return choices.ReplaceAllStringFunc(template, func(m string) string {
		return g.pick(strings.Split(m[1:len(m)-1], "|"))
	})
}

// make makes a statement of a template.
func (g *soundnessGen) make(template string) statement {
	var s statement
	share := g.Float64() // of values that are arguments
	s.text = domains.ReplaceAllStringFunc(g.choose(template), func(m string) string {
		text := m == "{code}" || m == "{email}" || m == "{label}"
		value := g.value(m[1 : len(m)-1])
		if g.Float64() >= share {
			return g.literal(value, text)
		}
		s.args = append(s.args, g.argument(value, text))
		if g.dialect == cachedsql.Postgres {
			return "$" + strconv.Itoa(len(s.args))
		}
		return "?"
	})
	return s
}

// value returns a value of a domain; domains are small, so that statements
// meet.
func (g *soundnessGen) value(domain string) string {
	switch domain {
	case "id":
		return strconv.Itoa(1 + g.IntN(9))
	case "tenant":
		return strconv.Itoa(g.IntN(5))
	case "n":
		return strconv.Itoa(g.IntN(4))
	case "code":
		return g.pick([]string{"a", "A", "b", "c", "5", "05", "a ", "é", "ab"})
	case "email", "label":
		return g.pick([]string{"bob", "Bob", "BOB", "ann", "Ann", "eve", "x", "Y", "y"})
	}
	panic("no domain " + domain)
}

func (g *soundnessGen) literal(v string, text bool) string {
	switch {
	case g.IntN(30) == 0:
		return "NULL"
	case text:
		return "'" + v + "'"
	}
	return g.pick([]string{v, v, v, "'" + v + "'", "'0" + v + "'", v + ".0", "(" + v + ")"})
}

func (g *soundnessGen) argument(v string, text bool) any {
	if g.IntN(30) == 0 {
		return nil
	}
	if text {
		if g.dialect != cachedsql.Postgres && g.IntN(4) == 0 {
			return []byte(v)
		}
		return v
	}
	i, _ := strconv.ParseInt(v, 10, 64) // a number, as value made it
	switch g.IntN(7) {
	case 0:
		return v
	case 1:
		return int32(i)
	case 2:
		return uint8(i)
	case 3:
		return float64(i)
	case 4:
		return &i
	default:
		return i
	}
}
