// Command generate writes the code that reads and writes the payloads of
// package events in the canonical form, member by member. It is run by
//
//	go generate ./events
//
// and replaces two files of that package: canonical_scan.go, by which a Scanner
// reads payloads, and canonical_write.go, by which Event.Append writes them.
//
// A payload is a struct of the package with a method Type whose only statement
// returns the constant of an event type. The program finds the payloads by
// parsing the source of the whole package, so a new payload or a new field needs
// nothing but another run. See structs.go for the kinds of fields that are
// supported. A payload with a field of another kind is left to the JSON library,
// and canonical_scan.go says which ones and why.
//
// The program takes an optional argument: the folder of the package, which is
// the current folder if it is left out.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	folder := "."
	if len(os.Args) > 1 {
		folder = os.Args[1]
	}
	if err := run(folder); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(folder string) error {
	files, err := generate(folder)
	if err != nil {
		return err
	}
	for name, source := range files {
		if err := os.WriteFile(filepath.Join(folder, name), source, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// The names of the files that are generated.
const (
	scanFile  = "canonical_scan.go"
	writeFile = "canonical_write.go"
)

// generate returns the generated files of the package in a folder by name.
func generate(folder string) (map[string][]byte, error) {
	source, err := parseSource(folder)
	if err != nil {
		return nil, err
	}
	payloads, err := source.payloads()
	if err != nil {
		return nil, err
	}
	scan, err := scanSource(source, payloads)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", scanFile, err)
	}
	write, err := writeSource(source, payloads)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", writeFile, err)
	}
	return map[string][]byte{scanFile: scan, writeFile: write}, nil
}
