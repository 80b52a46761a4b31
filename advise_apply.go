package cachedsql

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// ApplyTo returns the text of a rule file with the change made to it, and
// nothing else. The text may be "" and must not have mistakes. Where the rules
// are written in a way that it cannot add to, the error says so.
func (a *Advice) ApplyTo(text string) (string, error) {
	if strings.TrimSpace(text) == "" {
		text = "version: 1\nrules:\n"
	}
	before, err := ParseRules("rules", []byte(text))
	if err != nil {
		return "", err
	}
	changed, err := a.edited(text)
	if err != nil {
		return "", err
	}
	after, err := ParseRules("rules", []byte(changed))
	if err != nil || !a.isIn(before, after) {
		return "", fmt.Errorf("cachedsql: the advice on query %s does not fit into how the rules are written; make the change by hand", a.Preview.QueryID)
	}
	return changed, nil
}

// isIn reports whether the change, and no other, was made.
func (a *Advice) isIn(before, after *Rules) bool {
	if a.Kind != AdviseServe {
		return after.Len() == before.Len()+1 && after.rules[0].Name == a.Preview.Rule && after.rules[0].TTL == a.Preview.TTL
	}
	was, is := before.named(a.Preview.Rule), after.named(a.Preview.Rule)
	return after.Len() == before.Len() && was != nil && is != nil && was.Mode == ModeShadow && is.Mode == ModeOn && is.TTL == was.TTL
}

func (r *Rules) named(name string) *Rule {
	for _, rule := range r.rules {
		if rule.Name == name {
			return rule
		}
	}
	return nil
}

func (a *Advice) edited(text string) (string, error) {
	root, err := parseYAML("rules", []byte(text))
	if err != nil {
		return "", err
	}
	lines := strings.SplitAfter(text, "\n")
	switch list := child(root, "rules").(type) {
	case *ast.SequenceNode:
		if a.Kind == AdviseServe {
			a.serve(lines, list)
		} else {
			a.insert(lines, list)
		}
	default: // the key is missing, or has no value
		if a.Kind != AdviseServe {
			lines = a.begin(lines, root)
		}
	}
	return strings.Join(lines, ""), nil
}

// begin adds the first rule.
func (a *Advice) begin(lines []string, root ast.Node) []string {
	if m, ok := root.(ast.MapNode); ok {
		for iter := m.MapRange(); iter.Next(); {
			if name, _ := scalarText(iter.Key()); name == "rules" {
				at := &lines[position(iter.Key().GetToken()).Line-1]
				*at = terminated(*at) + a.Rule
				return lines
			}
		}
	}
	last := &lines[len(lines)-1]
	if *last != "" {
		*last = terminated(*last)
	}
	return append(lines, "rules:\n"+a.Rule)
}

func terminated(line string) string { return strings.TrimSuffix(line, "\n") + "\n" }

// insert adds a rule before the others.
func (a *Advice) insert(lines []string, list *ast.SequenceNode) {
	pos := position(list.Start)
	line := &lines[pos.Line-1]
	at := runeColumn(*line, pos.Column)
	switch {
	case list.IsFlowStyle && len(list.Values) == 0:
		rest := strings.TrimLeft(strings.TrimLeft((*line)[at:], "[ "), "]")
		*line = strings.TrimRight((*line)[:at], " ") + "\n" + a.Rule + strings.TrimLeft(rest, " \n")
	case list.IsFlowStyle:
		*line = (*line)[:at+1] + a.flow() + ", " + (*line)[at+1:]
	default:
		*line = indented(a.Rule, at) + *line
	}
}

// flow is the rule in braces.
func (a *Advice) flow() string {
	var keys []string
	for line := range strings.Lines(a.Rule) {
		keys = append(keys, strings.TrimPrefix(strings.TrimSpace(line), "- "))
	}
	return "{" + strings.Join(keys, ", ") + "}"
}

// indented moves a rule, which has two spaces in front, to another column.
func indented(rule string, spaces int) string {
	var b strings.Builder
	for line := range strings.Lines(rule) {
		b.WriteString(strings.Repeat(" ", spaces) + strings.TrimPrefix(line, "  "))
	}
	return b.String()
}

// serve changes the mode of the rule, and lets a share of its hits be compared
// from then on.
func (a *Advice) serve(lines []string, list *ast.SequenceNode) {
	for _, n := range list.Values {
		if name, _ := scalarText(child(n, "name")); name != a.Preview.Rule {
			continue
		}
		mode, ok := child(n, "mode").(*ast.StringNode)
		if !ok {
			return
		}
		pos := position(mode.GetToken())
		line := &lines[pos.Line-1]
		at := runeColumn(*line, pos.Column)
		key := strings.LastIndex((*line)[:at], "mode")
		if key < 0 || child(n, "verify") != nil {
			*line = (*line)[:at] + strings.Replace((*line)[at:], mode.Value, "on", 1)
			return
		}
		*line = (*line)[:key] + "verify: 1%" + strings.TrimPrefix(strings.Replace((*line)[at:], mode.Value, "", 1), `""`)
		return
	}
}

// runeColumn is where a column begins in a line, in bytes.
func runeColumn(line string, column int) int {
	for i := range line {
		if column--; column == 0 {
			return i
		}
	}
	return len(line)
}
