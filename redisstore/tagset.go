package redisstore

import (
	"slices"
	"strings"
	"sync/atomic"

	"github.com/cachedsql/cachedsql"
)

var _ cachedsql.TagSet = (*tagSet)(nil)

// tagSet is a set of tags with the script calls that read or change it.
type tagSet struct {
	space  *space
	names  []string
	checks []call
	marks  []call

	// busy: not settled when it was last asked for. It is asked for by script
	// then, since a transaction would be in vain.
	busy atomic.Bool

	followed atomic.Pointer[followed] // nil: has not been asked for
}

// call is one execution of a script: a shard, and at most maxTagsPerScript of
// the set's tags in it. Several calls on one shard are not atomic together, as
// those on several shards are not; the protocol does not need it, since a
// result stays what it was while each of its tags does.
type call struct {
	shard int
	keys  []any // number of keys, and keys, as a command has them
	first string
	tags  int    // of a check: how many registers there are, with era, schema and wildcard
	mget  string // likewise: what reads them in a transaction, as it is sent
}

// What mark.lua changes first, the schema or what follows it.
const (
	markSchema      = "2"
	markAfterSchema = "3"
)

// Names implements [cachedsql.TagSet].
func (t *tagSet) Names() []string { return slices.Clone(t.names) }

// newTagSet prepares the calls for a set. Tags are sorted, so that processes
// that find the same tags in another order get the same vector.
func newTagSet(sp *space, names []string) *tagSet {
	t := &tagSet{space: sp, names: slices.Clone(names)}
	rest := slices.Clone(names)
	slices.Sort(rest)
	rest = slices.Compact(rest)
	special := slices.DeleteFunc(slices.Clone(rest), isTable)
	rest = slices.DeleteFunc(rest, func(name string) bool { return !isTable(name) })

	byShard := make([][]string, len(sp.keys.shards))
	for _, name := range rest {
		s := sp.keys.shardOf(name)
		byShard[s] = append(byShard[s], sp.keys.tag(s, strings.Clone(name)))
	}
	for shard, tags := range byShard {
		t.addChecks(shard, tags, len(rest) == 0 && shard == 0)
		t.addMarks(shard, tags, special)
	}
	return t
}

func isTable(name string) bool {
	return name != cachedsql.WildcardTag && name != cachedsql.SchemaTag
}

// addChecks adds the calls that read the tags of one shard. A set without
// tables still depends on the wildcard, which any shard can answer for.
func (t *tagSet) addChecks(shard int, tags []string, even bool) {
	k := t.space.keys
	for chunk := range chunks(tags, even) {
		t.checks = append(t.checks, t.space.newCheck(shard, append([]string{k.wildcard(shard)}, chunk...)...))
	}
}

// addMarks adds the calls that change the tags of one shard. The wildcard and
// the schema are changed in every shard, once each.
func (t *tagSet) addMarks(shard int, tags, special []string) {
	k, first := t.space.keys, markAfterSchema
	if slices.Contains(special, cachedsql.WildcardTag) {
		tags = append([]string{k.wildcard(shard)}, tags...)
	}
	if slices.Contains(special, cachedsql.SchemaTag) {
		first = markSchema
	}
	for chunk := range chunks(tags, first == markSchema) {
		keys := append([]string{k.era(shard), k.schema(shard)}, chunk...)
		t.marks = append(t.marks, newCall(shard, keys, first))
		first = markAfterSchema
	}
}

// chunks yields the tags in parts, or one empty part where even none at all
// need a call.
func chunks(tags []string, even bool) func(yield func([]string) bool) {
	if len(tags) == 0 && even {
		return func(yield func([]string) bool) { yield(nil) }
	}
	return slices.Chunk(tags, maxTagsPerScript)
}

// newCheck is a call of the check script on the tags of a shard. A transaction
// may answer it instead: so whatever a check depends on has to be among its
// keys.
func (sp *space) newCheck(shard int, tags ...string) call {
	keys := append([]string{sp.keys.era(shard), sp.keys.schema(shard)}, tags...)
	mget := appendCommand(nil, append([]string{"MGET"}, keys...)...)
	n := len(keys)
	if sp.store.registers() {
		mget = appendCommand(mget, "GETRANGE", sp.keys.presence(shard), "0", "149") // as away.lua
		keys = append(keys, sp.keys.presence(shard))
	}
	c := newCall(shard, keys, "")
	c.tags, c.mget = n, string(mget)
	return c
}

func newCall(shard int, keys []string, first string) call {
	c := call{shard: shard, first: first, keys: []any{len(keys)}}
	for _, k := range keys {
		c.keys = append(c.keys, k)
	}
	return c
}
