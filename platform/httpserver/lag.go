package httpserver

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"sync/atomic"
	"time"
)

// lag measures how long what the network brings has to wait until a goroutine has it: it sends itself a byte through a pipe now and then. Such a byte waits
// as a request does, for the runtime to ask the kernel what there is, and for a CPU. No counter of the runtime tells of the first, which is the longer one where
// a single thread always has something to do.
type lag struct {
	zero time.Time
	sent atomic.Int64 // when what is on its way was sent, nanoseconds since zero; 0 for nothing
	took atomic.Int64 // how long the last one took, in nanoseconds
	came atomic.Int64 // when it came, nanoseconds since zero

	entered atomic.Int64 // requests
	before  atomic.Int64 // entered when what is on its way was sent
	least   int64        // requests that have to enter meanwhile: a machine that is busy with something else is slow with few, and refusing them helps nobody

	send    *os.File // nil before the start
	stopped chan struct{}
}

// start begins to listen.
func (l *lag) start() error {
	receive, send, err := os.Pipe()
	if err != nil {
		return err
	}
	l.zero, l.send, l.stopped = time.Now(), send, make(chan struct{})
	go func() {
		defer close(l.stopped)
		defer receive.Close()
		var b [8]byte
		for {
			if _, err := io.ReadFull(receive, b[:]); err != nil {
				return
			}
			l.arrived(time.Since(l.zero) - time.Duration(binary.LittleEndian.Uint64(b[:])))
		}
	}()
	return nil
}

// arrived notes how long it took.
func (l *lag) arrived(took time.Duration) {
	if !l.queue() {
		took = 0
	}
	l.took.Store(int64(took))
	l.came.Store(int64(time.Since(l.zero)))
	l.sent.Store(0)
}

// queue reports whether requests enough have come while a byte is on its way.
func (l *lag) queue() bool { return l.entered.Load()-l.before.Load() >= l.least }

// oldNews is how long the last measurement counts.
const oldNews = time.Second

// wait returns how long what comes now has to wait: as long as the last byte, or the one that is on its way, when that takes longer already. It sends one
// where none is. Only one goroutine at a time calls it.
func (l *lag) wait() time.Duration {
	if l.send == nil {
		return 0
	}
	now, took := time.Since(l.zero), time.Duration(l.took.Load())
	if now-time.Duration(l.came.Load()) > oldNews {
		took = 0
	}
	if sent := l.sent.Load(); sent != 0 {
		if l.queue() {
			took = max(took, now-time.Duration(sent))
		}
		return took
	}
	l.before.Store(l.entered.Load())
	l.sent.Store(int64(now))
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(now))
	if _, err := l.send.Write(b[:]); err != nil {
		l.sent.Store(0) // it was closed
	}
	return took
}

// stop ends what start has begun.
func (l *lag) stop() error {
	if l.send == nil {
		return nil
	}
	err := l.send.Close()
	<-l.stopped
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}
