package password

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

// While every place is taken nobody else gets memory: the next one waits until its time is over.
func TestHashWaitsForAPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := &Hasher{places: make(chan struct{}, 1)}
		h.places <- struct{}{}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := h.Hash(ctx, "correct horse")
			done <- err
		}()
		synctest.Wait()
		if len(done) != 0 {
			t.Fatal("it did not wait")
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		<-h.places
		if _, err := h.Hash(t.Context(), "correct horse"); err != nil || len(h.places) != 0 {
			t.Errorf("the place is not free again: %v", err)
		}
	})
}
