// Package contract serves what is generated from the code for those who
// integrate with it from outside:
//
//	GET /openapi.json                OpenAPI 3.1 of HTTP
//	GET /asyncapi.json               AsyncAPI 3 of NATS
//	GET /schemas/{name}/{version}    JSON Schema of the events, see package schema
//
// They are files of the repository. The tests of the package make them from the
// tables by which requests are routed, from the Go types of the answers and from
// the schemas of the events, hold them to these, and hold a running deployment to
// them: it answers no path that is not in there, and nothing that does not fit.
package contract

import (
	_ "embed" // for the documents
	"net/http"

	"github.com/muster-works/muster/events/schema"
)

//go:embed openapi.json
var openAPI []byte

//go:embed asyncapi.json
var asyncAPI []byte

// Paths lists what [Mount] adds, as patterns of a ServeMux.
func Paths() []string {
	return []string{"GET /openapi.json", "GET /asyncapi.json", "GET /schemas/{name}/{version}"}
}

// Mount adds the documents. They hold nothing that anybody may not know, and
// whoever is about to integrate has no token yet. What is not there is left to
// missing.
func Mount(mux *http.ServeMux, missing http.HandlerFunc) {
	paths := Paths()
	mux.HandleFunc(paths[0], func(w http.ResponseWriter, _ *http.Request) { send(w, "application/json", openAPI) })
	mux.HandleFunc(paths[1], func(w http.ResponseWriter, _ *http.Request) { send(w, "application/json", asyncAPI) })
	mux.HandleFunc(paths[2], func(w http.ResponseWriter, r *http.Request) {
		document, err := schema.Read(r.PathValue("name"))
		if err != nil || r.PathValue("version") != "v1" {
			missing(w, r)
			return
		}
		send(w, "application/schema+json", document)
	})
}

func send(w http.ResponseWriter, kind string, document []byte) {
	w.Header().Set("Content-Type", kind)
	_, _ = w.Write(document) // a reader that left is no error of ours
}
