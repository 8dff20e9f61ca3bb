package querystat

import (
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
)

// stack is how a statement was reached: frames that are named only when somebody is told.
type stack [32]uintptr

// take fills s with the callers of Count or Here.
func (s *stack) take() { runtime.Callers(2, s[:]) }

// Here returns the lines of the application that led to this call, as Statement.At has them. It takes some microseconds: it is for complaints.
func Here() []string {
	var s stack
	s.take()
	return s.places()
}

// maxPlaces is how far back callers are told.
const maxPlaces = 4

// places returns the lines of the application that led to a statement: first the one that issued it, which is the first one outside of the
// platform and gorm, and then those that called it, up to where the server took the request: between them may be the platform, api.Embed for
// instance. A nil s has none.
func (s *stack) places() []string {
	if s == nil {
		return nil
	}
	depth := len(s)
	for i, pc := range s {
		if pc == 0 {
			depth = i
			break
		}
	}
	if depth == 0 {
		return nil
	}
	platform, _ := strings.CutSuffix(reflect.TypeFor[stack]().PkgPath(), "db/querystat")
	var places []string
	for frames := runtime.CallersFrames(s[:depth]); len(places) < maxPlaces; {
		frame, more := frames.Next()
		if outside(frame, platform) {
			places = append(places, place(frame))
		} else if len(places) > 0 && strings.HasPrefix(frame.Function, platform+"httpserver.") {
			break
		}
		if !more {
			break
		}
	}
	return places
}

// outside reports whether a frame is of the application. Tests of the platform are, as far as this is concerned.
func outside(f runtime.Frame, platform string) bool {
	if strings.HasSuffix(f.File, "_test.go") {
		return true
	}
	for _, prefix := range []string{platform, "gorm.io/", "github.com/gofiber/", "runtime.", "testing.", "database/sql.", "reflect.", "net/http."} {
		if strings.HasPrefix(f.Function, prefix) {
			return false
		}
	}
	return f.Function != ""
}

// place names a line as people find it: its file below the folder modules, or behind the package's last two folders.
func place(f runtime.Frame) string {
	file := filepath.ToSlash(f.File)
	if i := strings.LastIndex(file, "/modules/"); i >= 0 {
		file = file[i+1:]
	} else if parts := strings.Split(file, "/"); len(parts) > 3 {
		file = strings.Join(parts[len(parts)-3:], "/")
	}
	return file + ":" + strconv.Itoa(f.Line)
}
