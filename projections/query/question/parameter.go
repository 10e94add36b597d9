package question

// A Parameter describes a parameter of a question. A request is held to its name; the
// other fields are for the OpenAPI document and, as far as they say numbers, for Limit.
type Parameter struct {
	Name     string
	About    string // what it means
	Type     string // in JSON Schema; empty is "string"
	Format   string // in JSON Schema; may be empty
	Pattern  string // regular expression; may be empty
	Required bool

	// Of a limit: how many rows a page has if the parameter is left out, and at most.
	Default, Most int
}

// The parameters that several questions take.
var (
	AsOf     = Parameter{Name: "as_of", About: "what was true on this business date; today where left out", Format: "date"}
	KnownAt  = Parameter{Name: "known_at", About: "as known at this instant (RFC 3339) or at the end of this date; now where left out"}
	AtLeast  = Parameter{Name: "at_least", About: "wait, 5 s at most, until this position of a receipt is visible"}
	Division = Parameter{Name: "division", About: "a prefix of 2, 4, 6 or 9 digits, or all 12", Pattern: "^([0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}|[0-9]{12})?$"}
	From     = Parameter{Name: "from", About: "the first day", Format: "date", Required: true}
	To       = Parameter{Name: "to", About: "the last day", Format: "date", Required: true}
	Month    = Parameter{Name: "month", About: "YYYY-MM", Pattern: "^[0-9]{4}-[0-9]{2}$"}
	Cursor   = Parameter{Name: "cursor", About: "next of the page before, with the other parameters as they were"}

	// Limit is of lists. FigureLimit is of figures: their rows are short, and few
	// answers have more.
	Limit       = Parameter{Name: "limit", About: "rows of a page", Type: "integer", Default: 100, Most: 1000}
	FigureLimit = Parameter{Name: "limit", About: "rows of a page", Type: "integer", Default: 10_000, Most: 10_000}
)

// Needed returns the parameter as one that must be given.
func (p Parameter) Needed() Parameter {
	p.Required = true
	return p
}
