package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"runtime/debug"
	"strings"
)

// bom is a bill of materials by CycloneDX 1.6, as far as it is used here (https://cyclonedx.org/docs/1.6/json).
type bom struct {
	Schema       string       `json:"$schema"`
	Format       string       `json:"bomFormat"`
	SpecVersion  string       `json:"specVersion"`
	Version      int          `json:"version"`
	Metadata     metadata     `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type metadata struct {
	Timestamp  string     `json:"timestamp,omitempty"`
	Lifecycles []phase    `json:"lifecycles"`
	Component  component  `json:"component"`
	Properties []property `json:"properties,omitempty"`
}

type phase struct {
	Phase string `json:"phase"`
}

type component struct {
	Ref      string    `json:"bom-ref"`
	Type     string    `json:"type"`
	Name     string    `json:"name"`
	Version  string    `json:"version"`
	Hashes   []hash    `json:"hashes,omitempty"`
	Licences []licence `json:"licenses,omitempty"`
	PURL     string    `json:"purl"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

// licence has one of both.
type licence struct {
	Licence    *licenceID `json:"license,omitempty"`
	Expression string     `json:"expression,omitempty"`
}

type licenceID struct {
	ID string `json:"id"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref       string   `json:"ref"`
	DependsOn []string `json:"dependsOn,omitempty"`
}

// billOfMaterials is the same for the same binary: it has no serial number, and its time is that of the commit.
func billOfMaterials(binary string, info *debug.BuildInfo, parts []part) ([]byte, error) {
	program, err := programOf(binary, info)
	if err != nil {
		return nil, err
	}
	b := bom{
		Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", Format: "CycloneDX", SpecVersion: "1.6", Version: 1,
		Metadata: metadata{Lifecycles: []phase{{"post-build"}}, Component: program},
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.time" {
			b.Metadata.Timestamp = s.Value
		}
		b.Metadata.Properties = append(b.Metadata.Properties, property{"go:build:" + s.Key, s.Value})
	}
	refs := map[string]string{}
	for _, p := range parts {
		refs[p.Name] = p.PURL
	}
	whole := dependency{Ref: program.Ref}
	for _, p := range parts {
		b.Components = append(b.Components, component{Ref: p.PURL, Type: "library", Name: p.Name, Version: p.Version, PURL: p.PURL, Licences: licences(p.Licences...)})
		whole.DependsOn = append(whole.DependsOn, p.PURL)
		d := dependency{Ref: p.PURL}
		for _, name := range p.Needs {
			d.DependsOn = append(d.DependsOn, refs[name])
		}
		b.Dependencies = append(b.Dependencies, d)
	}
	b.Dependencies = append(b.Dependencies, whole)
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the bill of materials: %w", err)
	}
	return append(text, '\n'), nil
}

// programOf is what the bill is of.
func programOf(binary string, info *debug.BuildInfo) (component, error) {
	data, err := os.ReadFile(binary)
	if err != nil {
		return component{}, fmt.Errorf("read the binary: %w", err)
	}
	sum := sha256.Sum256(data)
	purl := "pkg:golang/" + info.Main.Path
	if version := info.Main.Version; version != "(devel)" { // what Go says where it knows no commit
		purl += "@" + strings.ReplaceAll(version, "+", "%2B")
	}
	purl += "#" + strings.TrimPrefix(info.Path, info.Main.Path+"/")
	return component{
		Ref: purl, Type: "application", Name: path.Base(info.Path), Version: info.Main.Version, PURL: purl,
		Hashes: []hash{{"SHA-256", hex.EncodeToString(sum[:])}}, Licences: licences("MIT"),
	}, nil
}

func licences(ids ...string) []licence {
	if len(ids) == 1 {
		return []licence{{Licence: &licenceID{ids[0]}}}
	}
	return []licence{{Expression: strings.Join(ids, " AND ")}}
}
