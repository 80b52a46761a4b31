package cachedsql

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// documentedKeys is every key the parser knows, by where it stands.
var documentedKeys = map[string][]string{
	"/properties":                                           keyNames(ruleFileKeys),
	"/properties/defaults/properties":                       keyNames(limitKeys),
	"/$defs/rule/properties":                                keyNames(ruleKeys),
	"/properties/tables/additionalProperties/properties":    keyNames(tableDeclKeys),
	"/properties/functions/additionalProperties/properties": keyNames(functionDeclKeys),
}

func TestSchemaHasExactlyTheKeysOfTheParser(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("docs/rules.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	for place, keys := range documentedKeys {
		at := schema
		for _, step := range strings.Split(place, "/")[1:] {
			at, _ = at[step].(map[string]any)
		}
		got, want := slices.Sorted(maps.Keys(at)), slices.Sorted(slices.Values(keys))
		if !slices.Equal(got, want) {
			t.Errorf("%s has %q, the parser knows %q", place, got, want)
		}
	}
}

func TestSchemaPatternsAgreeWithTheParser(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("docs/rules.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Defs map[string]struct {
			AnyOf []struct{ Pattern string }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(data, &schema); err != nil {
		t.Fatal(err)
	}
	for def, texts := range map[string][]string{
		"duration":  {"0", "5s", "1h30m", "7d", "1d12h", "1.5h", "500ms", "5", "s", "1w", "5s ", "d"},
		"max_bytes": {"1", "64KB", "1MiB", "1.5 mib", "12b", "MiB", "1TB", "1i", "1k"},
		"jitter":    {"10%", "0.1", "50 %", ".5", "ten", "%"},
	} {
		pattern := regexp.MustCompile(schema.Defs[def].AnyOf[1].Pattern)
		for _, text := range texts {
			if got, want := pattern.MatchString(text), accepts(def, text); got != want {
				t.Errorf("%s %q: schema says %v, parser says %v", def, text, got, want)
			}
		}
	}
}

func accepts(def, text string) bool {
	var err error
	switch def {
	case "duration":
		_, err = parseTTL(text)
	case "max_bytes":
		_, err = parseSize(text)
	case "jitter":
		_, err = parseShare(text)
	}
	return err == nil
}

func TestManualNamesEveryKey(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	for place, keys := range documentedKeys {
		for _, key := range keys {
			if !strings.Contains(string(text), "`"+key+"` |") {
				t.Errorf("docs/rules.md has no table row for %q of %s", key, place)
			}
		}
	}
}

// The examples of the manual are what people start from.
func TestExamplesOfTheManualParse(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docs/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 3 {
		t.Fatalf("found %d examples", len(blocks))
	}
	for _, block := range blocks {
		example := block[1]
		if !strings.Contains(example, "version:") {
			example = "version: 1\n" + example
		}
		if _, err := ParseRules("example", []byte(example)); err != nil {
			t.Errorf("%s\n%v", example, err)
		}
	}
}
