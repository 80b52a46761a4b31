package cachedsql

import (
	"errors"
	"fmt"

	yaml "github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/cachedsql/cachedsql/internal/suggest"
)

// ruleParser walks the nodes of a rule file and collects mistakes. The copies
// that about returns share them.
type ruleParser struct {
	file    string
	subject string
	key     string // whose value is being read
	errs    *[]error
}

// about returns a parser whose errors name subject.
func (p *ruleParser) about(subject string) *ruleParser {
	about := *p
	about.subject = subject
	return &about
}

func (p *ruleParser) failf(at ast.Node, format string, args ...any) {
	pos := start(at)
	*p.errs = append(*p.errs, &RuleError{p.subject, p.file, pos.Line, pos.Column, fmt.Sprintf(format, args...)})
}

// err joins the mistakes found, up to a number somebody would read.
func (p *ruleParser) err() error {
	errs := *p.errs
	if more := len(errs) - maxRuleFileErrors; more > 0 {
		errs = append(errs[:maxRuleFileErrors:maxRuleFileErrors], fmt.Errorf("cachedsql: rule file %s: %d more mistakes", p.file, more))
	}
	return errors.Join(errs...)
}

// ruleKey is one key of a mapping and how its value is read into a T.
type ruleKey[T any] struct {
	name string
	set  func(*ruleParser, *T, ast.Node)
}

// within makes keys of a part usable for the whole that contains it.
func within[Whole, Part any](keys []ruleKey[Part], part func(*Whole) *Part) []ruleKey[Whole] {
	lifted := make([]ruleKey[Whole], len(keys))
	for i, k := range keys {
		lifted[i] = ruleKey[Whole]{k.name, func(p *ruleParser, w *Whole, n ast.Node) { k.set(p, part(w), n) }}
	}
	return lifted
}

func keyNames[T any](keys []ruleKey[T]) []string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
	}
	return names
}

// parseMapping reads a mapping into dst. It reports false if n is none.
func parseMapping[T any](p *ruleParser, n ast.Node, keys []ruleKey[T], dst *T) bool {
	if _, ok := n.(ast.MapNode); !ok {
		p.failf(n, "expected keys such as %q, found %s", keys[0].name, describe(n))
		return false
	}
	seen := map[string]bool{}
	for _, kv := range p.mapping(n) {
		name, _ := scalarText(kv.Key)
		key := findKey(keys, name)
		switch {
		case key == nil:
			p.failf(kv.Key, "unknown key %q%s", name, suggest.DidYouMean(name, keyNames(keys)))
		case seen[name]:
			p.failf(kv.Key, "key %q appears twice", name)
		default:
			seen[name] = true
			of := *p
			of.key = name
			key.set(&of, dst, kv.Value)
		}
	}
	return true
}

func findKey[T any](keys []ruleKey[T], name string) *ruleKey[T] {
	for i := range keys {
		if keys[i].name == name {
			return &keys[i]
		}
	}
	return nil
}

// mapping returns the pairs of a mapping; an absent one has none.
func (p *ruleParser) mapping(n ast.Node) []*ast.MappingValueNode {
	if isAbsent(n) {
		return nil
	}
	m, ok := n.(ast.MapNode)
	if !ok {
		p.failf(n, "expected a mapping, found %s", describe(n))
		return nil
	}
	var pairs []*ast.MappingValueNode
	for iter := m.MapRange(); iter.Next(); {
		pairs = append(pairs, iter.KeyValue())
	}
	return pairs
}

// sequence returns the items of a list; an absent one has none.
func (p *ruleParser) sequence(n ast.Node) []ast.Node {
	if isAbsent(n) {
		return nil
	}
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		p.failf(n, "expected a list, found %s", describe(n))
		return nil
	}
	return seq.Values
}

// text returns a scalar as written, so that 0123 and 1e3 stay what they are.
func (p *ruleParser) text(n ast.Node) (string, bool) {
	text, ok := scalarText(n)
	if !ok {
		p.failf(n, "%s expects one value, found %s", p.key, describe(n))
	}
	return text, ok
}

func isAbsent(n ast.Node) bool {
	_, null := n.(*ast.NullNode)
	return n == nil || null
}

// scalarText returns the text of a scalar other than null.
func scalarText(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case nil, *ast.NullNode, *ast.MergeKeyNode:
		return "", false
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case ast.ScalarNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// child returns the value of a key, nil if n has no such key.
func child(n ast.Node, key string) ast.Node {
	m, ok := n.(ast.MapNode)
	if !ok {
		return nil
	}
	for iter := m.MapRange(); iter.Next(); {
		if name, _ := scalarText(iter.Key()); name == key {
			return iter.Value()
		}
	}
	return nil
}

func describe(n ast.Node) string {
	switch n.(type) {
	case *ast.NullNode:
		return "nothing"
	case *ast.SequenceNode:
		return "a list"
	case ast.MapNode:
		return "a mapping"
	}
	if text, ok := scalarText(n); ok {
		return fmt.Sprintf("%.40q", text)
	}
	return n.Type().YAMLName()
}

// parseYAML returns the only document of a file.
func parseYAML(file string, data []byte) (root ast.Node, err error) {
	fail := func(pos token.Position, msg string) error {
		return &RuleError{"rule file", file, pos.Line, pos.Column, msg}
	}
	defer func() {
		if p := recover(); p != nil {
			err = fail(position(nil), fmt.Sprintf("not readable as YAML: %v", p))
		}
	}()
	tokens := lexer.Tokenize(string(data))
	if tok, msg := refuse(tokens); tok != nil {
		return nil, fail(position(tok), msg)
	}
	parsed, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if cause := yaml.Error(nil); errors.As(err, &cause) {
		return nil, fail(position(cause.GetToken()), cause.GetMessage())
	}
	if err != nil {
		return nil, fail(position(nil), err.Error())
	}
	return onlyDocument(parsed, fail)
}

func onlyDocument(file *ast.File, fail func(token.Position, string) error) (ast.Node, error) {
	var root ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case root != nil:
			return nil, fail(start(doc.Body), "a second document; a rule file is one")
		default:
			root = doc.Body
		}
	}
	if root == nil {
		return nil, fail(position(nil), `empty, expected at least "version: 1"`)
	}
	return root, nil
}

// maxNesting is far above what the format has use for. The YAML parser itself
// recurses without a bound.
const maxNesting = 16

// refuse returns the first token of a construct a rule file may not have:
// nesting that would cost stack, and anchors, aliases and tags, which would
// let a few lines stand for gigabytes and hide where a value was written.
func refuse(tokens token.Tokens) (*token.Token, string) {
	flow, block, line := 0, 0, 0
	for _, tok := range tokens {
		if tok.Position.Line != line {
			line, block = tok.Position.Line, 0
		}
		switch tok.Type {
		case token.MappingStartType, token.SequenceStartType:
			flow++
		case token.MappingEndType, token.SequenceEndType:
			flow--
		case token.SequenceEntryType, token.MappingKeyType:
			block++
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			return tok, "anchors and aliases are not supported"
		case token.TagType, token.DirectiveType:
			return tok, "YAML tags and directives are not supported"
		}
		if flow > maxNesting || block > maxNesting || tok.Position.IndentNum > 100 {
			return tok, "nested too deeply"
		}
	}
	return nil, ""
}

// start returns where a node begins. The token of a block mapping is the colon
// behind its first key.
func start(n ast.Node) token.Position {
	if m, ok := n.(ast.MapNode); ok {
		if iter := m.MapRange(); iter.Next() {
			return position(iter.Key().GetToken())
		}
	}
	return position(n.GetToken())
}

func position(tok *token.Token) token.Position {
	if tok == nil || tok.Position == nil {
		return token.Position{Line: 1, Column: 1}
	}
	return *tok.Position
}
