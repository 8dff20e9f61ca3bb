package telemetry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

const (
	bufferSize = 64 << 10               // bytes that may wait, beside those that are being written
	flushSize  = 32 << 10               // bytes after which the helper is called before its time
	flushDelay = 100 * time.Millisecond // longest wait of a line before the helper writes it
	patience   = time.Second            // longest wait of a caller for a slow output
)

// Writer collects log lines and writes them to an output in batches: as soon as 32 KiB wait, and otherwise 100 ms after the
// first line of the batch came. A helper goroutine does it, started by the first line; with nothing to write it sleeps.
//
// Two buffers of 64 KiB bound the memory (a longer line is taken whole, alone). When the output is slower than the lines come,
// one buffer is being written, the other is full, and Write waits for room: for 1 s at most, then its line is dropped and
// counted. When the output has not moved at all for that second, lines are dropped without waiting until it moves again. What
// the output refuses with an error is lost and counted; nothing is tried twice.
//
// All methods are safe for concurrent use.
type Writer struct {
	out      io.Writer
	wake     chan struct{} // a first line is pending
	hurry    chan struct{} // the batch shall go out now
	quit     chan struct{} // closed by Close
	finished chan struct{} // closed by the helper at its end
	torn     bool          // the output ends in the middle of a line; belongs to whoever calls output

	mu      sync.Mutex
	moved   *sync.Cond // the helper took or finished a batch, or a wait has run out
	pending []byte     // lines that nobody has taken yet
	spare   []byte     // the buffer that will be pending next
	state   writerState
	stalled bool   // a caller's patience ran out and the output has not moved since
	added   uint64 // bytes that were ever pending
	done    uint64 // bytes of these that were written or lost
	err     error  // of the latest write
	stats   WriterStats
}

type writerState uint8

const (
	idle    writerState = iota // no helper yet
	running                    // the helper runs
	closing                    // Close was called, the helper writes what is left
	closed                     // no helper any more: lines are written by their callers
)

// WriterStats counts what a Writer did since it was made.
type WriterStats struct {
	Bytes   uint64 // written to the output
	Errors  uint64 // writes that the output refused, wholly or in part
	Dropped uint64 // lines lost: no room in time, or refused by the output
}

// NewWriter returns a Writer to out. Nobody else may write to out, or lines may stand inside one another.
func NewWriter(out io.Writer) *Writer {
	w := &Writer{
		out:      out,
		wake:     make(chan struct{}, 1),
		hurry:    make(chan struct{}, 1),
		quit:     make(chan struct{}),
		finished: make(chan struct{}),
	}
	w.moved = sync.NewCond(&w.mu)
	return w
}

// Write takes a copy of p, which has to be whole lines. It never returns an error: what becomes of the lines shows in Stats. After
// Close it writes p to the output itself.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	w.add(p)
	w.mu.Unlock()
	return len(p), nil
}

// WriteNow is Write for lines that must not wait for others. It returns when they have been handed to the output, or after 1 s.
func (w *Writer) WriteNow(p []byte) (int, error) {
	w.mu.Lock()
	w.add(p)
	w.settle()
	w.mu.Unlock()
	return len(p), nil
}

// writeSoon is Write and sends the helper at once, but does not wait for it: under a storm of such lines batches still form.
func (w *Writer) writeSoon(p []byte) {
	w.mu.Lock()
	w.add(p)
	signal(w.hurry)
	w.mu.Unlock()
}

// flushNow sends what is pending and waits for it, for 1 s at most.
func (w *Writer) flushNow() {
	w.mu.Lock()
	w.settle()
	w.mu.Unlock()
}

// Flush returns when every line written before has been handed to the output, with the output's error if the latest write
// failed. When ctx ends earlier it returns its cause.
func (w *Writer) Flush(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		w.mu.Lock()
		w.moved.Broadcast()
		w.mu.Unlock()
	})
	defer stop()
	w.mu.Lock()
	defer w.mu.Unlock()
	mark := w.added
	signal(w.hurry)
	for w.done < mark && ctx.Err() == nil {
		w.moved.Wait()
	}
	if w.done < mark {
		return fmt.Errorf("flush log, %d bytes left: %w", mark-w.done, context.Cause(ctx))
	}
	if w.err != nil {
		return fmt.Errorf("write log: %w", w.err)
	}
	return nil
}

// Close flushes and ends the helper. When ctx ends earlier it returns its cause, and the helper ends as soon as the output lets
// it. A second call only waits.
func (w *Writer) Close(ctx context.Context) error {
	w.mu.Lock()
	switch w.state {
	case idle:
		w.state = closed
		close(w.finished)
	case running:
		w.state = closing
		close(w.quit)
	}
	w.mu.Unlock()
	err := w.Flush(ctx)
	select {
	case <-w.finished:
	case <-ctx.Done():
	}
	return err
}

// Stats returns the counts up to now.
func (w *Writer) Stats() WriterStats {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stats
}

// add appends p to the pending lines. The caller holds the lock; add may let go of it while it waits.
func (w *Writer) add(p []byte) {
	switch w.state {
	case closed:
		w.through(p)
		return
	case idle:
		w.state = running
		w.pending, w.spare = make([]byte, 0, bufferSize), make([]byte, 0, bufferSize)
		go w.run()
	}
	if !w.room(len(p)) {
		signal(w.hurry)
		w.await(func() bool { return w.room(len(p)) })
		if w.state == closed { // ended while this line waited
			w.through(p)
			return
		}
		if !w.room(len(p)) {
			w.stats.Dropped += uint64(bytes.Count(p, []byte{'\n'}))
			return
		}
	}
	before := len(w.pending)
	w.pending = append(w.pending, p...)
	w.added += uint64(len(p))
	if before == 0 {
		signal(w.wake)
	}
	if before < flushSize && len(w.pending) >= flushSize {
		signal(w.hurry)
	}
}

// through writes p itself, there being no helper any more. The caller holds the lock.
func (w *Writer) through(p []byte) {
	n, err := w.output(p)
	w.count(p, n, err)
}

func (w *Writer) room(n int) bool {
	return len(w.pending) == 0 || len(w.pending)+n <= bufferSize
}

// settle waits until everything added so far is done. The caller holds the lock.
func (w *Writer) settle() {
	mark := w.added
	signal(w.hurry)
	w.await(func() bool { return w.done >= mark })
}

// await waits until ok holds, but not while the output is stalled and never longer than patience. The caller holds the lock.
func (w *Writer) await(ok func() bool) {
	if ok() || w.stalled {
		return
	}
	expired, seen := false, w.done
	timer := time.AfterFunc(patience, func() {
		w.mu.Lock()
		expired = true
		if w.done == seen {
			w.stalled = true
		}
		w.moved.Broadcast()
		w.mu.Unlock()
	})
	defer timer.Stop()
	for !ok() && !expired && !w.stalled && w.state != closed {
		w.moved.Wait()
	}
}

// run is the helper.
func (w *Writer) run() {
	defer close(w.finished)
	timer := time.NewTimer(flushDelay)
	defer timer.Stop()
	for {
		select {
		case <-w.wake:
		case <-w.quit:
			for !w.writeOut() {
			}
			return
		}
		timer.Reset(flushDelay)
		select {
		case <-w.hurry:
		case <-timer.C:
		case <-w.quit: // seen again at the top
		}
		w.writeOut()
	}
}

// writeOut hands the pending lines to the output. With none left after Close it marks the end and returns true.
func (w *Writer) writeOut() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	batch := w.pending
	if len(batch) == 0 {
		if w.state == closing {
			w.state = closed
			w.moved.Broadcast()
		}
		return w.state == closed
	}
	w.pending, w.spare = w.spare, nil
	w.moved.Broadcast()

	w.mu.Unlock()
	n, err := w.output(batch)
	w.mu.Lock()

	w.count(batch, n, err)
	w.done += uint64(len(batch))
	w.stalled = false
	if cap(batch) > 2*bufferSize { // grown by one huge line
		batch = make([]byte, 0, bufferSize)
	}
	w.spare = batch[:0]
	w.moved.Broadcast()
	return false
}

// output writes whole lines and returns how many bytes went out. One goroutine at a time may call it: the helper or, after the
// helper's end, the holder of the lock.
func (w *Writer) output(lines []byte) (int, error) {
	if w.torn {
		// Without this the next line would be glued to half a line, and neither could be read.
		if _, err := w.out.Write([]byte{'\n'}); err != nil {
			return 0, err
		}
		w.torn = false
	}
	n, err := w.out.Write(lines)
	n = max(0, min(n, len(lines)))
	if err == nil && n < len(lines) {
		err = io.ErrShortWrite
	}
	w.torn = err != nil && n > 0 && lines[n-1] != '\n'
	return n, err
}

// count notes what output returned. The caller holds the lock.
func (w *Writer) count(lines []byte, n int, err error) {
	w.err = err
	w.stats.Bytes += uint64(n)
	if err != nil {
		w.stats.Errors++
		w.stats.Dropped += uint64(bytes.Count(lines[n:], []byte{'\n'}))
	}
}

// signal leaves a note in a channel of one place.
func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
