package ratelimit_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/banyan-go/banyan/platform/ratelimit"
)

func TestOneHouseholdIsOneAddress(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ address, want string }{
		{"203.0.113.7", "ip:203.0.113.7"},
		{"::ffff:203.0.113.7", "ip:203.0.113.7"},
		{"2001:db8:1:2:3:4:5:6", "ip:2001:db8:1:2::"},
		{"2001:db8:1:2::1", "ip:2001:db8:1:2::"},
		{"2001:db8:1:3::1", "ip:2001:db8:1:3::"},
		{"fe80::1%eth0", "ip:fe80::"},
		{"fe80::2%eth1", "ip:fe80::"},
		{"::1", "ip:::"},
	} {
		if got := string(ratelimit.AppendAddress(nil, netip.MustParseAddr(c.address))); got != c.want {
			t.Errorf("%s counts as %s, want %s", c.address, got, c.want)
		}
	}
	if got := string(ratelimit.AppendAddress(nil, netip.Addr{})); got != "ip:" {
		t.Errorf("no address counts as %s", got)
	}
}

func TestAKeySaysWhoseRequestItIs(t *testing.T) {
	t.Parallel()
	address := netip.MustParseAddr("203.0.113.7")
	anonymous, ada := ratelimit.Who{Address: address}, ratelimit.Who{Address: address, User: "ada", Header: []byte("k1")}
	for _, c := range []struct {
		key  ratelimit.Key
		who  ratelimit.Who
		want string // "" for a request that is not counted
	}{
		{ratelimit.IP, ada, "ip:203.0.113.7"},
		{ratelimit.User, ada, "user:ada"},
		{ratelimit.User, anonymous, ""},
		{ratelimit.UserOrIP, ada, "user:ada"},
		{ratelimit.UserOrIP, anonymous, "ip:203.0.113.7"},
		{ratelimit.Global, ada, "*"},
		{ratelimit.Header("X-Api-Key"), ada, "header:k1"},
		{ratelimit.Header("X-Api-Key"), anonymous, "ip:203.0.113.7"},
		{ratelimit.Subject, ada, ""},
	} {
		got, counted := c.key.AppendSubject(nil, c.who)
		if string(got) != c.want || counted != (c.want != "") {
			t.Errorf("by %s, %+v is %q, counted %v; want %q", c.key, c.who, got, counted, c.want)
		}
	}
}

// A header may be as long as a client likes; what is kept of it is not. Two long ones are two subjects all the same.
func TestLongSubjectsAreKeptApart(t *testing.T) {
	t.Parallel()
	l, _ := inMemory(t, "1 per 1h")
	long := strings.Repeat("a", 100_000)
	for _, subject := range []string{long + "x", long + "y", strings.Repeat("a", 64), strings.Repeat("a", 65)} {
		if !take(t, l, subject).Allowed || take(t, l, subject).Allowed {
			t.Errorf("the subject of %d bytes that ends in %s has not a count of its own", len(subject), subject[len(subject)-1:])
		}
	}
}
