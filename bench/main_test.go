package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	o, err := parse([]string{"--parts", "stack,start", "--rounds", "7", "--duration", "3s", "--json"}, &log)
	if err != nil {
		t.Fatal(err, log.String())
	}
	if !slices.Equal(o.parts, []string{"stack", "start"}) || o.rounds != 7 || o.duration != 3*time.Second || !o.json {
		t.Errorf("parse() = %+v", o)
	}
}

func TestParseDefault(t *testing.T) {
	t.Parallel()
	o, err := parse(nil, &strings.Builder{})
	if err != nil || o.rounds != 5 || o.cold || !slices.Equal(o.parts, partNames()) {
		t.Errorf("parse() = %+v, %v, want 5 rounds of every part but the downloading one", o, err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--parts", "stack,speed"}, `no part "speed"`},
		{[]string{"--rounds", "0"}, "--rounds"},
		{[]string{"--duration", "500ms"}, "whole seconds"},
		{[]string{"--duration", "1500ms"}, "whole seconds"},
		{[]string{"--conns", "0"}, "--conns"},
		{[]string{"--server-core", "1"}, "two different cores"},
		{[]string{"stack"}, `"stack" is not a flag`},
		{[]string{"--fast"}, "flag provided but not defined"},
	} {
		var log strings.Builder
		if _, err := parse(c.args, &log); err == nil || !strings.Contains(log.String(), c.want) {
			t.Errorf("parse(%v) = %v and says %q, want %q", c.args, err, log.String(), c.want)
		}
	}
}
