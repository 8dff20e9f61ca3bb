package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/banyan-go/banyan/generator"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/record"
	spec "github.com/banyan-go/banyan/generator/resource"
	"github.com/banyan-go/banyan/generator/scaffold"
)

// openApp is an application with the resources of cmd/app, generated with --auth public: the handlers written by hand that it is compared with ask
// nobody who calls either, and keep nothing.
const openApp = "open"

// openSource is where its source is.
func (b *bench) openSource() string { return b.path(filepath.Join("source", openApp)) }

// buildOpen makes the application and builds it, once.
func (b *bench) buildOpen(ctx context.Context) error {
	if _, err := os.Stat(b.path(openApp)); err == nil {
		return nil
	}
	b.say("generating %s", openApp)
	if err := b.generateOpen(ctx); err != nil {
		return fmt.Errorf("generate %s: %w", openApp, err)
	}
	_, err := b.output(ctx, b.openSource(), append(os.Environ(), "CGO_ENABLED=0"), "go", "build", "-o", b.path(openApp), "./cmd/"+openApp)
	return err
}

func (b *bench) generateOpen(ctx context.Context) error {
	reference, err := project.Find(b.root)
	if err != nil {
		return err
	}
	resources, err := record.All(reference)
	if err != nil {
		return err
	}
	// What is referred to was generated first.
	slices.SortFunc(resources, func(x, y record.Resource) int { return cmp.Compare(x.Migration, y.Migration) })
	if err := os.MkdirAll(filepath.Dir(b.openSource()), 0o750); err != nil {
		return err
	}
	if _, err := scaffold.New(ctx, scaffold.Options{Dir: b.openSource(), Replace: b.root, NoGit: true, Now: time.Now()}, nil); err != nil {
		return err
	}
	p, err := project.Find(b.openSource())
	if err != nil {
		return err
	}
	for _, r := range resources {
		r.Auth, r.Cache = spec.Public, "" // what is measured is the way to the database
		plan, err := generator.Resource(ctx, p, r.Spec, time.Now(), nil)
		if err != nil {
			return err
		}
		if err := plan.Write(); err != nil {
			return err
		}
	}
	return nil
}
