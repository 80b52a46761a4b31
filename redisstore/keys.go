package redisstore

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/cachedsql/cachedsql"
)

// Keys, with p the prefix, n the namespace and s a shard:
//
//	{p:n:s}e         era of the shard
//	{p:n:s}s         schema tag
//	{p:n:s}w         wildcard tag
//	{p:n:s}d         declared names
//	{p:n:s}n         never exists, see transaction
//	{p:n:s}p         registrations, where writers may go on without Redis
//	{p:n:s}t:name    any other tag
//	p:n:e2:key       entry; 2 is the version of this scheme
//
// A script may touch one slot of a cluster only, so the keys of a shard share
// a hash tag. There is one shard except in a cluster. Era, schema, wildcard and
// names exist in each, so that a reading never needs a shard its tags are not
// in.
//
// The names of tags are shared by processes of different versions during a
// rollout and so can never change; those of entries can.

// clusterShards is how many shards there are in a cluster. All processes must
// agree on it.
const clusterShards = 16

// maxTagsPerScript keeps far from Lua's limit on unpack, and one script from
// holding up the server.
const maxTagsPerScript = 128

// maxNameBytes is the length from which an encoded name is hashed.
const maxNameBytes = 200

// encodeName makes any text safe in a key: two names never meet, and none can
// contain a brace, a colon or a byte that does not print.
func encodeName(name string) string {
	if safe := escape(name); len(safe) <= maxNameBytes {
		return safe
	}
	sum := sha256.Sum256([]byte(name))
	return "%%" + hex.EncodeToString(sum[:])
}

// escape is what url.PathUnescape takes back.
func escape(name string) string {
	const upperHex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '.', c == '-':
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(upperHex[c>>4])
			b.WriteByte(upperHex[c&15])
		}
	}
	return b.String()
}

// validPrefix reports whether a prefix can stand in front of keys, inside a
// hash tag, and in the patterns of an ACL as it is written.
func validPrefix(prefix string) error {
	for _, c := range prefix {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-:", c) {
			return fmt.Errorf("cachedsql: redis: key prefix %q: only letters, digits, and _ . - : are allowed", prefix)
		}
	}
	return nil
}

// keyspace builds the keys of one namespace.
type keyspace struct {
	entries string   // what entry keys start with
	claims  string   // what claims on them start with
	shards  []string // what the other keys of a shard start with
	noop    string   // a write that changes nothing, as it is sent
}

func newKeyspace(prefix, namespace string, shards int) keyspace {
	base := prefix + ":" + encodeName(namespace)
	k := keyspace{entries: base + ":e2:", claims: base + ":c1:"}
	for s := range shards {
		k.shards = append(k.shards, "{"+base+":"+strconv.Itoa(s)+"}")
	}
	k.noop = string(appendCommand(nil, "DEL", k.shards[0]+"n"))
	return k
}

func (k *keyspace) entry(key cachedsql.Key) string {
	var room [128]byte
	return string(base64.RawURLEncoding.AppendEncode(append(room[:0], k.entries...), key[:]))
}

// claim names who computes an entry under a vector. It belongs to the vector:
// after a write the result has to be computed again, whoever is still at the
// one before.
func (k keyspace) claim(key cachedsql.Key, vector cachedsql.Vector) string {
	return k.claims + base64.RawURLEncoding.EncodeToString(append(key[:], vector[:]...))
}

func (k keyspace) era(shard int) string      { return k.shards[shard] + "e" }
func (k keyspace) schema(shard int) string   { return k.shards[shard] + "s" }
func (k keyspace) wildcard(shard int) string { return k.shards[shard] + "w" }
func (k keyspace) names(shard int) string    { return k.shards[shard] + "d" }
func (k keyspace) presence(shard int) string { return k.shards[shard] + "p" }
func (k keyspace) tag(shard int, name string) string {
	return k.shards[shard] + "t:" + encodeName(name)
}

// shardOf says where a tag is. The function is part of the key scheme.
func (k keyspace) shardOf(name string) int {
	if len(k.shards) == 1 {
		return 0
	}
	h := fnv.New64a()
	h.Write([]byte(name))
	return int(h.Sum64() % uint64(len(k.shards)))
}
