package images

import (
	"runtime"
	"strconv"
	"time"

	"github.com/banyan-go/banyan/platform/config"
	"github.com/banyan-go/banyan/platform/unit"
)

// Config is the section `images`.
type Config struct {
	Driver    string         `config:"driver" doc:"What reads and writes images: webp, or another driver that is compiled in (drivers.go)."`
	MaxPixels int            `config:"max_pixels" doc:"Most pixels of an image that is taken, width times height; one with more than 8 bits for a colour may have half as many. Each takes about 4 bytes of memory while it is worked on."`
	MaxFrames int            `config:"max_frames" doc:"Most frames of an animation that is taken; its first one is shown."`
	Parallel  unit.Auto[int] `config:"parallel" doc:"Images that are worked on at the same time; auto is half of the CPUs."`
	Queue     int            `config:"queue" doc:"Images that wait for a place, at most; more are answered with 503."`
	Timeout   time.Duration  `config:"timeout" doc:"Longest time for one image, from its place on."`
	Quality   int            `config:"quality" doc:"Quality of what is written, 1 to 100."`
}

// Default returns the built-in settings.
func Default() Config {
	return Config{Driver: "webp", MaxPixels: 32_000_000, MaxFrames: 200, Queue: 16, Timeout: 20 * time.Second, Quality: 80}
}

// Validate reports values that break a rule.
func (c Config) Validate(r *config.Report) {
	for _, limit := range []struct {
		key          string
		n, min, most int
	}{
		{"max_pixels", c.MaxPixels, 10_000, 500_000_000}, {"max_frames", c.MaxFrames, 1, 100_000}, {"parallel", c.parallel(), 1, 256},
		{"queue", c.Queue, 0, 10_000}, {"quality", c.Quality, 1, 100},
	} {
		if limit.n < limit.min || limit.n > limit.most {
			r.Add(limit.key, strconv.Itoa(limit.n), strconv.Itoa(limit.min)+" to "+strconv.Itoa(limit.most))
		}
	}
	if c.Timeout <= 0 {
		r.Add("timeout", c.Timeout.String(), "more than 0")
	}
}

func (c Config) parallel() int { return c.Parallel.Or(max(1, runtime.GOMAXPROCS(0)/2)) }
