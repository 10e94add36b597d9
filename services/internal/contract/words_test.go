package contract_test

import "github.com/danielgtaylor/huma/v2"

// An op is the description of an operation for people, and the statuses beside 2xx that its
// answer may have.
type op struct {
	id, tag, summary, answer string
	says                     string // the description, if it says more than answer
	kind                     string // content type of the answer, if it is not the JSON of a Go type
	errors                   []string
}

// The statuses of errors that groups of operations have in common.
var (
	asked     = []string{"400", "401", "403", "503", "504"}
	askedOf   = []string{"400", "401", "403", "404", "503", "504"}
	ofPersons = []string{"400", "401", "403", "404", "409", "415", "429", "500", "503"}
)

// operations describes every pattern that a deployment answers.
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
	"GET /v1/headcount":        {id: "headcount", tag: "questions", summary: "People in place", answer: "Counts by what was asked for.", errors: asked},
	"GET /v1/headcount/series": {id: "headcountSeries", tag: "questions", summary: "People in place, day by day", answer: "Counts by day and by what was asked for.", errors: asked},
	"GET /v1/plan":             {id: "plan", tag: "questions", summary: "Planned, developed and placed", answer: "The plan of the year against what is.", errors: asked},
	"GET /v1/vacancies":        {id: "vacancies", tag: "questions", summary: "Seats with nobody on them", answer: "The vacant seats, the longest vacant first.", errors: asked},
	"GET /v1/payroll":          {id: "payroll", tag: "questions", summary: "What a month was worth to each person, and what was paid", answer: "A row for each person on each post.", errors: asked},
	"GET /v1/funds":            {id: "funds", tag: "questions", summary: "What stands in the books of each fund", answer: "A balance for each fund.", errors: asked},
	"GET /v1/agencies": {
		id: "agencies", tag: "questions", summary: "How late, how complete and how refused publishers report", answer: "A row for each agency.",
		says: "Of one month: the one asked for, or the one before as_of.", errors: asked,
	},
	"GET /v1/trail/persons/{id}": {
		id: "personTrail", tag: "questions", summary: "The audit trail of a person", answer: "The events, oldest first; of sheets and runs that person's lines alone.", errors: askedOf,
	},
	"GET /v1/trail/posts/{id}":    {id: "postTrail", tag: "questions", summary: "The audit trail of a post", answer: "The events, oldest first.", errors: askedOf},
	"GET /v1/trail/agencies/{id}": {id: "agencyTrail", tag: "questions", summary: "The audit trail of an agency", answer: "The events, oldest first.", errors: askedOf},
	"GET /v1/trail/events/{id}": {
		id: "eventTrail", tag: "questions", summary: "The chain of an event", answer: "The event, what it corrects and what corrects it, oldest first.", errors: askedOf,
	},
	"GET /v1/projections": {id: "projections", tag: "operation", summary: "How far each view has come", answer: "A row for each view.", errors: asked},
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
	"GET /healthz":                  {id: "health", tag: "operation", summary: "Does the process live", answer: "It does.", kind: "text/plain"},
	"GET /metrics":                  {id: "metrics", tag: "operation", summary: "How it does, for Prometheus", answer: "Prometheus' text form.", kind: "text/plain", errors: []string{"401", "403", "503"}},
	"GET /openapi.json":             {id: "openapi", tag: "contract", summary: "This document", answer: "OpenAPI 3.1.", kind: "application/json", errors: []string{"503"}},
	"GET /asyncapi.json":            {id: "asyncapi", tag: "contract", summary: "The same for NATS", answer: "AsyncAPI 3.", kind: "application/json", errors: []string{"503"}},
	"GET /schemas/{name}/{version}": {id: "schema", tag: "contract", summary: "The JSON Schema of an event", answer: "JSON Schema 2020-12.", kind: "application/schema+json", errors: []string{"404", "503"}},
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

// parameters describes the parameters of questions.
var parameters = map[string]huma.Param{
	"as_of":    {Description: "what was true on this business date; today where left out", Schema: &huma.Schema{Type: "string", Format: "date"}},
	"known_at": {Description: "as known at this instant (RFC 3339) or at the end of this date; now where left out", Schema: &huma.Schema{Type: "string"}},
	"at_least": {Description: "wait, 5 s at most, until this position of a receipt is visible", Schema: &huma.Schema{Type: "string"}},
	"division": {Description: "a prefix of 2, 4, 6 or 9 digits, or all 12", Schema: &huma.Schema{Type: "string", Pattern: "^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})?$"}},
	"by":       {Description: "a comma list of division:prefecture, division:county, division:township, category, kind, group, area, sex", Schema: &huma.Schema{Type: "string"}},
	"from":     {Description: "the first day", Schema: &huma.Schema{Type: "string", Format: "date"}},
	"to":       {Description: "the last day", Schema: &huma.Schema{Type: "string", Format: "date"}},
	"month":    {Description: "YYYY-MM", Schema: &huma.Schema{Type: "string", Pattern: "^[0-9]{4}-[0-9]{2}$"}},
	"limit":    {Description: "rows of a page", Schema: &huma.Schema{Type: "integer", Minimum: ptr(1.0)}},
	"cursor":   {Description: "next of the page before, with the other parameters as they were", Schema: &huma.Schema{Type: "string"}},
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
