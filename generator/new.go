package generator

import (
	"context"

	"github.com/banyan-go/banyan/generator/apply"
	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/render"
	"github.com/banyan-go/banyan/generator/scaffold"
)

// New makes an application as scaffold.New does, and puts the modules in that it begins with, by the go command.
func New(ctx context.Context, o scaffold.Options, progress func(string)) (scaffold.Made, error) {
	o.Add = add
	return scaffold.New(ctx, o, progress)
}

func add(ctx context.Context, dir string, add, keep []render.File, progress func(string)) error {
	p, err := project.Find(dir)
	if err != nil {
		return err
	}
	plan, err := apply.Make(ctx, p, apply.Edit{Add: add, Keep: keep}, progress)
	if err != nil {
		return err
	}
	return plan.Write()
}
