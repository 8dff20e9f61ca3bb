package apptest_test

import (
	"testing"

	"github.com/banyan-go/banyan/platform/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }
