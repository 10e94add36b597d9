package schema_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/events/schema"
)

const dialect = "https://json-schema.org/draft/2020-12/schema"

// payload generates the document of a type. The Go type gives the structure, and the
// code that checks a payload gives the requirements.
func payload(t testing.TB, typ events.Type, says map[string]string) *jsonschema.Schema {
	data := reflect.TypeOf(events.New(typ)).Elem()
	shape, err := jsonschema.ForType(data, &jsonschema.ForOptions{TypeSchemas: kinds})
	if err != nil {
		t.Fatal(err)
	}
	tidy(shape, typ.Family() == events.Gateway)
	describe(shape, data, says)
	shape.Schema, shape.ID, shape.Title = dialect, schema.ID(string(typ)), string(typ)
	d := &document{shape: shape, submission: &jsonschema.Schema{Anchor: "submission", Ref: "#"}, record: &jsonschema.Schema{Anchor: "record", Ref: "#"}}
	common, special := variants(typ)
	for _, r := range common {
		d.hold(r)
	}
	for _, member := range sorted(special) {
		d.alternative(member, special)
	}
	shape.Defs = map[string]*jsonschema.Schema{"record": d.record}
	if typ.Family() != events.Gateway {
		shape.Defs["submission"] = d.submission
	}
	return shape
}

// tidy removes what holds for Go values but not for the contract: null values, and
// the requirement that members without omitzero are present. This requirement is kept
// if always is true, since the engine always writes such members.
func tidy(s *jsonschema.Schema, always bool) {
	if len(s.Types) == 2 && s.Types[0] == "null" {
		s.Type, s.Types = s.Types[1], nil
	}
	if !always {
		s.Required = nil
	}
	for _, p := range s.Properties {
		tidy(p, always)
	}
	if s.Items != nil {
		tidy(s.Items, always)
	}
}

// variants returns the rules that hold for all events of a type, and those that hold
// only for sheets with a certain member, by that member.
func variants(typ events.Type) (common []events.Rule, special map[string][]events.Rule) {
	sample := events.New(typ)
	fill(reflect.ValueOf(sample).Elem())
	switch d := sample.(type) {
	case *events.PolicyAdopted:
		var pack describer
		d.Judge(&pack)
		return append(events.Rules(sample), pack...), nil
	case *events.AttendanceReported:
		d.Month = civil.MustMonth("2022-05") // a month of 31 days
		month := events.Rules(d)
		d.Month, d.Date = 0, civil.MustDate("2022-05-09")
		day := events.Rules(d)
		common = slices.DeleteFunc(slices.Clone(month), func(r events.Rule) bool { return !has(day, r) })
		other := func(r events.Rule) bool { return has(common, r) }
		return common, map[string][]events.Rule{"month": slices.DeleteFunc(month, other), "date": slices.DeleteFunc(day, other)}
	}
	return events.Rules(sample), nil
}

func has(rules []events.Rule, r events.Rule) bool {
	return slices.ContainsFunc(rules, func(o events.Rule) bool { return reflect.DeepEqual(o, r) })
}

// fill sets every pointer of a struct and gives every list one element.
func fill(v reflect.Value) {
	for i := range v.NumField() {
		f := v.Field(i)
		switch {
		case !f.CanSet():
			continue
		case f.Kind() == reflect.Pointer:
			f.Set(reflect.New(f.Type().Elem()))
			f = f.Elem()
		case f.Kind() == reflect.Slice:
			f.Set(reflect.MakeSlice(f.Type(), 1, 1))
			f = f.Index(0)
		}
		if f.Kind() == reflect.Struct {
			fill(f)
		}
	}
}

// A describer is a policy.Judge that collects the requirements on an empty pack.
type describer []events.Rule

func (d *describer) hold(field string, r events.Rule) {
	r.Field = anyIndex.ReplaceAllString(field, "[]")
	*d = append(*d, r)
}

func (d *describer) Given(field, _ string) { d.hold(field, events.Rule{Required: true}) }

func (d *describer) Code(field, _ string) {
	d.hold(field, events.Rule{Required: true, Pattern: policy.CodeForm})
}

func (d *describer) OneOf(field, _ string, allowed ...string) {
	d.hold(field, events.Rule{Required: true, OneOf: slices.Clone(allowed)})
}

func (d *describer) Between(field string, _, low, high int) {
	d.hold(field, events.Rule{Required: low > 0, Number: true, Low: low, High: high})
}

func (d *describer) Span(field string, _ policy.AgeSpan, low, high int) {
	d.both(field, "from", "until", low, high)
}

func (d *describer) Ages(field string, _ policy.Ages, low, high int) {
	d.both(field, "female", "male", low, high)
}

func (d *describer) both(field, a, b string, low, high int) {
	d.hold(field, events.Rule{Required: true})
	d.Between(field+"."+a, 0, low, high)
	d.Between(field+"."+b, 0, low, high)
}

func (d *describer) Some(field string, _, low, _ int) {
	d.hold(field, events.Rule{Required: low > 0, Some: low > 0})
}

// Rule adds a requirement if the empty pack does not meet it: the member is then
// required.
func (d *describer) Rule(field string, ok bool, _, _ string) {
	if !ok {
		d.hold(field, events.Rule{Required: true})
	}
}

// A document is a schema under construction, with its parts for the two forms.
type document struct{ shape, submission, record *jsonschema.Schema }

// hold adds a rule to the document.
func (d *document) hold(r events.Rule) {
	if r.When != "" {
		d.holdWhen(r)
		return
	}
	parent, name := at(d.shape, r.Field)
	member := parent.Properties[name]
	if member == nil {
		panic(fmt.Sprintf("a rule for %s, which is no field", r.Field))
	}
	restrict(member, r)
	switch {
	case r.Or != "":
		require(overlay(d.record, r.Field))
		in, name := overlay(d.submission, r.Field)
		in.OneOf = []*jsonschema.Schema{{Required: []string{name}}, {Required: []string{r.Or}}}
	case r.Required && r.Private:
		require(overlay(d.submission, r.Field))
	case r.Required:
		for needed := r.Field; ; { // a required member of a required object makes the object required
			require(at(d.shape, needed))
			i := strings.LastIndexByte(needed, '.')
			if i < 0 || strings.HasSuffix(needed[:i], "]") || optional[needed[:i]] {
				break
			}
			needed = needed[:i]
		}
	}
	if r.Private {
		forbid(overlay(d.record, r.Field))
	}
	if r.Engine || r.Absent {
		forbid(overlay(d.submission, r.Field))
	}
}

// holdWhen adds a rule that holds for the submissions with one reason.
func (d *document) holdWhen(r events.Rule) {
	is := any(r.When)
	branch := &jsonschema.Schema{
		If:   &jsonschema.Schema{Properties: map[string]*jsonschema.Schema{"reason": {Const: &is}}, Required: []string{"reason"}},
		Then: &jsonschema.Schema{},
	}
	if r.Absent {
		forbid(overlay(branch.Then, r.Field))
	} else {
		require(overlay(branch.Then, r.Field))
	}
	if parent, name := at(d.shape, r.Field); r.Required && parent.Properties[name].Pattern == "" {
		one := 1
		parent, name := overlay(branch.Then, r.Field)
		if parent.Properties == nil {
			parent.Properties = map[string]*jsonschema.Schema{}
		}
		parent.Properties[name] = &jsonschema.Schema{MinLength: &one}
	}
	d.submission.AllOf = append(d.submission.AllOf, branch)
}

// optional lists the objects that may be left out although they have required
// members.
var optional = map[string]bool{"identity": true, "review": true, "publicity": true, "agreement": true}

// alternative adds the rules that hold if a member is present. The member then
// excludes the other members that have rules of their own.
func (d *document) alternative(member string, special map[string][]events.Rule) {
	branch := &jsonschema.Schema{Required: []string{member}}
	for other := range special {
		if other != member {
			forbid(branch, other)
		}
	}
	for _, r := range special[member] {
		parent, name := at(d.shape, r.Field)
		restrict(parent.Properties[name], r)
		if r.Absent {
			forbid(overlay(branch, r.Field))
		} else if r.Required {
			require(overlay(branch, r.Field))
		}
	}
	d.shape.OneOf = append(d.shape.OneOf, branch)
}

// restrict adds the restrictions of a rule to the schema of a member.
func restrict(s *jsonschema.Schema, r events.Rule) {
	if r.Text > 0 && (s.MaxLength == nil || *s.MaxLength > r.Text) {
		s.MaxLength = &r.Text
	}
	for _, text := range r.OneOf {
		s.Enum = append(s.Enum, text)
	}
	if r.Pattern != "" {
		s.Pattern = r.Pattern
	}
	if one := 1; r.Some {
		s.MinItems = &one
	} else if r.Required && s.Type == "string" && s.Pattern == "" && s.Format == "" && s.Enum == nil {
		s.MinLength = &one
	}
	if low, high := float64(r.Low), float64(r.High); r.Number {
		s.Minimum = &low
		if high < 1<<53 { // JSON numbers are not exact above this bound
			s.Maximum = &high
		}
	}
}

func require(in *jsonschema.Schema, name string) {
	if !slices.Contains(in.Required, name) {
		in.Required = append(in.Required, name)
	}
}

func forbid(in *jsonschema.Schema, name string) {
	if in.Properties == nil {
		in.Properties = map[string]*jsonschema.Schema{}
	}
	in.Properties[name] = &jsonschema.Schema{Not: &jsonschema.Schema{}}
}

// at returns the schema of the object that contains a field, and the name of the
// field in it.
func at(s *jsonschema.Schema, field string) (parent *jsonschema.Schema, name string) {
	for {
		part, rest, deeper := strings.Cut(field, ".")
		name, list := strings.CutSuffix(part, "[]")
		if !deeper && !list {
			return s, name
		}
		if s = s.Properties[name]; list {
			s = s.Items
		}
		if !deeper { // the field is an element of a list of texts
			return &jsonschema.Schema{Properties: map[string]*jsonschema.Schema{"": s}}, ""
		}
		field = rest
	}
}

// overlay is at, but adds the objects that are missing on the way.
func overlay(s *jsonschema.Schema, field string) (parent *jsonschema.Schema, name string) {
	for {
		part, rest, deeper := strings.Cut(field, ".")
		name, list := strings.CutSuffix(part, "[]")
		if !deeper {
			return s, name
		}
		if s.Properties == nil {
			s.Properties = map[string]*jsonschema.Schema{}
		}
		if s.Properties[name] == nil {
			s.Properties[name] = &jsonschema.Schema{}
		}
		if s = s.Properties[name]; list {
			if s.Items == nil {
				s.Items = &jsonschema.Schema{}
			}
			s = s.Items
		}
		field = rest
	}
}
