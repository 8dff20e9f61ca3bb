package generator

import (
	"os"
	"slices"
	"testing"

	"github.com/banyan-go/banyan/generator/apply"
	"github.com/banyan-go/banyan/generator/resource"
)

// A module that no other uses can go, in either way: what stays builds, and its tests pass.
func TestWhatStaysWithoutAModuleBuilds(t *testing.T) {
	t.Parallel()
	if os.Getenv("BANYAN_LONG") != "1" {
		t.Skip("goes over an application five times, for a minute; BANYAN_LONG=1 runs it, as continuous integration does")
	}
	p := newProject(t)
	var all apply.Edit
	for _, module := range []string{"bill", "ship", "visit"} {
		edit, err := resourceEdit(p, resource.Spec{Module: module, Name: "entry", Fields: []string{"note:string:required,search"}, Migration: 20261123101500}, true)
		if err != nil {
			t.Fatal(err)
		}
		all.Add, all.Keep = append(all.Add, edit.Add...), append(all.Keep, edit.Keep...)
	}
	plan, err := apply.Make(t.Context(), p, all, nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, plan)

	if err := os.RemoveAll(p.Path("modules", "bill")); err != nil {
		t.Fatal(err)
	}
	if plan, err = Sync(t.Context(), p, nil); err != nil {
		t.Fatal(err)
	}
	write(t, plan)
	destroyed, err := DestroyResource(t.Context(), p, "ship", "entry", noon(), nil)
	if err != nil {
		t.Fatal(err)
	}
	write(t, destroyed.Plan)
	if destroyed, err = DestroyModule(t.Context(), p, "ship", nil); err != nil {
		t.Fatal(err)
	}
	write(t, destroyed.Plan)

	if modules, err := p.Modules(); err != nil || !slices.Equal(modules, []string{"visit"}) {
		t.Errorf("the modules are %v, %v", modules, err)
	}
	run(t, p, "test", "-vet=all", "./...")
	run(t, p, "run", p.Main(), "modules")
}
