package httpserver_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/banyan-go/banyan/platform/api"
	"github.com/banyan-go/banyan/platform/fault"
	"github.com/banyan-go/banyan/platform/unit"
)

// uploads starts a server whose bodies are small, with an upload of at most 100,000 bytes within the time, and one of at most 1 GiB
// that is refused before it is read. Seen is told how much a handler has read each time
// that it has read something.
func uploads(t *testing.T, within time.Duration, seen chan<- int) *server {
	t.Helper()
	handler := func(c *fiber.Ctx) error {
		if c.Query("ignore") != "" {
			return c.SendString("no need")
		}
		body, total, buf := c.Context().RequestBodyStream(), 0, make([]byte, 1000)
		for {
			n, err := body.Read(buf)
			if total += n; seen != nil && n > 0 {
				seen <- total
			}
			if err == io.EOF {
				return c.SendString(fmt.Sprint(total))
			}
			if err != nil {
				return err
			}
		}
	}
	full := func(*fiber.Ctx) error { return fault.New(fault.Unavailable, "no_room", "There is no room.") }
	return start(t, func(su *setup) {
		su.cfg.BodyLimit = unit.KiB
		su.cfg.RequestTimeout = 300 * time.Millisecond
		limit := api.UploadLimit{Size: 100_000, Time: within}
		su.routes = append(su.routes, api.Upload("/upload", limit, handler, api.Op{ID: "upload", Summary: "Upload", Auth: api.PublicWrite("a test")}),
			api.Upload("/large", api.UploadLimit{Size: 1 << 30, Time: within}, full, api.Op{ID: "sendLarge", Summary: "Upload", Auth: api.PublicWrite("a test")}),
			api.Put("/upload", count, api.Op{ID: "put", Summary: "Upload", Auth: api.PublicWrite("a test"), Upload: limit}))
	})
}

type (
	arriving struct{ Body api.Incoming }
	counted  struct {
		Body struct {
			Bytes int64 `json:"bytes"`
		}
	}
)

// count is an operation that says how much came.
func count(_ context.Context, in *arriving) (*counted, error) {
	var out counted
	var err error
	out.Body.Bytes, err = io.Copy(io.Discard, in.Body.Body)
	return &out, err
}

// An operation reads as a handler does, within the limits of its upload.
func TestAnOperationReadsItsBodyWhileItArrives(t *testing.T) {
	t.Parallel()
	s := uploads(t, patience, nil)
	c := s.dial()
	put := strings.Replace(fmt.Sprintf(uploadHead, ""), "POST", "PUT", 1)
	c.send(put + "Content-Length: 50000\r\n\r\n" + strings.Repeat("x", 50_000))
	if a := c.answer("PUT"); a.StatusCode != 200 || string(a.body) != `{"bytes":50000}` || a.Close {
		t.Errorf("%s, %s, close %v", a.Status, a.body, a.Close)
	}
	c.send(put + "Content-Length: 100001\r\n\r\nx")
	if p := check(t, c.answer("PUT"), 413, "body_too_large"); !strings.Contains(p.Detail, "at most 100000 bytes") {
		t.Errorf("it names another limit than its own: %s", p.Detail)
	}
	slow := uploads(t, 200*time.Millisecond, nil).dial()
	slow.send(put + "Transfer-Encoding: chunked\r\n\r\n2\r\nxx\r\n")
	check(t, slow.answer("PUT"), 408, "request_timeout")
}

const uploadHead = "POST /api/v1/test/upload%s HTTP/1.1\r\nHost: h\r\nContent-Type: image/png\r\n"

// The body goes to the handler as it comes: neither is it kept in memory, nor does the limit of other bodies count.
func TestAnUploadIsReadWhileItArrives(t *testing.T) {
	t.Parallel()
	seen := make(chan int, 1000)
	s := uploads(t, patience, seen)
	c := s.dial()
	c.send(fmt.Sprintf(uploadHead, "") + "Content-Length: 50000\r\n\r\n" + strings.Repeat("x", 20_000))
	for read := 0; read < 20_000; {
		select {
		case read = <-seen:
		case <-time.After(patience):
			t.Fatalf("the handler has %d bytes of those that were sent", read)
		}
	}
	c.send(strings.Repeat("x", 30_000))
	if a := c.answer("POST"); a.StatusCode != 200 || string(a.body) != "50000" || a.Close {
		t.Errorf("%s, %s, close %v", a.Status, a.body, a.Close)
	}
	c.send(fmt.Sprintf(uploadHead, "") + "Transfer-Encoding: chunked\r\n\r\n7d0\r\n" + strings.Repeat("x", 2000) + "\r\n0\r\n\r\n")
	if a := c.answer("POST"); a.StatusCode != 200 || string(a.body) != "2000" {
		t.Errorf("the second one, chunked: %s, %s", a.Status, a.body)
	}
	if log := s.lines(); !strings.Contains(log, "50000") {
		t.Errorf("the access log does not say how much came:\n%s", log)
	}
}

// A client that sends all of its body before it looks for an answer, as most do, gets to see the one that came before the body was read.
func TestAClientThatIsStillSendingSeesItsRefusal(t *testing.T) {
	t.Parallel()
	s := uploads(t, patience, nil)
	const size = 16 << 20 // more than the system keeps for the two ends of a connection
	chunks := "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("100000\r\n"+strings.Repeat("x", 1<<20)+"\r\n", size>>20) + "0\r\n\r\n"
	whole := fmt.Sprintf("Content-Length: %d\r\n\r\n", size) + strings.Repeat("x", size)
	for _, c := range []struct {
		name, request, code string
		status              int
	}{
		{"an upload that is too large", fmt.Sprintf(uploadHead, "") + whole, "body_too_large", 413},
		{"one whose length nobody has said", fmt.Sprintf(uploadHead, "") + chunks, "body_too_large", 413},
		{"another body that is too large", "POST /api/v1/test/things HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n" + whole, "body_too_large", 413},
		{"an upload that is not read", strings.Replace(fmt.Sprintf(uploadHead, ""), "/upload", "/large", 1) + whole, "no_room", 503},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cl := s.on(t).dial()
			if _, err := io.WriteString(cl.Conn, c.request); err != nil {
				t.Errorf("the client is cut off while it sends: %v", err)
			}
			a := cl.answer("POST")
			check(t, a, c.status, c.code)
			if !a.Close || !cl.closed() {
				t.Error("the connection is still open: what follows may be part of the body")
			}
		})
	}
}

// Who asks before it sends is told at once by the length alone, and by the limit of the operation.
func TestABodyThatIsTooLargeIsNotAskedFor(t *testing.T) {
	t.Parallel()
	s := uploads(t, patience, nil)
	things := "POST /api/v1/test/things HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
	for _, c := range []struct {
		name, head    string
		length, limit int
	}{
		{"an upload", fmt.Sprintf(uploadHead, ""), 100_001, 100_000},
		{"another body", things, 1025, 1024},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cl := s.on(t).dial()
			cl.send(c.head + fmt.Sprintf("Expect: 100-continue\r\nContent-Length: %d\r\n\r\n", c.length))
			a := cl.answer("POST")
			if p := check(t, a, 413, "body_too_large"); p.Detail != fmt.Sprintf("The body may have at most %d bytes.", c.limit) || !a.Close {
				t.Errorf("%s, close %v", p.Detail, a.Close)
			}
		})
	}
	cl := s.dial()
	cl.send(fmt.Sprintf(uploadHead, "") + "Expect: 100-continue\r\nContent-Length: 100000\r\n\r\n")
	if a := cl.answer("POST"); a.StatusCode != 100 {
		t.Fatalf("what is not too large: %s", a.Status)
	}
	cl.send(strings.Repeat("x", 100_000))
	if a := cl.answer("POST"); a.StatusCode != 200 || string(a.body) != "100000" || a.Close {
		t.Errorf("what is not too large: %s, %s, close %v", a.Status, a.body, a.Close)
	}
}

func TestAnUploadHasLimits(t *testing.T) {
	t.Parallel()
	s := uploads(t, patience, nil)
	chunk := "2710\r\n" + strings.Repeat("x", 10_000) + "\r\n"
	for _, c := range []struct {
		name, request, code string
		status              int
	}{
		{"a length beyond it", fmt.Sprintf(uploadHead, "") + "Content-Length: 100001\r\n\r\nx", "body_too_large", 413},
		{"chunks beyond it", fmt.Sprintf(uploadHead, "") + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat(chunk, 10) + "1\r\nx\r\n0\r\n\r\n", "body_too_large", 413},
		{"a chunk without its end", fmt.Sprintf(uploadHead, "") + "Transfer-Encoding: chunked\r\n\r\n2\r\nxxyy", "body_cut_off", 400},
		{"compressed", fmt.Sprintf(uploadHead, "") + "Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nxxx", "unsupported_content_encoding", 415},
		{"another place, beyond its limit", "POST /api/v1/test/things HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 1025\r\n\r\nx", "body_too_large", 413},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cl := s.on(t).dial()
			cl.send(c.request)
			check(t, cl.answer("POST"), c.status, c.code)
			if !cl.closed() {
				t.Error("the connection is still open: what follows may be part of the body")
			}
		})
	}
}

// What a handler does not want is not read; the connection ends, since what follows on it is no request.
func TestWhatAHandlerLeavesUnreadIsNoRequest(t *testing.T) {
	t.Parallel()
	c := uploads(t, patience, nil).dial()
	c.send(fmt.Sprintf(uploadHead, "?ignore=1") + "Content-Length: 90000\r\n\r\n" + strings.Repeat("GET /livez HTTP/1.1\r\nHost: h\r\n\r\n", 300))
	if a := c.answer("POST"); a.StatusCode != 200 || !a.Close {
		t.Errorf("%s, close %v", a.Status, a.Close)
	}
	if !c.closed() {
		t.Error("the body was answered as requests")
	}
}

func TestAnUploadThatIsTooSlowIsEnded(t *testing.T) {
	t.Parallel()
	c := uploads(t, 200*time.Millisecond, nil).dial()
	c.send(fmt.Sprintf(uploadHead, "") + "Transfer-Encoding: chunked\r\n\r\n2\r\nxx\r\n")
	check(t, c.answer("POST"), 408, "request_timeout")
}
