package fault_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/banyan-go/banyan/platform/fault"
)

var errGone = fault.New(fault.NotFound, "product_not_found", "No such product.")

func TestSentinelMatchesItsCopies(t *testing.T) {
	t.Parallel()
	cause := errors.New("sql: no rows")
	err := fmt.Errorf("load product: %w", errGone.Because(cause).WithRetryAfter(time.Second))
	if !errors.Is(err, errGone) {
		t.Error("a copy with a cause is no longer its sentinel")
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
	if errors.Is(err, fault.New(fault.NotFound, "other", "")) {
		t.Error("errors of the same kind and another code are not the same")
	}
	if errGone.Err != nil || errGone.RetryAfter != 0 {
		t.Error("the sentinel itself was changed")
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	if got := fault.KindOf(fmt.Errorf("load: %w", errGone)); got != fault.NotFound {
		t.Errorf("kind of a wrapped error = %v", got)
	}
	if got := fault.KindOf(errors.New("disk on fire")); got != fault.Internal {
		t.Errorf("kind of a foreign error = %v, want internal", got)
	}
}

func TestEveryKindHasAName(t *testing.T) {
	t.Parallel()
	seen := map[string]fault.Kind{}
	for k := fault.Internal; k <= fault.Unavailable; k++ {
		if other, twice := seen[k.String()]; twice {
			t.Errorf("kinds %d and %d are both called %q", other, k, k)
		}
		seen[k.String()] = k
	}
}

func TestChecks(t *testing.T) {
	t.Parallel()
	var c fault.Checks
	c.That(true, "/name", "required", "must not be empty")
	if err := c.Err(); err != nil {
		t.Fatalf("nothing failed, yet: %v", err)
	}
	c.That(false, "/sku", "max_length", "must be at most 64 characters long")
	c.That(false, "/price/amount", "minimum", "must be at least 0")
	err := c.Err()
	if fault.KindOf(err) != fault.Invalid {
		t.Fatalf("kind = %v, want invalid", fault.KindOf(err))
	}
	e, _ := errors.AsType[*fault.Error](err)
	if len(e.Fields) != 2 || e.Fields[0].Pointer != "/sku" || e.Fields[1].Code != "minimum" {
		t.Errorf("fields = %+v", e.Fields)
	}
}

func ExampleChecks() {
	name, amount := "", int64(-5)
	var c fault.Checks
	c.That(name != "", "/name", "required", "must not be empty")
	c.That(amount >= 0, "/price/amount", "minimum", "must be at least 0")
	fmt.Println(c.Err())
	// Output: invalid: Some values are not allowed. /name must not be empty; /price/amount must be at least 0;
}

// What rules say of a value says in the body where that value stands.
func TestBelow(t *testing.T) {
	t.Parallel()
	plain := errors.New("plain")
	invalid := fault.InvalidFields(fault.Field{Pointer: "/email", Code: "a"}, fault.Field{In: "query", Pointer: "/q", Code: "b"})
	for _, err := range []error{invalid, fmt.Errorf("wrapped: %w", invalid)} {
		got, ok := errors.AsType[*fault.Error](fault.Below("/user", err))
		if !ok || got.Fields[0].Pointer != "/user/email" || got.Fields[1].Pointer != "/q" || got.Code != "invalid" {
			t.Errorf("%v: %+v", err, got)
		}
	}
	if invalid.Fields[0].Pointer != "/email" {
		t.Error("the error itself has changed")
	}
	if taken := fault.New(fault.Conflict, "taken", "It is taken."); fault.Below("/user", taken) != error(taken) || fault.Below("/user", plain) != plain || fault.Below("/user", nil) != nil {
		t.Error("an error that points at nothing is another one")
	}
}
