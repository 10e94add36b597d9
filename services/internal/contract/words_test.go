package contract_test

import (
	"cmp"
	"maps"
	"strings"

	"github.com/muster-works/muster/projections/query"
	"github.com/muster-works/muster/projections/query/question"
)

// An op is the description of an operation for people, and the statuses beside 2xx that its
// answer may have.
type op struct {
	id, tag, summary, answer string
	says                     string // the description, if it says more than answer
	kind                     string // content type of the answer, if it is not the JSON of a Go type
	errors                   []string
}

// ofPersons are the statuses of errors of operations on a person.
var ofPersons = []string{"400", "401", "403", "404", "409", "415", "429", "500", "503"}

// operations describes every route of a deployment, without the questions.
var operations = map[string]op{
	"POST /v1/events": {
		id: "submit", tag: "events", summary: "Submit events", answer: "A receipt for each event, in their order: accepted, duplicate or rejected.",
		says: "The same event may be sent any number of times; it is taken once. A body is not atomic: some of its events may be taken and others refused. " +
			"With 429, 503, or a member problem beside the receipts, send all of it again.",
		errors: []string{"400", "401", "403", "413", "415", "429", "500", "503"},
	},
	"POST /v1/persons/{id}/erase": {
		id: "erase", tag: "people", summary: "Erase who a person is", answer: "The certificate of it.",
		says: "Takes an operator's right, and is refused while the person is in place. Events, figures and proofs stay, under a pseudonym that leads to nobody.", errors: ofPersons,
	},
	"POST /v1/persons/{id}/reveal": {
		id: "reveal", tag: "people", summary: "Learn who a person is", answer: "The fields asked for that the vault holds.",
		says: "Takes the right to, and is on record before anything is told. Fields are id_number, name, phone, household and account.", errors: ofPersons,
	},
	"POST /v1/projections/{view}/rebuild": {
		id: "rebuild", tag: "operation", summary: "Rebuild the views from the log, beside the living ones", answer: "It has begun.",
		says: "Takes an operator's right.", errors: []string{"401", "403", "404", "409"},
	},
	"GET /v1/services": {id: "services", tag: "operation", summary: "Which services run", answer: "A row for each service of each process.", kind: "application/json", errors: []string{"401", "403", "503"}},
	"GET /v1/stream": {
		id: "stream", tag: "questions", summary: "Be told when there is something new", kind: "text/event-stream",
		answer: "Server-sent events: `event: reached`, with view, position and generation as JSON; ask again then.", errors: []string{"400", "401", "403"},
	},
	"GET /readyz":                   {id: "ready", tag: "operation", summary: "Is everything there", answer: "It is.", kind: "text/plain", errors: []string{"503"}},
	"GET /readyz/query":             {id: "queryReady", tag: "operation", summary: "Are the views kept up to date", answer: "They are. 503 says why they stand still, and since when; submissions are taken all the same.", kind: "text/plain", errors: []string{"503"}},
	"GET /healthz":                  {id: "health", tag: "operation", summary: "Does the process live", answer: "It does.", kind: "text/plain"},
	"GET /metrics":                  {id: "metrics", tag: "operation", summary: "How it does, for Prometheus", answer: "Prometheus' text form.", kind: "text/plain", errors: []string{"401", "403", "503"}},
	"GET /openapi.json":             {id: "openapi", tag: "contract", summary: "This document", answer: "OpenAPI 3.1.", kind: "application/json", errors: []string{"503"}},
	"GET /asyncapi.json":            {id: "asyncapi", tag: "contract", summary: "The same for NATS", answer: "AsyncAPI 3.", kind: "application/json", errors: []string{"503"}},
	"GET /schemas/{name}/{version}": {id: "schema", tag: "contract", summary: "The JSON Schema of an event", answer: "JSON Schema 2020-12.", kind: "application/schema+json", errors: []string{"404", "503"}},
}

// described returns operations and the questions, whose descriptions come from their own
// packages.
func described() map[string]op {
	all := maps.Clone(operations)
	for _, q := range query.Questions() {
		o := op{id: q.ID, tag: cmp.Or(q.Tag, question.TagQuestions), summary: q.Summary, answer: q.Answers, says: q.Remark, errors: []string{"400", "401", "403", "503", "504"}}
		if strings.Contains(q.Path, "{") {
			o.errors = []string{"400", "401", "403", "404", "503", "504"}
		}
		all["GET /v1/"+q.Path] = o
	}
	return all
}

// placeholders describes the variables of paths, by path and name.
var placeholders = map[string]string{
	"/v1/persons/{id}/erase id":           "pseudonym of the person",
	"/v1/persons/{id}/reveal id":          "pseudonym of the person",
	"/v1/trail/persons/{id} id":           "pseudonym of the person",
	"/v1/trail/posts/{id} id":             "name of the post",
	"/v1/trail/events/{id} id":            "position of the event, as receipts and trails give it",
	"/v1/trail/agencies/{id} id":          "name of the agency",
	"/v1/projections/{view}/rebuild view": "name of a view, or all; a generation is always rebuilt whole",
	"/schemas/{name}/{version} name":      "an event type, or submission or record, which hold all of them",
	"/schemas/{name}/{version} version":   "v1",
}

// problems describes the statuses of errors, for all operations.
var problems = map[string]string{
	"400": "Something in the request is wrong; the detail names it.",
	"401": "Send Authorization: Bearer and a token that is known here and has not ended.",
	"403": "The token lacks a right, or its holder is disabled.",
	"404": "There is no such thing.",
	"409": "Not in this state: the person is in place, or a rebuild is under way.",
	"413": "The body is too large; send parts, or NDJSON.",
	"415": "The body is of another content type.",
	"421": "An instance on a loopback address answers to its names alone.",
	"429": "The door is busy; send the same again after Retry-After.",
	"500": "The engine failed.",
	"503": "Something behind the door does not answer, or is starting; send the same again after Retry-After.",
	"504": "The views have not reached at_least yet; ask again after Retry-After.",
}
