package events_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events"
)

// Goal: a text that is no event of this contract is refused as a whole, and the
// answer names the event if its id and source can be read.
// Method: a table of malformed texts.
func TestRefusedAsWritten(t *testing.T) {
	const head = `{"specversion":"1.0","id":"x","source":"/agency/a","division":"370211102231","type":"post.closed"`
	for name, c := range map[string]struct {
		raw   string
		code  events.Code
		field string
		id    string
	}{
		"nothing":              {"", events.Malformed, "", ""},
		"white space":          {" \n", events.Malformed, "", ""},
		"not JSON":             {"post,month\n", events.Malformed, "", ""},
		"null":                 {"null", events.Malformed, "", ""},
		"an array":             {"[]", events.Malformed, "", ""},
		"a string":             {`"x"`, events.Malformed, "", ""},
		"cut off":              {head + `,"data":{"post":"p","on":"2023`, events.Malformed, "data.on", "x"},
		"two documents":        {head + `,"data":{"post":"p","on":"2023-01-01"}} {}`, events.Malformed, "", "x"},
		"a comma too many":     {head + `,"data":{"post":"p","on":"2023-01-01",}}`, events.Malformed, "data", "x"},
		"NaN":                  {head + `,"data":{"post":"p","on":NaN}}`, events.Malformed, "data.on", "x"},
		"a byte order mark":    {"\ufeff" + head + `,"data":{"post":"p","on":"2023-01-01"}}`, events.Malformed, "", ""},
		"a raw line break":     {head + ",\"data\":{\"post\":\"p\n\",\"on\":\"2023-01-01\"}}", events.Malformed, "data.post", "x"},
		"not UTF-8":            {head + ",\"data\":{\"post\":\"\xb9\xab\xd2\xe6\",\"on\":\"2023-01-01\"}}", events.Malformed, "", "x"},
		"not UTF-8 in a name":  {head + ",\"data\":{\"\xb9\xab\":1,\"post\":\"p\",\"on\":\"2023-01-01\"}}", events.Malformed, "", "x"},
		"half a surrogate":     {head + `,"data":{"post":"\ud800","on":"2023-01-01"}}`, events.Malformed, "data.post", "x"},
		"an id twice":          {head + `,"id":"y","data":{"post":"p","on":"2023-01-01"}}`, events.Malformed, "id", "y"},
		"a field twice":        {head + `,"data":{"post":"p","post":"q","on":"2023-01-01"}}`, events.Malformed, "data.post", "x"},
		"data before its type": {`{"data":{"post":"p","on":"2023-02-29"},` + head[1:] + `}`, events.InvalidDate, "data.on", "x"},
		"deep":                 {head + `,"data":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, events.Malformed, "", "x"},
	} {
		e, err := events.Submission([]byte(c.raw))
		var reasons events.Reasons
		if !errors.As(err, &reasons) || len(reasons) != 1 || reasons[0].Code != c.code || name != "deep" && reasons[0].Field != c.field {
			t.Errorf("%s: %v, want %s of %q", name, err, c.code, c.field)
		}
		readable(t, name, reasons)
		if e == nil || e.ID != c.id {
			t.Errorf("%s: named as %+v, want the id %q", name, e, c.id)
		} else if c.id != "" && (e.Source != "/agency/a" || e.Type != "post.closed") {
			t.Errorf("%s: named as a %s of %s", name, e.Type, e.Source)
		}
	}
}

// Goal: each rule of the contract is reported by one reason that names the field.
// Method: one member of an accepted submission is changed at a time.
func TestRefusedMember(t *testing.T) {
	goldens := read(t, "submission")
	long, longer := quoted(strings.Repeat("x", 201)), quoted(strings.Repeat("岗", 700))
	for _, c := range []struct {
		golden, path, value string
		code                events.Code
		field               string // the field of the reason, if it differs from the member
	}{
		// The envelope.
		{"post.closed", "specversion", `"0.3"`, events.UnknownVersion, ""},
		{"post.closed", "id", `""`, events.Missing, ""},
		{"post.closed", "id", `17`, events.Malformed, ""},
		{"post.closed", "id", long, events.Invalid, ""},
		{"post.closed", "id", `"a\nb"`, events.Invalid, ""},
		{"post.closed", "source", `null`, events.Missing, ""},
		{"post.closed", "source", `"a\u0000b"`, events.Invalid, ""},
		{"post.closed", "subject", `"a\u0085b"`, events.Invalid, ""},
		{"post.closed", "subject", `"a\u2028b"`, events.Invalid, ""},
		{"post.closed", "replaces", long, events.Invalid, ""},
		{"post.closed", "replaces", `"a\u200bb"`, events.Invalid, ""},
		{"post.closed", "id", `"a "`, events.Invalid, ""},
		{"post.closed", "source", `"/agency/\uff41"`, events.Invalid, ""},
		{"post.closed", "type", `""`, events.Missing, ""},
		{"post.closed", "type", `"post.opened"`, events.UnknownType, ""},
		{"post.closed", "type", `"Post.Closed"`, events.UnknownType, ""},
		{"post.closed", "type", `["post.closed"]`, events.Malformed, ""},
		{"post.closed", "time", `"yesterday"`, events.InvalidDate, ""},
		{"post.closed", "time", `"2022-02-30T09:00:00+08:00"`, events.InvalidDate, ""},
		{"post.closed", "time", `1653987600`, events.Malformed, ""},
		{"post.closed", "datacontenttype", `"application/xml"`, events.Invalid, ""},
		{"post.closed", "dataschema", `"urn:muster:schemas/post.closed/v2"`, events.UnknownVersion, ""},
		{"post.closed", "dataschema", `"urn:muster:schemas/post.resized/v1"`, events.UnknownVersion, ""},
		{"post.closed", "division", `"3702"`, events.Invalid, ""},
		{"post.closed", "division", `"37021110223x"`, events.Invalid, ""},
		{"post.closed", "division", `370211102231`, events.Malformed, ""},
		{"post.closed", "submode", `"force"`, events.Invalid, ""},
		{"post.closed", "authtype", `"token"`, events.EngineField, ""},
		{"post.closed", "authid", `"370211-rsj"`, events.EngineField, ""},
		{"post.closed", "correlationid", `"c"`, events.EngineField, ""},
		{"post.closed", "policyversion", `"v"`, events.EngineField, ""},
		{"post.closed", "digest", `"d"`, events.EngineField, ""},
		{"post.closed", "recordedtime", `"2022-06-01T08:00:00Z"`, events.EngineField, ""},
		{"post.closed", "datacontentype", `"application/json"`, events.UnknownField, ""},
		{"post.closed", "data", `null`, events.Malformed, ""},
		{"post.closed", "data", `"post"`, events.Malformed, ""},
		{"post.closed", "data", `[]`, events.Malformed, ""},

		// Divisions.
		{"divisions.adopted", "data.lines", `[]`, events.Missing, ""},
		{"divisions.adopted", "data.edition", longer, events.Invalid, ""},
		{"divisions.adopted", "data.lines[0].code", `"3702"`, events.Invalid, ""},
		{"divisions.adopted", "data.lines[0].level", `"county"`, events.Invalid, ""},
		{"divisions.adopted", "data.lines[0].level", `"hamlet"`, events.Invalid, ""},
		{"divisions.adopted", "data.lines[0].name", `""`, events.Missing, ""},
		{"divisions.adopted", "data.lines[0].valid_to", `"2022-06-31"`, events.InvalidDate, ""},
		{"divisions.adopted", "data.lines[0].valid_from", `"2022-07-01"`, events.Invalid, "data.lines[0].valid_to"},
		{"divisions.adopted", "data.lines[0].successor", `"370211102231"`, events.Invalid, ""},
		{"divisions.adopted", "data.lines[0].successor", `"village"`, events.Invalid, ""},

		// Plans and posts.
		{"plan.set", "data.division", `"37"`, events.Invalid, ""},
		{"plan.set", "data.year", `1989`, events.Invalid, ""},
		{"plan.set", "data.year", `2022.5`, events.Malformed, ""},
		{"plan.set", "data.year", `"2022"`, events.Malformed, ""},
		{"plan.set", "data.area", `"village"`, events.Invalid, ""},
		{"plan.set", "data.posts", `-1`, events.Invalid, ""},
		{"plan.set", "data.posts", `10000001`, events.Invalid, ""},
		{"plan.set", "data.posts", `null`, events.Missing, ""},
		{"post.developed", "data.post", `"a\tb"`, events.Invalid, ""},
		{"post.developed", "data.post", `["a"]`, events.Malformed, ""},
		{"post.developed", "data.category", `"公共管理"`, events.Invalid, ""},
		{"post.developed", "data.division", `"370211102"`, events.Invalid, ""},
		{"post.developed", "data.area", `"Rural"`, events.Invalid, ""},
		{"post.developed", "data.seats", `0`, events.Missing, ""},
		{"post.developed", "data.seats", `10001`, events.Invalid, ""},
		{"post.developed", "data.seats", `1e2`, events.Malformed, ""},
		{"post.developed", "data.seats", `true`, events.Malformed, ""},
		{"post.developed", "data.from", `"2022-02-30"`, events.InvalidDate, ""},
		{"post.developed", "data.from", `"2022-3-1"`, events.InvalidDate, ""},
		{"post.developed", "data.from", `"2022-03-01T00:00:00Z"`, events.InvalidDate, ""},
		{"post.developed", "data.from", `""`, events.InvalidDate, ""},
		{"post.developed", "data.from", `20220301`, events.InvalidDate, ""},
		{"post.developed", "data.until", `"2022-03-01"`, events.Invalid, ""},
		{"post.developed", "data.standard", `-1`, events.NegativeAmount, ""},
		{"post.developed", "data.standard", `600.50`, events.Invalid, ""},
		{"post.developed", "data.standard", `6e4`, events.Invalid, ""},
		{"post.developed", "data.standard", `"60000"`, events.Invalid, ""},
		{"post.developed", "data.standard", `1000000000000001`, events.Invalid, ""},
		{"post.developed", "data.standard", `99999999999999999999`, events.Invalid, ""},
		{"post.developed", "data.required_days", `32`, events.Invalid, ""},
		{"post.developed", "data.required_days", `-1`, events.Invalid, ""},
		{"post.developed", "data.kind", longer, events.Invalid, ""},
		{"post.developed", "data.title", `"\u007f"`, events.Invalid, ""},
		{"post.developed", "data.employer", longer, events.Invalid, ""},
		{"post.developed", "data.fund", longer, events.Invalid, ""},
		{"post.developed", "data.seat", `1`, events.UnknownField, ""},
		{"post.developed", "data.Post", `"x"`, events.UnknownField, ""},
		{"post.resized", "data.seats", `-3`, events.Invalid, ""},
		{"post.resized", "data.seats", `null`, events.Missing, ""},
		{"post.resized", "data.from", `"2023-02-29"`, events.InvalidDate, ""},
		{"post.changed", "data.post", `null`, events.Missing, ""},
		{"post.changed", "data.on", `null`, events.Missing, ""},
		{"post.changed", "data.on", `"2023-02-29"`, events.InvalidDate, ""},
		{"post.changed", "data.category", `"公共管理"`, events.Invalid, ""},
		{"post.changed", "data.kind", longer, events.Invalid, ""},
		{"post.changed", "data.title", `"\u007f"`, events.Invalid, ""},
		{"post.changed", "data.employer", longer, events.Invalid, ""},
		{"post.changed", "data.division", `"370211102"`, events.Invalid, ""},
		{"post.changed", "data.area", `"Rural"`, events.Invalid, ""},
		{"post.changed", "data.standard", `-1`, events.NegativeAmount, ""},
		{"post.changed", "data.required_days", `32`, events.Invalid, ""},
		{"post.changed", "data.fund", longer, events.Invalid, ""},
		{"post.changed", "data.seats", `5`, events.UnknownField, ""},
		{"post.closed", "data.reason", `"\u0007"`, events.Invalid, ""},
		{"post.closed", "data.on", `"2023-13-01"`, events.InvalidDate, ""},
		{"post.closed", "data.on", `"1899-12-31"`, events.InvalidDate, ""},

		// People.
		{"hire.placed", "data.identity.id_number", `"370211196501010015"`, events.InvalidIDNumber, ""},
		{"hire.placed", "data.identity.id_number", `"370211196502300011"`, events.InvalidIDNumber, ""},
		{"hire.placed", "data.identity.id_number", `"990211196501010014"`, events.InvalidIDNumber, ""},
		{"hire.placed", "data.identity.id_number", `"3702111965010100"`, events.InvalidIDNumber, ""},
		{"hire.placed", "data.identity.id_number", `"３７０２１１１９６５０１０１００１４"`, events.InvalidIDNumber, ""},
		{"hire.placed", "data.identity.id_number", `370211196501010014`, events.Malformed, ""},
		{"hire.placed", "data.identity", `"370211196501010014"`, events.Malformed, ""},
		{"hire.placed", "data.identity", `{}`, events.Missing, "data.identity.id_number"},
		{"hire.placed", "data.identity.name", longer, events.Invalid, ""},
		{"hire.placed", "data.identity.phone", `"1\r\n2"`, events.Invalid, ""},
		{"hire.placed", "data.identity.household", longer, events.Invalid, ""},
		{"hire.placed", "data.identity.sealed", `"AA=="`, events.EngineField, ""},
		{"hire.placed", "data.identity.name_token", `"t"`, events.EngineField, ""},
		{"hire.placed", "data.identity.phone_token", `"t"`, events.EngineField, ""},
		{"hire.placed", "data.identity.household_token", `"t"`, events.EngineField, ""},
		{"hire.placed", "data.identity.gender", `"F"`, events.UnknownField, ""},
		{"hire.placed", "data.person", quoted(wang.String()), events.Invalid, "data.identity"},
		{"hire.placed.person", "data.person", `"wang"`, events.Malformed, ""},
		{"hire.placed.person", "data.person", `7`, events.Malformed, ""},
		{"hire.placed.person", "data.person", `"00000000-0000-0000-0000-000000000000"`, events.Missing, ""},
		{"hire.placed", "data.birth_month", `"1965-01"`, events.EngineField, ""},
		{"hire.placed", "data.birth_month", `"1965-13"`, events.InvalidDate, ""},
		{"hire.placed", "data.sex", `"M"`, events.EngineField, ""},
		{"hire.placed", "data.seat", `-1`, events.Invalid, ""},
		{"hire.placed", "data.seat", `10001`, events.Invalid, ""},
		{"hire.placed", "data.until", `"2022-04-30"`, events.Invalid, ""},
		{"hire.placed", "data.group", `"old"`, events.Invalid, ""},
		{"hire.placed", "data.review", `{}`, events.Missing, "data.review.on"},
		{"hire.placed", "data.review", `"2022-04-20"`, events.Malformed, ""},
		{"hire.placed", "data.review.on", `"2022-04-31"`, events.InvalidDate, ""},
		{"hire.placed", "data.publicity.until", `"2022-04-21"`, events.Invalid, ""},
		{"hire.placed", "data.publicity.from", `null`, events.Missing, ""},
		{"hire.placed", "data.publicity.until", `null`, events.Missing, ""},
		{"hire.placed", "data.agreement.number", `""`, events.Missing, ""},
		{"hire.placed", "data.agreement.number", long, events.Invalid, ""},
		{"hire.placed", "data.agreement.signed", `null`, events.Missing, ""},
		{"hire.placed", "data.agreement.until", `"2022-04-28"`, events.Invalid, ""},
		{"hire.renewed", "data.until", `"2025-02-29"`, events.InvalidDate, ""},
		{"hire.renewed", "data.post", long, events.Invalid, ""},
		{"exit.recorded", "data.on", `"2022-06-31"`, events.InvalidDate, ""},
		{"exit.recorded", "data.kind", `"other"`, events.Invalid, ""},
		{"exit.recorded", "data.code", long, events.Invalid, ""},
		{"exit.recorded", "data.note", longer, events.Invalid, ""},

		// Training and attendance.
		{"training.completed", "data.course", long, events.Invalid, ""},
		{"training.completed", "data.hours", `-1`, events.Invalid, ""},
		{"training.completed", "data.hours", `10001`, events.Invalid, ""},
		{"training.completed", "data.hours", `7.5`, events.Malformed, ""},
		{"training.completed", "data.pre_service", `"yes"`, events.Malformed, ""},
		{"training.completed", "data.certificate", longer, events.Invalid, ""},
		{"attendance.reported", "data.month", `"2022-13"`, events.InvalidDate, ""},
		{"attendance.reported", "data.month", `"2022-05-01"`, events.InvalidDate, ""},
		{"attendance.reported", "data.month", `5`, events.InvalidDate, ""},
		{"attendance.reported", "data.date", `"2022-05-09"`, events.Invalid, ""},
		{"attendance.reported", "data.recorder", longer, events.Invalid, ""},
		{"attendance.reported", "data.capacity", `"audit"`, events.Invalid, ""},
		{"attendance.reported", "data.recorder_id_number", `"110105194912310021"`, events.InvalidIDNumber, ""},
		{"attendance.reported", "data.recorder_person", `"clerk"`, events.Malformed, ""},
		{"attendance.reported.recorder", "data.recorder_person", `"b81d3c52-2c7b-4a0e-8f64-7e1f0c9a2d22"`, events.Invalid, "data.recorder_id_number"},
		{"attendance.reported", "data.lines", `[]`, events.Missing, ""},
		{"attendance.reported", "data.lines", `{}`, events.Malformed, ""},
		{"attendance.reported", "data.lines", `["P"]`, events.Malformed, "data.lines[0]"},
		{"attendance.reported", "data.lines[0].marks", quoted(strings.Repeat("P", 32)), events.Invalid, ""},
		{"attendance.reported", "data.lines[0].marks", `"PPX"`, events.Invalid, ""},
		{"attendance.reported", "data.lines[0].marks", `"ppp"`, events.Invalid, ""},
		{"attendance.reported", "data.lines[0].marks", `"ＰＰ"`, events.Invalid, ""},
		{"attendance.reported", "data.lines[0].marks", `22`, events.Malformed, ""},
		{"attendance.reported", "data.lines[0].mark", `"P"`, events.Invalid, ""},
		{"attendance.reported", "data.lines[0].device", longer, events.Invalid, ""},
		{"attendance.reported", "data.lines[0].evidence", `"\u001b"`, events.Invalid, ""},
		{"attendance.reported", "data.lines[0].id_number", `"11010519491231002Y"`, events.InvalidIDNumber, ""},
		{"attendance.reported", "data.lines[0].person", quoted(wang.String()), events.Invalid, "data.lines[0].id_number"},
		{"attendance.reported", "data.lines[0].days", `22`, events.UnknownField, ""},
		{"attendance.reported.daily", "data.lines[1].mark", `"PP"`, events.Invalid, ""},
		{"attendance.reported.daily", "data.lines[1].mark", `"x"`, events.Invalid, ""},
		{"attendance.reported.daily", "data.lines[1].marks", `"P"`, events.Invalid, ""},
		{"attendance.reported.daily", "data.date", `"2022-02-29"`, events.InvalidDate, ""},

		// Money.
		{"fund.allocated", "data.amount", `-1`, events.NegativeAmount, ""},
		{"fund.allocated", "data.amount", `0.5`, events.Invalid, ""},
		{"fund.allocated", "data.amount", `null`, events.Missing, ""},
		{"fund.allocated", "data.fund", long, events.Invalid, ""},
		{"fund.allocated", "data.division", `"3702110000001"`, events.Invalid, ""},
		{"fund.allocated", "data.year", `2200`, events.Invalid, ""},
		{"fund.allocated", "data.source", longer, events.Invalid, ""},
		{"account.assigned", "data.bank", long, events.Invalid, ""},
		{"account.assigned", "data.from", `"2022-00-01"`, events.InvalidDate, ""},
		{"account.assigned", "data.number", long, events.Invalid, ""},
		{"account.assigned", "data.number", `6222021602012345678`, events.Malformed, ""},
		{"account.assigned", "data.account", `"t"`, events.EngineField, ""},
		{"account.assigned", "data.sealed", `"t"`, events.EngineField, ""},
		{"payment.instructed", "data.run", long, events.Invalid, ""},
		{"payment.instructed", "data.month", `"2022-00"`, events.InvalidDate, ""},
		{"payment.instructed", "data.fund", long, events.Invalid, ""},
		{"payment.instructed", "data.lines", `[]`, events.Missing, ""},
		{"payment.instructed", "data.lines[0].line", long, events.Invalid, ""},
		{"payment.instructed", "data.lines[0].line", `1`, events.Malformed, ""},
		{"payment.instructed", "data.lines[0].id_number", `"370211196501010015"`, events.InvalidIDNumber, ""},
		{"payment.instructed", "data.lines[0].post", long, events.Invalid, ""},
		{"payment.instructed", "data.lines[1].month", `"2022"`, events.InvalidDate, ""},
		{"payment.instructed", "data.lines[1].kind", long, events.Invalid, ""},
		{"payment.instructed.on", "data.on", `"2022-07-32"`, events.InvalidDate, ""},
		{"payment.instructed.on", "data.on", `20220708`, events.InvalidDate, ""},
		{"payment.instructed.on", "data.ordered_by", `"/agency/370211-rsj"`, events.EngineField, ""},
		{"payment.instructed.on", "data.usable_until", `"2022-12-31"`, events.UnknownField, ""},
		{"fund.allocated.usable_until", "data.on", `"2022-02-29"`, events.InvalidDate, ""},
		{"fund.allocated.usable_until", "data.usable_until", `"2022-03-01"`, events.Invalid, ""},
		{"fund.allocated.usable_until", "data.usable_until", `"2022-12-32"`, events.InvalidDate, ""},
		{"fund.surrendered", "data.fund", long, events.Invalid, ""},
		{"fund.surrendered", "data.on", `"2022-12-32"`, events.InvalidDate, ""},
		{"fund.surrendered", "data.amount", `-40000`, events.NegativeAmount, ""},
		{"fund.surrendered", "data.amount", `400.00`, events.Invalid, ""},
		{"fund.surrendered", "data.reason", long, events.Invalid, ""},
		{"fund.surrendered", "data.division", `"370211000000"`, events.UnknownField, ""},
		{"payment.settled.part", "data.ordered_by", long, events.Invalid, ""},
		{"payment.settled.part", "data.ordered_by", `" 370211-rsj"`, events.Invalid, ""},
		{"payment.settled.part", "data.ordered_by", `7`, events.Malformed, ""},
		{"payment.settled.part", "data.lines[0].amount", `0`, events.Invalid, ""},
		{"payment.settled.part", "data.lines[0].amount", `-1`, events.NegativeAmount, ""},
		{"payment.settled.part", "data.lines[0].amount", `0.5`, events.Invalid, ""},
		{"payment.settled.part", "data.lines[0].amount", `"20000"`, events.Invalid, ""},
		{"payment.returned.part", "data.ordered_by", long, events.Invalid, ""},
		{"payment.returned.part", "data.lines[0].amount", `0`, events.Invalid, ""},
		{"payment.returned.part", "data.lines[0].amount", `-1`, events.NegativeAmount, ""},
		{"payment.reversed.part", "data.ordered_by", long, events.Invalid, ""},
		{"payment.reversed.part", "data.lines[0].amount", `0`, events.Invalid, ""},
		{"payment.rejected", "data.run", long, events.Invalid, ""},
		{"payment.rejected", "data.ordered_by", long, events.Invalid, ""},
		{"payment.rejected", "data.on", `"2022-06-31"`, events.InvalidDate, ""},
		{"payment.rejected", "data.lines", `[]`, events.Missing, ""},
		{"payment.rejected", "data.lines[0].line", long, events.Invalid, ""},
		{"payment.rejected", "data.lines[0].reason", longer, events.Invalid, ""},
		{"payment.rejected", "data.lines[0].amount", `60000`, events.EngineField, ""},
		{"payment.rejected", "data.lines[0].person", quoted(li.String()), events.EngineField, ""},
		{"payment.rejected", "data.lines[0].on", `"2022-07-15"`, events.UnknownField, ""},
		{"payment.instructed", "data.lines[1].amount", `-60000`, events.NegativeAmount, ""},
		{"payment.instructed", "data.lines[1].amount", `600.00`, events.Invalid, ""},
		{"payment.instructed", "data.lines[1].amount", `null`, events.Missing, ""},
		{"payment.settled", "data.run", long, events.Invalid, ""},
		{"payment.settled", "data.paid_on", `"2022-06-31"`, events.InvalidDate, ""},
		{"payment.settled", "data.lines", `[]`, events.Missing, ""},
		{"payment.settled", "data.lines[0].line", `""`, events.Missing, ""},
		{"payment.settled", "data.lines[0].number", longer, events.Invalid, ""},
		{"payment.settled", "data.lines[1].account", `"t"`, events.EngineField, ""},
		{"payment.settled", "data.lines[1].person", quoted(li.String()), events.EngineField, ""},
		{"payment.returned", "data.lines[0].reason", longer, events.Invalid, ""},
		{"payment.returned", "data.lines[0].on", `"2022-06-31"`, events.InvalidDate, ""},
		{"payment.returned", "data.lines[0].person", quoted(li.String()), events.EngineField, ""},
		{"payment.returned", "data.lines", `[]`, events.Missing, ""},
		{"payment.reversed", "data.run", long, events.Invalid, ""},
		{"payment.reversed", "data.lines[0].person", quoted(li.String()), events.EngineField, ""},

		// Oversight.
		{"registry.reported", "data.registry", `"police"`, events.Invalid, ""},
		{"registry.reported", "data.lines", `[]`, events.Missing, ""},
		{"registry.reported", "data.lines[0].until", `"2022-06-01"`, events.Invalid, ""},
		{"registry.reported", "data.lines[0].id_number", `"370211196501010015"`, events.InvalidIDNumber, ""},
		{"registry.reported", "data.lines[1].detail", longer, events.Invalid, ""},
		{"finding.reviewed", "data.finding", long, events.Invalid, ""},
		{"finding.reviewed", "data.verdict", `"maybe"`, events.Invalid, ""},
		{"finding.reviewed", "data.note", longer, events.Invalid, ""},
		{"event.withdrawn", "data.type", `"exit.undone"`, events.Invalid, ""},
		{"event.withdrawn", "data.type", `"event.withdrawn"`, events.Invalid, ""},
		{"event.withdrawn", "data.type", `"person.erased"`, events.Invalid, ""},
		{"event.withdrawn", "data.id", long, events.Invalid, ""},
		{"event.withdrawn", "data.reason", long, events.Invalid, ""},
		{"policy.adopted", "data.policy", long, events.Invalid, ""},
		{"policy.adopted", "data.version", long, events.Invalid, ""},
		{"policy.adopted", "data.title", `"a\nb"`, events.Invalid, ""},
		{"policy.adopted", "data.sources[1]", longer, events.Invalid, ""},
		{"policy.adopted", "data.jurisdiction", `"370"`, events.Invalid, ""},
		{"policy.adopted", "data.valid_to", `"2024-02-01"`, events.Invalid, ""},
		{"policy.adopted", "data.valid_to", `"2024-02-30"`, events.InvalidDate, ""},
		{"policy.adopted", "data.groups[0].code", long, events.Invalid, ""},
		{"policy.adopted", "data.groups[1].female.from", `15`, events.Invalid, "data.groups[1].female"},
		{"policy.adopted", "data.groups[1].male.until", `"60"`, events.Malformed, ""},
		{"policy.adopted", "data.term.months", `0`, events.Invalid, ""},
		{"policy.adopted", "data.term.months", `1201`, events.Invalid, ""},
		{"policy.adopted.eligibility", "data.eligibility[0].code", `"Too old"`, events.Invalid, ""},
		{"policy.adopted.eligibility", "data.eligibility[0].when", longer, events.Invalid, ""},
		{"policy.adopted.eligibility", "data.eligibility[0].detail", `"a\nb"`, events.Invalid, ""},
		{"policy.adopted", "data.payment.due_day", `29`, events.Invalid, ""},
		{"policy.adopted", "data.exits.codes[0].code", long, events.Invalid, ""},
		{"policy.adopted", "data.exits.codes[0].title", longer, events.Invalid, ""},
		{"policy.adopted", "data.exits.codes[0].label", longer, events.Invalid, ""},
		{"policy.adopted", "data.exits.codes[0].kind", `"other"`, events.Invalid, ""},
		{"policy.adopted", "data.backfill", `30`, events.Malformed, ""},
		{"policy.adopted", "data.titel", `"x"`, events.UnknownField, ""},
	} {
		name := c.golden + " " + c.path + " = " + c.value[:min(len(c.value), 24)]
		raw := set(t, goldens[c.golden], c.path, c.value)
		_, err := events.Submission(raw)
		if _, twoPasses := events.Submission(arranged(t, raw, true)); !reflect.DeepEqual(err, twoPasses) {
			t.Errorf("%s: %v, and with the data first %v", name, err, twoPasses)
		}
		field := c.field
		if field == "" {
			field = c.path
		}
		var reasons events.Reasons
		switch {
		case !errors.As(err, &reasons):
			t.Errorf("%s: accepted (%v)", name, err)
		case len(reasons) != 1 || reasons[0].Code != c.code || reasons[0].Field != field:
			t.Errorf("%s: %v, want only %s of %s", name, err, c.code, field)
		}
		readable(t, name, reasons)
	}
}

// Goal: nobody can submit an event that only the engine emits.
// Method: the golden records of these types are submitted.
func TestRefusedEngineTypes(t *testing.T) {
	for name, raw := range read(t, "record") {
		e, err := events.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		_, err = events.Submission(must(submitted(e).Append(nil)))
		var reasons events.Reasons
		if errors.As(err, &reasons); (e.Type.Family() == events.Gateway) != (len(reasons) == 1 && reasons[0].Field == "type" && reasons[0].Code == events.EngineField) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Goal: the number of reasons in one answer is limited.
// Method: a sheet of a thousand empty lines is submitted.
func TestReasonsAreBounded(t *testing.T) {
	lines := "[" + strings.Repeat("{},", 999) + "{}]"
	_, err := events.Submission(set(t, read(t, "submission")["payment.instructed"], "data.lines", lines))
	var reasons events.Reasons
	if !errors.As(err, &reasons) || len(reasons) != 20 {
		t.Fatalf("%d reasons: %v", len(reasons), err)
	}
	if got := reasons[0].Field + " " + reasons[19].Field; got != "data.lines[0].person data.lines[6].post" {
		t.Errorf("the first and last are %s", got)
	}
}

// readable checks that each reason has a code, a path and a sentence.
func readable(t *testing.T, name string, reasons events.Reasons) {
	t.Helper()
	for _, r := range reasons {
		if r.Code == "" || len(r.Detail) < 10 || strings.TrimSpace(r.Detail) != r.Detail || !utf8.ValidString(r.Field+r.Detail) || strings.Contains(r.Detail, "be  ") {
			t.Errorf("%s: not a reason that helps: %+v", name, r)
		}
		if !strings.ContainsFunc(r.DetailZH, func(c rune) bool { return unicode.Is(unicode.Han, c) }) || !utf8.ValidString(r.DetailZH) {
			t.Errorf("%s: has no Chinese sentence: %+v", name, r)
		}
	}
}

// set returns raw with one member changed or added.
func set(t testing.TB, raw []byte, path, value string) []byte {
	t.Helper()
	var root any
	if err := json.Unmarshal(raw, &root); err != nil {
		t.Fatal(err)
	}
	pointer := "/" + strings.NewReplacer(".", "/", "[", "/", "]", "").Replace(path)
	parent, last := root, jsontext.Pointer(pointer).LastToken()
	for token := range jsontext.Pointer(pointer).Parent().Tokens() {
		parent = child(parent, token)
	}
	switch parent := parent.(type) {
	case map[string]any:
		parent[last] = jsontext.Value(value)
	case []any:
		parent[last[0]-'0'] = jsontext.Value(value)
	default:
		t.Fatalf("%s has no parent", path)
	}
	return arranged(t, must(json.Marshal(root)), false)
}

func child(v any, token string) any {
	switch v := v.(type) {
	case map[string]any:
		return v[token]
	case []any:
		return v[token[0]-'0']
	}
	return nil
}

func quoted(s string) string { return string(must(jsontext.AppendQuote(nil, s))) }
