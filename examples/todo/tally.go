package main

import (
	"fmt"
	"sync/atomic"
)

// A tally bounds the sum of the versions of a team's todos. Writes under way
// may or may not be in an answer: what they add is issued and not yet acked.
type tally struct {
	addIssued, addAcked       atomic.Int64
	deleteIssued, deleteAcked atomic.Int64
}

// A pledge is the part of the bounds that was certain before the question.
type pledge struct {
	team              *tally
	added, subtracted int64
}

func (t *tally) now() pledge {
	return pledge{team: t, added: t.addAcked.Load(), subtracted: t.deleteAcked.Load()}
}

// check compares an answer with the writes acknowledged before the question
// and those issued by now.
func (p pledge) check(sum int64) error {
	least := p.added - p.team.deleteIssued.Load()
	most := p.team.addIssued.Load() - p.subtracted
	switch {
	case sum < least:
		return fmt.Errorf("%w: a summary adds up to %d, at least %d was acknowledged", errStale, sum, least)
	case sum > most:
		return fmt.Errorf("%w: a summary adds up to %d, no more than %d was ever there", errStale, sum, most)
	}
	return nil
}
