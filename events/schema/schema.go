// Package schema holds the contract as JSON Schema 2020-12, for programmes in
// any language. The documents are made from the Go code of package events: from
// its types, from the comments beside them, and from the code that checks a
// submission (see [events.Rules]); a test holds them to it.
//
// There is a document for the data of every event type. Its $id is the
// dataschema of such events, urn:muster:schemas/<type>/v1, and it describes what
// a submission and a record have in common; #submission and #record are those.
// Two more hold all of these within themselves, so that one file is enough to
// check with: [Submission] is an event as agencies send it, [Record] one as it
// stands in the log.
//
// What a schema refuses the door refuses too. The door refuses more: it knows
// checksums, the length of months, which dates exist and which of two comes
// first, and counts the bytes of a text, not its characters. And it reads a null
// or an empty text as a member that is left out, which the schemas ask to leave
// out.
package schema

import (
	"embed"
	"io/fs"
	"strings"
)

// The names of the documents that hold all others.
const (
	Submission = "submission"
	Record     = "record"
)

//go:embed v1/*.json
var documents embed.FS

// ID returns the $id of a document: of a type, the dataschema of its events.
func ID(name string) string { return "urn:muster:schemas/" + name + "/v1" }

// Names lists the documents of version 1, sorted: the event types and the two
// that hold them all.
func Names() []string {
	entries, err := documents.ReadDir("v1")
	if err != nil {
		panic(err) // they are part of the binary
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = strings.TrimSuffix(e.Name(), ".json")
	}
	return names
}

// Read returns a document. The error of an unknown name is [fs.ErrNotExist].
func Read(name string) ([]byte, error) { return fs.ReadFile(documents, "v1/"+name+".json") }
