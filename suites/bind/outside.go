package bind

// outside is a goroutine that was there before any test. What it makes belongs to no bubble of testing/synctest, each of which waits for the
// goroutines that were started in it: a handle that a test opens in one shares its cache with the handles of other tests.
type outside struct {
	calls chan func()
	done  chan struct{}
}

func newOutside() *outside {
	o := &outside{calls: make(chan func()), done: make(chan struct{})}
	go func() {
		for call := range o.calls {
			call()
			o.done <- struct{}{}
		}
	}()
	return o
}

// do is for one caller at a time.
func (o *outside) do(call func()) {
	o.calls <- call
	<-o.done
}
