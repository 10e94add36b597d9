package events

import "strings"

// A Rule is what one member of a payload is held to. What a rule leaves at its
// zero value it does not ask for.
type Rule struct {
	Field    string   // path within data; [] is any line: lines[].amount
	Required bool     // may not be left out, nor be empty
	Or       string   // the member beside it that a submission may give in its place, not both
	Engine   bool     // set by the engine: in no submission
	Private  bool     // says who somebody is: in no record
	Absent   bool     // may not be there
	Some     bool     // a list that is not empty
	Text     int      // most bytes of a text
	OneOf    []string // the texts allowed
	Pattern  string   // regular expression that a text matches
	Number   bool     // a number from Low to High
	Low      int
	High     int
}

// Rules returns what submissions like sample are held to, as the code that
// checks them says it: the same field may have several rules. A sample has
// every pointer set and a line in every list; beside that only what tells
// sheets of a month from sheets of a day matters in it. What concerns several
// members at once (until after from), and the rules of policy packs, which
// [policy.Pack.Judge] tells, are not among them.
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
