package main

import (
	"context"
	"errors"
	"testing"
)

var errLost = errors.New("connection lost")

func newRecord(t *testing.T, id, version int64) *record {
	t.Helper()
	l := newLedger()
	l.seed(id, 1, 0, version)
	return l.record(id)
}

func (r *record) mustUpdate(t *testing.T) {
	t.Helper()
	err := r.update(t.Context(), func(context.Context, int64, string, bool) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnswerOlderThanAnAcknowledgedWriteIsStale(t *testing.T) {
	t.Parallel()
	r := newRecord(t, 7, 3)
	r.mustUpdate(t)
	believed := r.now()
	if err := believed.check(todo{ID: 7, Version: 3}, true); !errors.Is(err, errStale) {
		t.Errorf("version 3 after 4 was acknowledged: got %v, want a stale answer", err)
	}
	if err := believed.check(todo{ID: 7, Version: 4, Title: titleOf(7, 4)}, true); err != nil {
		t.Errorf("version 4: %v", err)
	}
}

func TestAnswerMayBeNewerThanTheQuestion(t *testing.T) {
	t.Parallel()
	r := newRecord(t, 7, 3)
	believed := r.now()
	r.mustUpdate(t)
	for version := range int64(6) {
		err := believed.check(todo{ID: 7, Version: version, Title: titleOf(7, version)}, true)
		if ok := version == 3 || version == 4; ok != (err == nil) {
			t.Errorf("version %d: %v", version, err)
		}
	}
}

func TestTitleOfAnotherVersionIsWrong(t *testing.T) {
	t.Parallel()
	r := newRecord(t, 7, 3)
	r.mustUpdate(t)
	if err := r.now().check(todo{ID: 7, Version: 4, Title: titleOf(7, 3)}, true); err == nil {
		t.Error("a torn answer was accepted")
	}
}

func TestFailedWriteLeavesBothVersionsPossible(t *testing.T) {
	t.Parallel()
	r := newRecord(t, 7, 3)
	err := r.update(t.Context(), func(context.Context, int64, string, bool) error { return errLost })
	if !errors.Is(err, errLost) {
		t.Fatalf("got %v", err)
	}
	for _, version := range []int64{3, 4} {
		if err := r.now().check(todo{ID: 7, Version: version, Title: titleOf(7, version)}, true); err != nil {
			t.Errorf("version %d: %v", version, err)
		}
	}
	r.mustUpdate(t) // does nothing: nobody knows which version it would make
	if got := r.acked.Load(); got != 3 {
		t.Errorf("acknowledged version %d, want 3", got)
	}
}

func TestDeletedTodoMustNotComeBack(t *testing.T) {
	t.Parallel()
	r := newRecord(t, 7, 3)
	before := r.now()
	if err := before.check(todo{}, false); !errors.Is(err, errStale) {
		t.Errorf("missing without a deletion: got %v, want a stale answer", err)
	}
	if err := r.remove(t.Context(), func(context.Context, int64) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if err := before.check(todo{ID: 7, Version: 3}, true); err != nil {
		t.Errorf("asked before the deletion: %v", err)
	}
	if err := checkList([]belief{r.now()}, []todo{{ID: 7, Version: 3}}); !errors.Is(err, errStale) {
		t.Errorf("in a list after the deletion: got %v, want a stale answer", err)
	}
	if err := checkList([]belief{r.now()}, nil); err != nil {
		t.Errorf("gone from the list: %v", err)
	}
}

func TestSummaryMissesNoAcknowledgedWrite(t *testing.T) {
	t.Parallel()
	r := newRecord(t, 7, 3)
	before := r.team.now()
	r.mustUpdate(t)
	for sum := range int64(6) {
		if ok, err := sum == 3 || sum == 4, before.check(sum); ok != (err == nil) {
			t.Errorf("asked before the update: %d: %v", sum, err)
		}
		if ok, err := sum == 4, r.team.now().check(sum); ok != (err == nil) {
			t.Errorf("asked after the update: %d: %v", sum, err)
		}
	}
	between := r.team.now()
	if err := r.remove(t.Context(), func(context.Context, int64) error { return nil }); err != nil {
		t.Fatal(err)
	}
	for _, sum := range []int64{0, 4} {
		if err := between.check(sum); err != nil {
			t.Errorf("asked before the deletion: %v", err)
		}
	}
	if err := r.team.now().check(4); !errors.Is(err, errStale) {
		t.Errorf("asked after the deletion: got %v, want a stale answer", err)
	}
}
