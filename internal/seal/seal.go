// Package seal protects entries on their way through a store that others may
// read and write: it authenticates them, and encrypts them if that is wanted.
//
// A sealed entry, integers big endian:
//
//	magic "css", version byte 1, mode byte
//	key ID, 4; the Unix time in milliseconds when it ends, 8
//	nonce, 24, where it is encrypted
//	the entry, as it is or encrypted
//	tag, 16
//
// The tag is over all of it and over the Binding: the name of the place that
// the entry is kept at. Moved to another place it does not open.
//
// Encrypted is with XAES-256-GCM (c2sp.org/XAES-256-GCM): AES-256-GCM with a
// key and nonce derived for each entry from 24 random bytes. Plain AES-GCM has
// room for random nonces of 12 bytes only. At 10,000 entries a second two of
// one key would be as likely to meet as is tolerable (2^-32) within a week, and
// two that meet give away what it takes to forge. 24 bytes last for 2^80 entries.
// Authenticated is with HMAC-SHA-256, cut to 16 bytes.
package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"sync"
	"time"
)

// Mode is how an entry is protected.
type Mode byte

// The modes, as they are written into entries.
const (
	Authenticated Mode = 'a'
	Encrypted     Mode = 'e'
)

const (
	// SecretBytes is the size of a secret.
	SecretBytes = 32

	magic      = "css"
	version    = 1
	idBytes    = 4
	headBytes  = len(magic) + 2 + idBytes + 8
	nonceBytes = 24
	tagBytes   = 16

	// clockSlack is how far the clocks of two machines may be apart.
	clockSlack = time.Minute
)

// Errors of this package; test with errors.Is.
var (
	// ErrUnsealed means that the bytes are not a sealed entry.
	ErrUnsealed = errors.New("not protected by a key")
	// ErrVersion means that a later version of this library sealed it.
	ErrVersion = errors.New("sealed in a way this version does not know")
	// ErrUnknownKey means that the key that it says it was sealed with is not
	// among those configured.
	ErrUnknownKey = errors.New("sealed with a key that is not configured here")
	// ErrForged means that it was not sealed with its key for this place, or
	// has been changed since.
	ErrForged = errors.New("not what was stored at this place: it was changed, moved or made up")
	// ErrEnded means that it is genuine, and the time is over for which it was
	// stored.
	ErrEnded = errors.New("its time had ended: an old entry was put back, or a clock is wrong")
)

// Key is made from one secret. It does not show it, however it is printed.
type Key struct {
	id     [idBytes]byte
	states sync.Pool // of hash.Hash, for Authenticated
	block  cipher.Block
	subkey [aes.BlockSize]byte // K1 of the CMAC that derives keys
}

// NewKey derives a key from a secret of SecretBytes.
func NewKey(secret []byte) (*Key, error) {
	if len(secret) != SecretBytes {
		return nil, fmt.Errorf("the secret has %d bytes, not %d", len(secret), SecretBytes)
	}
	if bytes.Count(secret, secret[:1]) == len(secret) {
		return nil, errors.New("the secret is one byte repeated, not random")
	}
	k := &Key{}
	// One secret serves several purposes, each with a key of its own.
	derived := map[string][]byte{}
	for purpose, n := range map[string]int{"id": idBytes, "authenticate": 32, "encrypt": 32} {
		var err error
		if derived[purpose], err = hkdf.Key(sha256.New, secret, nil, "cachedsql entry v1 "+purpose, n); err != nil {
			return nil, err
		}
	}
	copy(k.id[:], derived["id"])
	authenticate := derived["authenticate"]
	k.states.New = func() any { return hmac.New(sha256.New, authenticate) }
	return k, k.encryptWith(derived["encrypt"])
}

// ID names the key for people. It says nothing of the secret.
func (k *Key) ID() string { return hex.EncodeToString(k.id[:]) }

// Ring is the keys in use: the first one seals, each of them opens.
type Ring struct {
	mode Mode
	keys []*Key
}

// NewRing returns a Ring that seals in a mode. It opens what either has sealed:
// each mode has a key of its own.
func NewRing(mode Mode, keys []*Key) (*Ring, error) {
	for i, k := range keys {
		for _, other := range keys[:i] {
			if k.id == other.id {
				return nil, fmt.Errorf("key %s is there twice", k.ID())
			}
		}
	}
	return &Ring{mode, keys}, nil
}

// IsSealed reports whether bytes look like a sealed entry.
func IsSealed(b []byte) bool { return len(b) > len(magic) && string(b[:len(magic)]) == magic }

// Seal returns the sealed form of an entry in memory of its own. The entry is
// good until ends.
func (r *Ring) Seal(place *Place, name, entry []byte, ends time.Time) []byte {
	k := r.keys[0]
	sealed := make([]byte, 0, headBytes+nonceBytes+len(entry)+tagBytes)
	sealed = append(append(sealed, magic...), version, byte(r.mode))
	sealed = append(sealed, k.id[:]...)
	sealed = binary.BigEndian.AppendUint64(sealed, uint64(ends.UnixMilli()))
	var room [256]byte
	bound := place.bind(room[:0], sealed, name)
	if r.mode == Authenticated {
		sealed = append(sealed, entry...)
		return k.appendTag(sealed, bound, entry)
	}
	var nonce [nonceBytes]byte
	_, _ = rand.Read(nonce[:]) // never fails
	sealed = append(sealed, nonce[:]...)
	return k.gcm(&nonce).Seal(sealed, nonce[nonceBytes/2:], entry, bound)
}

// Open returns the entry in a sealed form, which it overwrites. It does nothing
// with the bytes before they are known to be genuine.
func (r *Ring) Open(place *Place, name, sealed []byte, now time.Time) ([]byte, error) {
	switch {
	case !IsSealed(sealed):
		return nil, ErrUnsealed
	case sealed[len(magic)] != version:
		return nil, ErrVersion
	case len(sealed) < headBytes+tagBytes:
		return nil, ErrForged
	}
	head, body := sealed[:headBytes], sealed[headBytes:]
	k := r.keyOf(head)
	if k == nil {
		return nil, ErrUnknownKey
	}
	var room [256]byte
	entry, ok := k.open(Mode(head[len(magic)+1]), body, place.bind(room[:0], head, name))
	if !ok {
		return nil, ErrForged
	}
	if ends := int64(binary.BigEndian.Uint64(head[headBytes-8:])); now.Add(-clockSlack).UnixMilli() > ends {
		return nil, ErrEnded
	}
	return entry, nil
}

func (r *Ring) keyOf(head []byte) *Key {
	id := head[len(magic)+2:][:idBytes]
	for _, k := range r.keys {
		if string(k.id[:]) == string(id) {
			return k
		}
	}
	return nil
}

func (k *Key) open(mode Mode, body, bound []byte) (entry []byte, ok bool) {
	switch {
	case mode == Authenticated:
		entry = body[:len(body)-tagBytes]
		var room [sha256.Size]byte
		want := k.appendTag(room[:0], bound, entry)
		return entry, subtle.ConstantTimeCompare(want, body[len(entry):]) == 1
	case mode == Encrypted && len(body) >= nonceBytes+tagBytes:
		nonce := [nonceBytes]byte(body)
		text := body[nonceBytes:]
		entry, err := k.gcm(&nonce).Open(text[:0], nonce[nonceBytes/2:], text, bound)
		return entry, err == nil
	}
	return nil, false
}

// appendTag appends the HMAC of bound and entry. Bound says how long it is
// itself, so that nothing can move from one to the other.
func (k *Key) appendTag(dst, bound, entry []byte) []byte {
	h := k.states.Get().(hash.Hash)
	h.Reset()
	_, _ = h.Write(bound)
	_, _ = h.Write(entry)
	var room [sha256.Size]byte
	dst = append(dst, h.Sum(room[:0])[:tagBytes]...)
	k.states.Put(h)
	return dst
}

// Place is what entries are bound to beside their name: where they are kept.
type Place struct{ bound []byte }

// NewPlace returns the place that parts name, whatever is in them.
func NewPlace(parts ...string) *Place {
	p := &Place{}
	for _, part := range parts {
		p.bound = binary.AppendUvarint(p.bound, uint64(len(part)))
		p.bound = append(p.bound, part...)
	}
	return p
}

// bind appends all that an entry is bound to. Every part has its length before
// it, or a fixed one.
func (p *Place) bind(dst, head, name []byte) []byte {
	dst = append(dst, head...)
	dst = binary.AppendUvarint(dst, uint64(len(p.bound)))
	dst = append(dst, p.bound...)
	dst = binary.AppendUvarint(dst, uint64(len(name)))
	return append(dst, name...)
}
