package seal

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	now  = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	ends = now.Add(time.Hour)
	shop = NewPlace("cachedsql", "shop")
)

const (
	name = "24 bytes that are a name"
	rows = "Ann's rows, and nobody else's"
)

func newKey(t testing.TB, b byte) *Key {
	t.Helper()
	secret := bytes.Repeat([]byte{b, b + 1}, SecretBytes/2)
	k, err := NewKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newRing(t testing.TB, mode Mode, keys ...*Key) *Ring {
	t.Helper()
	r, err := NewRing(mode, keys)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func inBothModes(t *testing.T, test func(*testing.T, *Ring)) {
	t.Helper()
	for word, mode := range map[string]Mode{"authenticated": Authenticated, "encrypted": Encrypted} {
		t.Run(word, func(t *testing.T) {
			t.Parallel()
			test(t, newRing(t, mode, newKey(t, 1)))
		})
	}
}

func mustRefuse(t *testing.T, r *Ring, place *Place, name string, sealed []byte, want error) {
	t.Helper()
	entry, err := r.Open(place, []byte(name), bytes.Clone(sealed), now)
	if !errors.Is(err, want) || entry != nil {
		t.Errorf("opened to %q, %v; want %v", entry, err, want)
	}
}

// The vectors of c2sp.org/XAES-256-GCM.
func TestXAESIsTheOneThatIsSpecified(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		key        byte
		ad, sealed string
	}{
		{1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"},
		{3, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"},
	} {
		k := &Key{}
		if err := k.encryptWith(bytes.Repeat([]byte{c.key}, 32)); err != nil {
			t.Fatal(err)
		}
		nonce := [nonceBytes]byte([]byte("ABCDEFGHIJKLMNOPQRSTUVWX"))
		got := k.gcm(&nonce).Seal(nil, nonce[nonceBytes/2:], []byte("XAES-256-GCM"), []byte(c.ad))
		if hex.EncodeToString(got) != c.sealed {
			t.Errorf("key %d: %x, want %s", c.key, got, c.sealed)
		}
	}
}

func TestWhatIsSealedOpens(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, r *Ring) {
		for _, n := range []int{0, 1, 15, 16, 17, 1000, 1 << 20} {
			entry := bytes.Repeat([]byte("r"), n)
			sealed := r.Seal(shop, []byte(name), entry, ends)
			if !IsSealed(sealed) {
				t.Errorf("%d bytes: does not look sealed", n)
			}
			got, err := r.Open(shop, []byte(name), sealed, now)
			if err != nil || !bytes.Equal(got, entry) {
				t.Errorf("%d bytes: opened to %d bytes, %v", n, len(got), err)
			}
		}
	})
}

func TestEncryptedShowsNothing(t *testing.T) {
	t.Parallel()
	entry := []byte(strings.Repeat(rows, 10))
	r := newRing(t, Encrypted, newKey(t, 1))
	one, other := r.Seal(shop, []byte(name), entry, ends), r.Seal(shop, []byte(name), entry, ends)
	if bytes.Contains(one, entry[:8]) {
		t.Errorf("the rows are there to read: %q", one)
	}
	if bytes.Equal(one[headBytes:], other[headBytes:]) {
		t.Error("the same rows give the same bytes")
	}
	if r := newRing(t, Authenticated, newKey(t, 1)); !bytes.Contains(r.Seal(shop, []byte(name), entry, ends), entry) {
		t.Error("an authenticated entry is not to be read")
	}
}

// Every bit counts, and every byte that is missing or too many.
func TestChangedIsRefused(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, r *Ring) {
		sealed := r.Seal(shop, []byte(name), []byte(rows), ends)
		for i := range len(sealed) * 8 {
			changed := bytes.Clone(sealed)
			changed[i/8] ^= 1 << (i % 8)
			if entry, err := r.Open(shop, []byte(name), changed, now); err == nil || entry != nil {
				t.Errorf("with bit %d of byte %d changed it opens to %q", i%8, i/8, entry)
			}
		}
		for n := range sealed {
			if entry, err := r.Open(shop, []byte(name), bytes.Clone(sealed[:n]), now); err == nil || entry != nil {
				t.Errorf("its first %d bytes open to %q", n, entry)
			}
		}
		mustRefuse(t, r, shop, name, append(bytes.Clone(sealed), 0), ErrForged)
		mustRefuse(t, r, shop, name, append([]byte{0}, sealed...), ErrUnsealed)
	})
}

func TestMovedIsRefused(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, r *Ring) {
		sealed := r.Seal(shop, []byte(name), []byte(rows), ends)
		mustRefuse(t, r, shop, "24 bytes of another name", sealed, ErrForged)
		for _, place := range []*Place{
			NewPlace("cachedsql", "shop2"), NewPlace("staging", "shop"), NewPlace("cachedsqls", "hop"), NewPlace("cachedsqlshop"),
			NewPlace("cachedsql", "shop", ""), NewPlace("shop", "cachedsql"), NewPlace(),
		} {
			mustRefuse(t, r, place, name, sealed, ErrForged)
		}
		// What is a name in one place is not a part of another place's.
		mustRefuse(t, r, NewPlace("cachedsql", "shop", "24 bytes"), " that are a name", sealed, ErrForged)
	})
}

func TestNotSealedIsRefused(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, r *Ring) {
		mustRefuse(t, r, shop, name, nil, ErrUnsealed)
		mustRefuse(t, r, shop, name, []byte("csq\x02 an entry as it was stored before there was a key"), ErrUnsealed)
		later := r.Seal(shop, []byte(name), []byte(rows), ends)
		later[len(magic)]++
		mustRefuse(t, r, shop, name, later, ErrVersion)
	})
}

// Keys are changed one after the other: a second opens before it seals, and
// opens when it does not seal any more.
func TestEachKeyOfTheRingOpens(t *testing.T) {
	t.Parallel()
	a, b := newKey(t, 1), newKey(t, 2)
	for _, mode := range []Mode{Authenticated, Encrypted} {
		for _, opens := range []Mode{Authenticated, Encrypted} {
			old := newRing(t, mode, a).Seal(shop, []byte(name), []byte(rows), ends)
			for _, r := range []*Ring{newRing(t, opens, a, b), newRing(t, opens, b, a)} {
				if got, err := r.Open(shop, []byte(name), bytes.Clone(old), now); err != nil || string(got) != rows {
					t.Errorf("sealed in mode %c, opened by a ring of mode %c: %q, %v", mode, opens, got, err)
				}
			}
			mustRefuse(t, newRing(t, opens, b), shop, name, old, ErrUnknownKey)
			next := newRing(t, mode, b, a).Seal(shop, []byte(name), []byte(rows), ends)
			mustRefuse(t, newRing(t, opens, a), shop, name, next, ErrUnknownKey)
		}
	}
	if _, err := NewRing(Encrypted, []*Key{a, b, newKey(t, 1)}); err == nil || !strings.Contains(err.Error(), a.ID()) {
		t.Errorf("one key twice: %v", err)
	}
}

// The keys for encrypting and for authenticating are not the same, so that
// one mode's tags are of no use in the other.
func TestModesAreNotMixed(t *testing.T) {
	t.Parallel()
	k := newKey(t, 1)
	inBothModes(t, func(t *testing.T, r *Ring) {
		sealed := r.Seal(shop, []byte(name), []byte(strings.Repeat(rows, 3)), ends)
		for _, mode := range []byte{byte(Authenticated), byte(Encrypted), 0, 'x'} {
			if Mode(mode) == r.mode {
				continue
			}
			sealed[len(magic)+1] = mode
			mustRefuse(t, newRing(t, r.mode, k), shop, name, sealed, ErrForged)
		}
	})
}

// An entry that is put back when its time is over is an old answer.
func TestEndedIsRefused(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, r *Ring) {
		sealed := r.Seal(shop, []byte(name), []byte(rows), now)
		if _, err := r.Open(shop, []byte(name), bytes.Clone(sealed), now.Add(clockSlack)); err != nil {
			t.Errorf("refused for a clock that is %v ahead: %v", clockSlack, err)
		}
		entry, err := r.Open(shop, []byte(name), bytes.Clone(sealed), now.Add(clockSlack+time.Millisecond))
		if !errors.Is(err, ErrEnded) || entry != nil {
			t.Errorf("opened to %q, %v, want %v", entry, err, ErrEnded)
		}
		longer := bytes.Clone(sealed)
		binary.BigEndian.PutUint64(longer[headBytes-8:], uint64(ends.UnixMilli()))
		mustRefuse(t, r, shop, name, longer, ErrForged)
	})
}

func TestSecretsHaveToBeSecrets(t *testing.T) {
	t.Parallel()
	for _, secret := range [][]byte{nil, make([]byte, 16), make([]byte, 33), make([]byte, 32), bytes.Repeat([]byte("x"), 32)} {
		if _, err := NewKey(secret); err == nil {
			t.Errorf("%x is taken for a secret", secret)
		}
	}
}

func TestKeyDoesNotPrintItsSecret(t *testing.T) {
	t.Parallel()
	secret := []byte("hush! 0123456789 abcdefghijklmno")
	k, err := NewKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		text := fmt.Sprintf(verb, k) + fmt.Sprintf(verb, *newRing(t, Encrypted, k))
		for _, form := range []string{string(secret[:8]), hex.EncodeToString(secret[:8]), fmt.Sprintf("%d", secret[:8])} {
			if strings.Contains(text, strings.Trim(form, "[]")) {
				t.Errorf("%s prints the secret: %s", verb, text)
			}
		}
	}
	if other := newKey(t, 9); k.ID() == other.ID() || len(k.ID()) != 2*idBytes {
		t.Errorf("IDs %q and %q", k.ID(), other.ID())
	}
}

func TestOneRingServesManyAtOnce(t *testing.T) {
	t.Parallel()
	inBothModes(t, func(t *testing.T, r *Ring) {
		var all sync.WaitGroup
		for g := range 8 {
			all.Go(func() {
				for i := range 200 {
					entry := fmt.Appendf(nil, "%d of %d", i, g)
					got, err := r.Open(shop, []byte(name), r.Seal(shop, []byte(name), entry, ends), now)
					if err != nil || !bytes.Equal(got, entry) {
						t.Errorf("%q opened to %q, %v", entry, got, err)
					}
				}
			})
		}
		all.Wait()
	})
}

// Whatever the bytes, opening them takes a fixed amount of memory: in place.
func TestOpeningAllocatesNothingThatGrows(t *testing.T) {
	r := newRing(t, Encrypted, newKey(t, 1))
	for _, mode := range []Mode{Authenticated, Encrypted} {
		sealed := newRing(t, mode, newKey(t, 1)).Seal(shop, []byte(name), make([]byte, 8<<20), ends)
		sealed[len(sealed)-1] ^= 1
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := r.Open(shop, []byte(name), sealed, now)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, ErrForged) {
			t.Fatal(err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 64<<10 {
			t.Errorf("mode %c: refusing 8 MiB takes %d bytes", mode, n)
		}
	}
}

// FuzzOpen: nothing but what was sealed opens, and nothing panics.
func FuzzOpen(f *testing.F) {
	k := newKey(f, 1)
	for _, mode := range []Mode{Authenticated, Encrypted} {
		f.Add(newRing(f, mode, k).Seal(shop, []byte(name), []byte(rows), ends))
	}
	f.Add([]byte("css"))
	f.Add([]byte("csq\x02"))
	r := newRing(f, Encrypted, k)
	f.Fuzz(func(t *testing.T, b []byte) {
		entry, err := r.Open(shop, []byte(name), bytes.Clone(b), now)
		if err != nil && entry != nil {
			t.Fatalf("refused, and %q all the same", entry)
		}
		if err == nil && string(entry) != rows {
			t.Fatalf("%x opens to %q, which nobody sealed", b, entry)
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	k := newKey(b, 1)
	for _, mode := range []Mode{Authenticated, Encrypted} {
		for _, n := range []int{211, 13_321, 133_924} {
			b.Run(fmt.Sprintf("%c/%d", mode, n), func(b *testing.B) {
				r := newRing(b, mode, k)
				sealed := r.Seal(shop, []byte(name), make([]byte, n), ends)
				buf := make([]byte, len(sealed))
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() {
					copy(buf, sealed)
					if _, err := r.Open(shop, []byte(name), buf, now); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
