// Package record keeps what was asked of the generator, one file for each resource in .banyan, so that the same files can be written again.
// The files are committed; they hold no times but the version of the migration, which was drawn once.
package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/banyan-go/banyan/generator/project"
	"github.com/banyan-go/banyan/generator/render"
	"github.com/banyan-go/banyan/generator/resource"
)

// folder holds the records, by module.
const folder = ".banyan/resources"

func pathOf(s resource.Spec) string { return path.Join(folder, s.Module, s.Name+".json") }

// File returns the record of a resource.
func File(s resource.Spec) (render.File, error) {
	var data bytes.Buffer
	e := json.NewEncoder(&data)
	e.SetEscapeHTML(false) // people read the differences
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		return render.File{}, err
	}
	return render.File{Path: pathOf(s), Data: data.Bytes(), Mode: 0o644}, nil
}

// Exists reports whether the resource has been generated.
func Exists(p *project.Project, s resource.Spec) bool {
	_, err := os.Stat(p.Path(filepath.FromSlash(pathOf(s))))
	return err == nil
}

// All returns the records of a project, by module and name.
func All(p *project.Project) ([]resource.Spec, error) {
	files, err := filepath.Glob(p.Path(filepath.FromSlash(folder), "*", "*.json"))
	if err != nil {
		return nil, err
	}
	var specs []resource.Spec
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var s resource.Spec
		if err := json.Unmarshal(data, &s); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Relative(file), err)
		}
		specs = append(specs, s)
	}
	slices.SortFunc(specs, func(a, b resource.Spec) int { return strings.Compare(pathOf(a), pathOf(b)) })
	return specs, nil
}
