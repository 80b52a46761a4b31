package protocol

import "crypto/sha256"

// Vector condenses the tokens that one check found, in the order in which
// they were asked for. Only equality is ever needed of it. Tokens contain no
// spaces, so a part may be several tokens with a space between them; a part
// is one shard's answer.
//
// SHA-256 cut to 128 bits: tokens come from a server that others may be able
// to write to, so a hash that can be steered would not do.
func Vector(parts ...[]byte) (v [16]byte) {
	if len(parts) == 1 {
		sum := sha256.Sum256(parts[0])
		copy(v[:], sum[:])
		return v
	}
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
		h.Write([]byte{'\n'})
	}
	var sum [sha256.Size]byte
	copy(v[:], h.Sum(sum[:0]))
	return v
}
