// Package schema contains the contract as JSON Schema 2020-12, for programmes in any
// language. The documents are generated from the code of package events: from its
// types, their comments, and the code that checks a submission (see [events.Rules]).
// A test fails if they differ.
//
// There is one document for the data of every event type. Its $id is the dataschema
// of these events, urn:muster:schemas/<type>/v1. Its root describes what submissions
// and records have in common, #submission describes the data of a submission, and
// #record that of a record.
//
// Two more documents describe whole events and contain all the others, so that one
// file is enough for validation: [Submission] is an event as agencies send it,
// [Record] is an event as the log holds it.
//
// The engine refuses every submission that does not fit the schema. It also refuses
// submissions that fit: it checks the check character of identity numbers, whether a
// date exists, the order of two dates, and the length of texts in bytes rather than
// characters. The engine treats null and the empty text as a member left out. The
// schemas do not allow them.
//
// All functions are safe for concurrent use.
package schema

import (
	"embed"
	"io/fs"
	"strings"
)

// The names of the documents that describe whole events.
const (
	Submission = "submission"
	Record     = "record"
)

//go:embed v1/*.json
var documents embed.FS

// ID returns the $id of a document. The $id of a type's document is the dataschema of
// its events.
func ID(name string) string { return "urn:muster:schemas/" + name + "/v1" }

// Names returns the names of the documents of version 1 in order: the event types,
// and the two documents of whole events.
func Names() []string {
	entries, err := documents.ReadDir("v1")
	if err != nil {
		panic(err) // cannot happen, the documents are part of the binary
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".json")
	}
	return names
}

// Read returns a document by name. The error for an unknown name is [fs.ErrNotExist].
func Read(name string) ([]byte, error) { return fs.ReadFile(documents, "v1/"+name+".json") }
