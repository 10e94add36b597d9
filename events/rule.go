package events

import "strings"

// A Rule is a requirement on one member of a payload. A field of a Rule that is zero
// requires nothing.
type Rule struct {
	Field    string   // path within data; [] stands for any line: lines[].amount
	Required bool     // the member is present and not empty
	Or       string   // the member that a submission may give instead of this one, but not beside it
	Engine   bool     // only the engine sets the member; no submission has it
	Private  bool     // the member identifies a person; no record has it
	Absent   bool     // the member is not present
	Some     bool     // the list is not empty
	Text     int      // maximum length of a text in bytes
	OneOf    []string // the texts allowed
	Pattern  string   // regular expression that a text matches
	Number   bool     // the member is a number from Low to High
	Low      int
	High     int
	When     string // the reason that a submission must give for the rule to hold; empty is any
}

// Rules returns the requirements on submissions that have the type of sample. The
// code that checks submissions reports them, so they cannot differ from it. A field
// may have several rules.
//
// In sample every pointer must be set and every list must have one element. The
// values do not matter, except that an attendance sheet with a month has other rules
// than one with a date.
//
// Rules does not return requirements on several members at once, such as that until
// lies after from. Nor does it return the rules of policy packs, see
// [policy.Pack.Judge].
func Rules(sample Data) []Rule {
	var rules []Rule
	sample.check(&checker{door: true, rules: &rules})
	return rules
}

func (c *checker) rule(field string, r Rule) {
	if c.list != "" {
		field = c.list + "[]." + field
	}
	r.Field = strings.ReplaceAll(field, "[0]", "[]")
	*c.rules = append(*c.rules, r)
}
