package events

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/idnumber"
)

const (
	maxName    = 200
	maxText    = 2000
	maxFen     = 1e15 // ten trillion yuan, in fen
	maxReasons = 20   // most reasons in one answer; a sheet may have a thousand bad lines
)

// A checker checks one event and collects the reasons to refuse it. It builds the
// path of a field only when it adds a reason, since most events have none.
//
// A checker with rules works in another way: it looks at no value and writes down the
// rule for each member instead (see [Rules]).
type checker struct {
	rules   *[]Rule
	door    bool   // the event is a submission, not a record
	raw     []byte // the text of the submission
	given   *given // the members of the submission; nil until they are first needed
	list    string // path of the list whose line is being checked
	index   int
	reasons Reasons
}

// add adds a reason. The sentence has both languages, so that a check without a Chinese
// sentence does not compile.
func (c *checker) add(code Code, field string, s Sentence) {
	if len(c.reasons) >= maxReasons {
		return
	}
	if c.list != "" {
		field = c.list + "[" + strconv.Itoa(c.index) + "]." + field
	}
	c.reasons = append(c.reasons, ReasonOf(code, "data."+field, s))
}

func (c *checker) line(list string, i int) { c.list, c.index = list, i }
func (c *checker) endLine()                { c.list = "" }

func (c *checker) lines(field string, n int) {
	if c.rules != nil {
		c.rule(field, Rule{Required: true, Some: true})
	} else if n == 0 {
		c.add(Missing, field, Say("must hold at least one line", "至少要有一行"))
	}
}

// name checks a required name, by which something is found: 1 to maxName bytes that look
// like no other name, see nameProblem. What people read alone is checked by words.
func (c *checker) name(field, s string) {
	if c.rules != nil {
		c.rule(field, Rule{Required: true, Text: maxName})
	} else if s == "" {
		c.add(Missing, field, Say("is required", "为必填项"))
	} else {
		c.optionalName(field, s)
	}
}

// optionalName checks a name as name does, but accepts the empty name.
func (c *checker) optionalName(field, s string) {
	if c.rules != nil {
		c.rule(field, Rule{Text: maxName})
	} else if wrong, ok := nameProblem(s); !ok {
		c.add(Invalid, field, wrong)
	}
}

// words checks a required text for people to read: 1 to maxName bytes.
func (c *checker) words(field, s string) {
	if c.rules != nil {
		c.rule(field, Rule{Required: true, Text: maxName})
	} else if s == "" {
		c.add(Missing, field, Say("is required", "为必填项"))
	} else {
		c.short(field, s, maxName)
	}
}

// text checks an optional text of at most maxText bytes.
func (c *checker) text(field, s string) { c.short(field, s, maxText) }

// private checks an optional text that identifies a person. The vault keeps this
// text, and no record holds it.
func (c *checker) private(field, s string) {
	if c.rules != nil {
		c.rule(field, Rule{Text: maxText, Private: true})
		return
	}
	c.text(field, s)
}

func (c *checker) short(field, s string, most int) {
	if c.rules != nil {
		c.rule(field, Rule{Text: most})
	} else if wrong, ok := textProblem(s, most); !ok {
		c.add(Invalid, field, wrong)
	}
}

// textProblem returns true if a text has at most the given number of bytes and stands
// on one line. Otherwise the sentence says what is wrong with it.
func textProblem(s string, most int) (wrong Sentence, ok bool) {
	if len(s) > most {
		return Say("has %d bytes, at most %d are allowed", "有%d字节，最多允许%d字节", len(s), most), false
	}
	for i, r := range s {
		if r == utf8.RuneError && !utf8.ValidString(s[i:]) {
			return Say("is not valid UTF-8", "不是有效的UTF-8文本"), false
		}
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return Say("holds a control character or a line break", "含有控制字符或换行"), false
		}
	}
	return Sentence{}, true
}

func (c *checker) oneOf(field, s string, allowed ...string) {
	if c.rules != nil {
		c.rule(field, Rule{Required: true, OneOf: slices.Clone(allowed)})
		return
	}
	for _, a := range allowed {
		if s == a {
			return
		}
	}
	if s == "" {
		c.add(Missing, field, Say("is required: one of "+strings.Join(allowed, ", "), "为必填项，须为下列之一："+strings.Join(allowed, "、")))
		return
	}
	c.add(Invalid, field, Say("must be one of "+strings.Join(allowed, ", "), "须为下列之一："+strings.Join(allowed, "、")))
}

// option checks a text as oneOf does, but accepts the empty text.
func (c *checker) option(field, s string, allowed ...string) {
	if c.rules != nil {
		c.rule(field, Rule{OneOf: slices.Clone(allowed)})
	} else if s != "" {
		c.oneOf(field, s, allowed...)
	}
}

func (c *checker) between(field string, n, low, high int) {
	if c.rules != nil {
		c.rule(field, Rule{Required: low > 0, Number: true, Low: low, High: high})
	} else if n == 0 && low > 0 {
		c.add(Missing, field, Say("is required: a number from %d to %d", "为必填项：%d至%d之间的数", low, high))
	} else if n < low || n > high {
		c.add(Invalid, field, Say("must be from %d to %d", "须在%d至%d之间", low, high))
	}
}

func (c *checker) date(field string, d civil.Date) {
	if c.rules != nil {
		c.rule(field, Rule{Required: true})
	} else if d == 0 {
		c.add(Missing, field, Say("is required: a date as YYYY-MM-DD", "为必填项：日期，格式为YYYY-MM-DD"))
	}
}

func (c *checker) month(field string, m civil.Month) {
	if c.rules != nil {
		c.rule(field, Rule{Required: true})
	} else if m == 0 {
		c.add(Missing, field, Say("is required: a month as YYYY-MM", "为必填项：月份，格式为YYYY-MM"))
	}
}

// required checks that a number is given. The number may be 0, so a submission with a
// 0 is searched for the member.
func (c *checker) required(field string, zero bool) {
	if c.rules != nil {
		c.rule(field, Rule{Required: true})
		return
	}
	if zero && c.door && !c.gives(field) {
		c.add(Missing, field, Say("is required: a whole number", "为必填项：整数"))
	}
}

// gives reports whether a submission has the member of a field, even if its value is the zero
// of its type. A record gives no such member.
func (c *checker) gives(field string) bool {
	if !c.door {
		return false
	}
	if c.given == nil {
		c.given = readGiven(c.raw)
	}
	return c.given.has(c.list, c.index, field)
}

// given are the members that the data of a submission has, and those of each of its
// lines.
type given struct {
	data  map[string]jsontext.Value
	lines []map[string]jsontext.Value
}

func readGiven(raw []byte) *given {
	var env struct {
		Data map[string]jsontext.Value `json:"data"`
	}
	var g given
	if json.Unmarshal(raw, &env) == nil {
		g.data = env.Data
		_ = json.Unmarshal(g.data["lines"], &g.lines) // some types have no lines; g.lines then stays empty
	}
	return &g
}

func (g *given) has(list string, i int, field string) bool {
	members := g.data
	if list != "" {
		members = g.lines[i]
	}
	value := members[field]
	return len(value) > 0 && value.Kind() != 'n'
}

// interval checks an optional end, which must lie after the beginning.
func (c *checker) interval(field string, from, until civil.Date) {
	if until != 0 && until <= from {
		c.add(Invalid, field, Say("is the first day that no longer counts and must lie after the beginning", "是不再计入的第一天，须晚于开始日期"))
	}
}

func (c *checker) amount(field string, a Fen) {
	if c.rules != nil {
		c.rule(field, Rule{Number: true, High: maxFen})
	} else if a < 0 {
		c.add(NegativeAmount, field, Say("must not be negative; money is a whole number of fen", "不得为负数；金额以分为单位，须为整数"))
	} else if a > maxFen {
		c.add(Invalid, field, Say("is above 10 trillion yuan", "超过10万亿元"))
	}
}

// part checks an optional amount that is a part of another one. An amount of 0 says nothing,
// and must not be taken for one that is left out.
func (c *checker) part(field string, a Fen) {
	if c.rules != nil {
		c.rule(field, Rule{Number: true, Low: 1, High: maxFen})
		return
	}
	c.amount(field, a)
	if a == 0 && c.gives(field) {
		c.add(Invalid, field, Say("must be more than 0 fen; leave it out where the whole rest is meant", "须大于0分；如指全部余额，请不要填写"))
	}
}

func (c *checker) division(field string, d division.Code) {
	if d != "" && !d.Valid() {
		c.add(Invalid, field, Say("must be a division code of 12 digits", "须为12位行政区划代码"))
	}
}

func (c *checker) requiredDivision(field string, d division.Code) {
	if c.rules != nil {
		c.rule(field, Rule{Required: true})
	} else if d == "" {
		c.add(Missing, field, Say("is required: the 12-digit code of a division", "为必填项：12位行政区划代码"))
	}
	c.division(field, d)
}

// person checks that a person is named. A submission names the person by pseudonym or
// by identity, but not by both. A record names the person by pseudonym.
func (c *checker) person(field string, p Person, identified bool, identity string) {
	switch {
	case c.rules != nil:
		r := Rule{Required: true}
		if identity != field {
			r.Or = identity
		}
		c.rule(field, r)
	case p == Person{} && !(c.door && identified):
		if c.door && identity != field {
			c.add(Missing, field, Say("give the person by %s (the pseudonym of an earlier receipt) or by %s", "请用%s（以前回执中的人员代号）或%s指明人员", field, identity))
		} else {
			c.add(Missing, field, Say("is required: the pseudonym of a person", "为必填项：人员代号"))
		}
	case p != Person{} && c.door && identified:
		c.add(Invalid, identity, Say("give the person by %s or by %s, not both", "请用%s或%s之一指明人员，不要同时填写", field, identity))
	}
}

// personOfLine checks that a line names its person.
func (c *checker) personOfLine(p Person, idNumber string) {
	c.person("person", p, idNumber != "", "id_number")
	if c.rules != nil {
		c.rule("id_number", Rule{Private: true, Pattern: idNumberForm})
	} else if idNumber != "" {
		c.idNumber("id_number", idNumber)
	}
}

// second checks the second person of a payload. A submission names the person by
// pseudonym or by identity number, but not by both, or names nobody.
func (c *checker) second(p *SecondPerson) {
	switch {
	case c.rules != nil:
		c.rule(p.NumberField, Rule{Private: true, Pattern: idNumberForm})
	case *p.IDNumber == "":
	case *p.Person != Person{} && c.door:
		c.add(Invalid, p.NumberField, Say("give the person by %s or by %s, not both", "请用%s或%s之一指明人员，不要同时填写", p.Field, p.NumberField))
	default:
		c.idNumber(p.NumberField, *p.IDNumber)
	}
}

// idNumberForm is the form of an identity number, without the rules that a regular
// expression cannot express: the birth date and the check character.
const idNumberForm = "^[1-9][0-9]{16}[0-9Xx]$"

// idNumber checks an identity number. Only a submission may hold one.
func (c *checker) idNumber(field, s string) {
	if c.rules != nil {
		c.rule(field, Rule{Required: true, Private: true, Pattern: idNumberForm})
		return
	}
	if !c.door {
		return
	}
	if s == "" {
		c.add(Missing, field, Say("is required: 18 characters", "为必填项：18位公民身份号码"))
	} else if _, err := idnumber.Parse(s); err != nil {
		c.add(InvalidIDNumber, field, OfIDNumber(err))
	}
}

// number checks a required bank account number. Only a submission may hold one.
func (c *checker) number(field, s string) {
	if c.rules != nil {
		c.rule(field, Rule{Required: true, Private: true, Text: maxName})
	} else if c.door {
		c.words(field, s)
	}
}

// setByEngine is said of a field that only the engine sets.
var setByEngine = Say("is set by the engine; leave it out", "由系统填写，请勿填报")

// engine checks that a submission leaves out a field that only the engine sets.
func (c *checker) engine(field, s string) {
	if c.rules != nil {
		c.rule(field, Rule{Engine: true})
	} else if c.door && s != "" {
		c.add(EngineField, field, setByEngine)
	}
}

func (c *checker) enginePerson(p Person) {
	if c.rules != nil {
		c.rule("person", Rule{Engine: true})
	} else if c.door && p != (Person{}) {
		c.add(EngineField, "person", setByEngine)
	}
}

// engineList checks that a submission leaves out a list that only the engine sets.
func (c *checker) engineList(field string, n int) {
	if c.rules != nil {
		c.rule(field, Rule{Engine: true})
	} else if c.door && n > 0 {
		c.add(EngineField, field, setByEngine)
	}
}

func (c *checker) engineAmount(field string, a Fen) {
	if c.rules != nil {
		c.rule(field, Rule{Engine: true, Number: true, High: maxFen})
	} else if c.door && a != 0 {
		c.add(EngineField, field, setByEngine)
	}
}

func (c *checker) absent(field string, ok bool, s Sentence) {
	if c.rules != nil {
		c.rule(field, Rule{Absent: true})
	} else if !ok {
		c.add(Invalid, field, s)
	}
}

func (c *checker) marks(field, s string, days int) {
	if c.rules != nil {
		c.rule(field, Rule{Required: true, Pattern: fmt.Sprintf("^[PHLAS.-]{1,%d}$", days)})
		return
	}
	if s == "" {
		c.add(Missing, field, Say("is required: one letter a day of P H L A S . -", "为必填项：每天一个字母，取自P H L A S . -"))
		return
	}
	for i := range len(s) {
		switch s[i] {
		case 'P', 'H', 'L', 'A', 'S', '.', '-':
		default:
			c.add(Invalid, field, Say("letter %d is none of P H L A S . -", "第%d个字符不是P H L A S . -之一", i+1))
			return
		}
	}
	if len(s) > days {
		c.add(Invalid, field, Say("has %d letters, at most %d are allowed: one a day", "有%d个字母，最多%d个：每天一个", len(s), days))
	}
}
