package httpserver

import (
	"slices"
	"sync"
	"time"
)

// pace spreads refusals: so many in a second, and each that is one too many waits for its turn. There is no bound to how often somebody asks again who is told no at
// once, and at several times too much most of a CPU goes into saying it; who waits costs the connection that it has anyway. It is safe for concurrent use.
type pace struct {
	between time.Duration // two refusals
	longest time.Duration // that one waits

	mu    sync.Mutex
	next  time.Time       // when the next one has its turn
	line  []kept          // those that wait, the first one first
	timer *time.Timer     // that ends the wait of those whose turn it is; nil until somebody has waited
	spare []chan struct{} // that nobody waits for
	ended bool            // nobody waits any more
}

// kept is a refusal that waits.
type kept struct {
	until time.Time
	told  chan struct{} // has an element when the wait is over
}

// paceStep is the time of which the refusals are told together: a timer for each costs more than to be a little late, and the client reads what comes at once in one go.
const paceStep = 10 * time.Millisecond

// wait waits for a turn, and so long at least.
func (p *pace) wait(least time.Duration) {
	p.mu.Lock()
	now := time.Now()
	wait := max(0, p.next.Sub(now))
	if wait <= p.longest { // else it shares the last turn
		p.next = now.Add(wait + p.between)
	}
	if p.ended || wait < max(least, paceStep) {
		p.mu.Unlock()
		time.Sleep(least)
		return
	}
	told := p.join(now.Add(wait), wait)
	p.mu.Unlock()
	<-told
	p.mu.Lock()
	p.spare = append(p.spare, told)
	p.mu.Unlock()
}

// join makes one more the last of the line. The caller holds mu.
func (p *pace) join(until time.Time, wait time.Duration) (told chan struct{}) {
	if n := len(p.spare); n > 0 {
		told, p.spare = p.spare[n-1], p.spare[:n-1]
	} else {
		told = make(chan struct{}, 1)
	}
	if p.line = append(p.line, kept{until, told}); len(p.line) > 1 {
		return told
	}
	if p.timer == nil {
		p.timer = time.AfterFunc(wait, p.tell)
	} else {
		p.timer.Reset(wait)
	}
	return told
}

// tell ends the wait of those whose turn it is.
func (p *pace) tell() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, n := time.Now(), 0
	for ; n < len(p.line) && (p.ended || !p.line[n].until.After(now)); n++ {
		p.line[n].told <- struct{}{}
	}
	if p.line = slices.Delete(p.line, 0, n); len(p.line) > 0 {
		p.timer.Reset(max(paceStep, p.line[0].until.Sub(now)))
	}
}

// end tells everybody at once, those that wait and those that come.
func (p *pace) end() {
	p.mu.Lock()
	p.ended = true
	p.mu.Unlock()
	p.tell()
}

// waiting returns how many wait.
func (p *pace) waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.line)
}
