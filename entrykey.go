package cachedsql

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/cachedsql/cachedsql/internal/seal"
)

// An EntryKey protects entries in the store, see Config.EntryKeys. Printed, it
// shows its ID and not its secret.
type EntryKey struct{ key *seal.Key }

// NewEntryKey makes a key of a secret: 32 random bytes.
func NewEntryKey(secret []byte) (EntryKey, error) {
	k, err := seal.NewKey(secret)
	if err != nil {
		return EntryKey{}, fmt.Errorf("cachedsql: entry key: %w", err)
	}
	return EntryKey{k}, nil
}

// ParseEntryKeys reads secrets in base64, as `openssl rand -base64 32` prints
// them, separated by commas; or "file:" and the path of a file that has one a
// line, where empty lines and those that begin with # count for nothing. The
// error never quotes a secret.
func ParseEntryKeys(text string) ([]EntryKey, error) {
	words := strings.Split(text, ",")
	if path, ok := strings.CutPrefix(text, "file:"); ok {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("cachedsql: entry keys: %w", err)
		}
		words = linesOf(string(content))
	}
	var keys []EntryKey
	for i, word := range words {
		secret, err := decodeSecret(strings.TrimSpace(word))
		var k EntryKey
		if err == nil {
			k.key, err = seal.NewKey(secret)
		}
		if err != nil {
			return nil, fmt.Errorf("cachedsql: entry keys: number %d: %w", i+1, err)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, errors.New("cachedsql: entry keys: the file has none")
	}
	return keys, nil
}

func linesOf(content string) (lines []string) {
	for line := range strings.Lines(content) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines
}

// decodeSecret takes both alphabets, with padding or without: "/" and "+" are a
// nuisance in a DSN.
func decodeSecret(word string) ([]byte, error) {
	word = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(word, "="))
	secret, err := base64.RawStdEncoding.DecodeString(word)
	if err != nil {
		return nil, errors.New("not base64") // err would say where, and so what else there is
	}
	return secret, nil
}

// ID names the key for people, 8 hex digits. It tells nothing of the secret.
func (k EntryKey) ID() string {
	if k.key == nil {
		return ""
	}
	return k.key.ID()
}

// String returns "entry key" and the ID.
func (k EntryKey) String() string { return "entry key " + k.ID() }

// GoString is String: the secret is not for printing.
func (k EntryKey) GoString() string { return k.String() }

// EntryProtection says what is done to entries with Config.EntryKeys.
type EntryProtection uint8

const (
	// Encrypt: an entry can neither be read in the store, nor be changed, made
	// up or moved to another place without being refused.
	Encrypt EntryProtection = iota
	// Authenticate: it can be read, and nothing else.
	Authenticate
)

// String returns the word used in configuration.
func (p EntryProtection) String() string {
	if p == Authenticate {
		return "authenticate"
	}
	return "encrypt"
}

// newRing returns nil without keys.
func (c *Config) newRing() (*seal.Ring, error) {
	if c.EntryProtection > Authenticate {
		return nil, fmt.Errorf("cachedsql: Config.EntryProtection has no value %d", c.EntryProtection)
	}
	if len(c.EntryKeys) == 0 {
		if c.EntryProtection != Encrypt {
			return nil, fmt.Errorf("cachedsql: Config.EntryProtection is %v, which needs Config.EntryKeys", c.EntryProtection)
		}
		return nil, nil
	}
	keys := make([]*seal.Key, len(c.EntryKeys))
	for i, k := range c.EntryKeys {
		if keys[i] = k.key; k.key == nil {
			return nil, fmt.Errorf("cachedsql: Config.EntryKeys: number %d is empty", i+1)
		}
	}
	mode := seal.Encrypted
	if c.EntryProtection == Authenticate {
		mode = seal.Authenticated
	}
	ring, err := seal.NewRing(mode, keys)
	if err != nil {
		return nil, fmt.Errorf("cachedsql: Config.EntryKeys: %w", err)
	}
	return ring, nil
}

// describeKeys says for operators how entries are protected, "" if they are
// not: "encrypt 1f2e3d4c, opens 5a6b7c8d".
func (c *Config) describeKeys() string {
	if len(c.EntryKeys) == 0 {
		return ""
	}
	text := c.EntryProtection.String() + " " + c.EntryKeys[0].ID()
	for i, k := range c.EntryKeys[1:] {
		if text += ", "; i == 0 {
			text += "opens "
		}
		text += k.ID()
	}
	return text
}
