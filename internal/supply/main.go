// Command supply tells what of others stands in a program that was built from this repository. Beside each binary that it is given it writes a bill
// of materials, BINARY.cdx.json (CycloneDX), and the texts of the licences, BINARY.notices.txt, which go with the binary to whoever gets it. It fails
// on a licence that is unknown or not allowed.
//
//	CGO_ENABLED=0 go build -trimpath -o bin/ ./cmd/app
//	go run ./internal/supply bin/app
package main

import (
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, ".", os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1) //nolint:gocritic // stop has nothing to undo when the process ends
	}
}

// run describes binaries that were built from the module in the folder root.
func run(ctx context.Context, root string, binaries []string) error {
	if len(binaries) == 0 {
		return errors.New("which binary? For instance: go run ./internal/supply bin/app")
	}
	for _, binary := range binaries {
		if err := describe(ctx, root, binary); err != nil {
			return fmt.Errorf("%s: %w", binary, err)
		}
	}
	return nil
}

func describe(ctx context.Context, root, binary string) error {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return err
	}
	parts, err := linked(ctx, root, buildOf(info), info.Path)
	if err != nil {
		return err
	}
	if err := compare(info, parts); err != nil {
		return err
	}
	if err := judge(parts); err != nil {
		return err
	}
	bill, err := billOfMaterials(binary, info, parts)
	if err != nil {
		return err
	}
	texts, err := notices(parts)
	if err != nil {
		return err
	}
	if err := errors.Join(os.WriteFile(binary+".cdx.json", bill, 0o644), os.WriteFile(binary+".notices.txt", texts, 0o644)); err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "%s: %d parts of others, see %[1]s.cdx.json and %[1]s.notices.txt\n", binary, len(parts))
	return nil
}

// buildOf returns how a binary was built, as far as that decides what is in it.
func buildOf(info *debug.BuildInfo) build {
	var b build
	for _, s := range info.Settings {
		switch s.Key {
		case "GOOS", "GOARCH", "CGO_ENABLED":
			b.env = append(b.env, s.Key+"="+s.Value)
		case "-tags":
			b.tags = s.Value
		}
	}
	b.goVersion = strings.TrimPrefix(info.GoVersion, "go")
	return b
}

// compare refuses a binary that is older than go.mod: what is known of its parts would be about others.
func compare(info *debug.BuildInfo, parts []part) error {
	now := map[string]string{}
	for _, p := range parts {
		now[p.Name] = p.Version
	}
	for _, dep := range info.Deps {
		if path, version := origin(dep); now[path] != version {
			return fmt.Errorf("it was built with %s %s, and go.mod has %q: build it again", path, version, now[path])
		}
	}
	return nil
}
