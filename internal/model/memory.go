package model

import (
	"hash/maphash"
	"iter"
	"math/bits"
	"unsafe"

	"github.com/klauspost/compress/s2"
)

// What an exploration remembers has to fit: of each state it has met, twelve
// bytes of hash and the step that led to it, and the states of two levels.

// stateSize is all of a state: bytes and booleans, with nothing between them.
const stateSize = int(unsafe.Sizeof(state{}))

func (s *state) bytes() []byte { return unsafe.Slice((*byte)(unsafe.Pointer(s)), stateSize) }

// visited is a set of states, by 96 bits of hash: of a billion states, no two
// are taken for one with a probability of more than 1 - 1e-11.
type visited struct {
	seeds  [2]maphash.Seed
	shards [256]shard
}

// shard is an open hash table. It grows by little and by itself, so that not
// much of the memory is for slots nobody needs yet.
type shard struct {
	slots [][3]uint32 // zero: free
	used  int
}

func newVisited() *visited {
	return &visited{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
}

// add reports whether the state was not there yet.
func (v *visited) add(s *state) bool {
	a, b := maphash.Bytes(v.seeds[0], s.bytes()), maphash.Bytes(v.seeds[1], s.bytes())
	return v.shards[b>>56].add([3]uint32{uint32(a), uint32(a >> 32), uint32(b) | 1})
}

func (h *shard) add(key [3]uint32) bool {
	if h.used >= len(h.slots)/5*4 {
		h.grow()
	}
	at := h.find(key)
	if h.slots[at] == key {
		return false
	}
	h.slots[at] = key
	h.used++
	return true
}

// find returns where the key is, or the free slot where it belongs.
func (h *shard) find(key [3]uint32) int {
	start, _ := bits.Mul64(uint64(key[1])<<32|uint64(key[0]), uint64(len(h.slots)))
	for at := int(start); ; at++ {
		if at == len(h.slots) {
			at = 0
		}
		if h.slots[at] == key || h.slots[at] == ([3]uint32{}) {
			return at
		}
	}
}

func (h *shard) grow() {
	old := h.slots
	h.slots = make([][3]uint32, len(old)/4*5+40)
	for _, key := range old {
		if key != ([3]uint32{}) {
			h.slots[h.find(key)] = key
		}
	}
}

// ancestry knows of each state, in the order found, from which one it was
// found, and by which of that one's steps.
type ancestry struct {
	chunks []*ancestryChunk
	states uint32
}

const chunkSize = 1 << 20

type ancestryChunk struct {
	parents [chunkSize]uint32
	choices [chunkSize]uint8
}

func (a *ancestry) add(parent uint32, choice int) {
	if choice > 255 {
		panic("model: more steps from one state than a byte counts")
	}
	if a.states%chunkSize == 0 {
		a.chunks = append(a.chunks, new(ancestryChunk))
	}
	c, at := a.chunks[a.states/chunkSize], a.states%chunkSize
	c.parents[at], c.choices[at] = parent, uint8(choice)
	a.states++
}

// way is which steps lead from the first state to this one.
func (a *ancestry) way(state uint32) (choices []int) {
	for state != 0 {
		c, at := a.chunks[state/chunkSize], state%chunkSize
		choices = append([]int{int(c.choices[at])}, choices...)
		state = c.parents[at]
	}
	return choices
}

// level is the states at one depth, in the order found, compressed.
type level struct {
	first  uint32 // number of the first of them
	states int
	blocks [][]byte
	open   []byte
}

const blockSize = 4096 * stateSize

func (l *level) add(s *state) {
	l.open = append(l.open, s.bytes()...)
	l.states++
	if len(l.open) >= blockSize {
		l.blocks = append(l.blocks, s2.Encode(nil, l.open))
		l.open = l.open[:0]
	}
}

// all yields the states with their numbers, and forgets them as it goes.
func (l *level) all() iter.Seq2[uint32, *state] {
	return func(yield func(uint32, *state) bool) {
		id, s := l.first, state{}
		for block := range l.take() {
			for ; len(block) != 0; block = block[stateSize:] {
				copy(s.bytes(), block)
				if !yield(id, &s) {
					return
				}
				id++
			}
		}
	}
}

func (l *level) take() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var buf []byte
		for i, packed := range l.blocks {
			l.blocks[i] = nil
			var err error
			if buf, err = s2.Decode(buf[:cap(buf)], packed); err != nil {
				panic(err) // it is what Encode has made
			}
			if !yield(buf) {
				return
			}
		}
		yield(l.open)
	}
}
