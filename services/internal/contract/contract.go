// Package contract serves the documents by which others integrate with a deployment:
//
//	GET /openapi.json                OpenAPI 3.1 of HTTP
//	GET /asyncapi.json               AsyncAPI 3 of NATS
//	GET /schemas/{name}/{version}    JSON Schema of the events, see package schema
//
// The documents are files of the repository. The tests of this package generate them from the
// route tables, the Go types of the answers and the schemas of the events, and fail if a file
// differs. The tests also check a running deployment: it must answer no path that is not in
// the documents, and every answer must fit its schema. To write the documents anew, run
//
//	go test ./services/internal/contract -update
package contract

import (
	_ "embed" // for go:embed
	"net/http"

	"github.com/muster-works/muster/events/schema"
)

//go:embed openapi.json
var openAPI []byte

//go:embed asyncapi.json
var asyncAPI []byte

// Paths returns the routes that [Mount] adds, as patterns of [http.ServeMux].
func Paths() []string {
	return []string{"GET /openapi.json", "GET /asyncapi.json", "GET /schemas/{name}/{version}"}
}

// Mount adds the routes of the documents to mux. They need no token, because the documents
// hold no secrets and their readers have no token yet. missing answers a request for a schema
// that does not exist.
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

// send answers with a document of a content type.
func send(w http.ResponseWriter, contentType string, document []byte) {
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(document) // fails only if the client is gone
}
