package eligibility

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
	"pgregory.net/rapid"
)

// pack makes a pack with one condition for each expression.
func pack(when ...string) *policy.Pack {
	p := &policy.Pack{Version: "v1"}
	for i, w := range when {
		p.Eligibility = append(p.Eligibility, policy.Condition{Code: fmt.Sprint("c", i), When: w, Detail: "is not eligible"})
	}
	return p
}

// facts returns the facts of a woman born in January 1965 and hired on a rural post for two
// years.
func facts() Facts {
	return Facts{
		Birth: civil.MustMonth("1965-01"), Sex: "F", Group: "older", From: civil.MustDate("2022-05-02"), Until: civil.MustDate("2024-05-02"),
		Area: "rural", Category: "public_service", Division: "370211102231", Seats: 3,
	}
}

func TestConditions(t *testing.T) {
	unborn := func(f *Facts) { f.Birth, f.Sex = 0, "" }
	birthday := func(f *Facts) { f.From = civil.MustDate("2022-01-01") }
	for _, c := range []struct {
		when   string
		change func(*Facts)
		holds  bool
	}{
		{"true", nil, true},
		{"false", nil, false},
		{"person.age == 57", nil, true},
		{"person.age == 57", birthday, true}, // may be 56 or 57
		{"person.age == 56", birthday, true},
		{"person.age == 55 || person.age == 58", birthday, false},
		{"person.age >= 57 && person.age < 57", birthday, false}, // holds for neither age alone
		{"person.age == 56", func(f *Facts) { f.From = civil.MustDate("2021-12-31") }, true},
		{"person.age == 57", func(f *Facts) { f.From = civil.MustDate("2021-12-31") }, false},
		{"person.age == 57", func(f *Facts) { f.From = civil.MustDate("2022-02-01") }, true},
		{"person.age == 56", func(f *Facts) { f.From = civil.MustDate("2022-02-01") }, false},
		{"person.age == 0", func(f *Facts) { f.From = civil.MustDate("1965-01-31") }, true},
		{"person.sex == 'F'", nil, true},
		{"person.birth_month < '1965-02'", nil, true},
		{"hire.group in ['older', 'disabled']", nil, true},
		{"hire.from == '2022-05-02' && hire.until == '2024-05-02'", nil, true},
		{"hire.until == ''", func(f *Facts) { f.Until = 0 }, true},
		{"hire.from >= '2022-05-03'", nil, false},
		{"post.area == 'rural' && post.category == 'public_service' && post.seats == 3", nil, true},
		{"post.division.startsWith('370211')", nil, true},
		{"post.division.matches('^3702[0-9]{8}$')", nil, true},

		{"hire.months == 24", nil, true},
		{"hire.months == 23", func(f *Facts) { f.Until-- }, true},
		{"hire.months == 0", func(f *Facts) { f.Until = 0 }, true},
		{"history.placements == 0 && history.months == 0 && history.last_exit_code == ''", nil, true},
		{"history.placements < 2", func(f *Facts) { f.History.Placements = 2 }, false},
		{"history.months + hire.months <= 72", func(f *Facts) { f.History.Months = 48 }, true},
		{"history.months + hire.months <= 72", func(f *Facts) { f.History.Months = 49 }, false},
		{"!history.last_exit_code.startsWith('D')", func(f *Facts) { f.History.LastExitCode = "D4" }, false},
		{"false", func(f *Facts) { f.RenewedFrom = civil.MustDate("2024-05-02") }, true}, // not for renewals

		// A condition that cannot be evaluated does not hold. Where || makes the
		// unknown part irrelevant, it can.
		{"person.age > 0", unborn, false},
		{"!(person.age > 0)", unborn, false},
		{"person.sex != 'M'", unborn, false},
		{"post.area == 'rural' || person.age > 0", unborn, true},
		{"1 / (post.seats - 3) == 0", nil, false},
		{"person.age + 9223372036854775807 > 0", nil, false},
		{strings.Repeat("[1,2,3,4,5,6,7,8,9,10].all(a, ", 2) + "true" + strings.Repeat(")", 2), nil, true},
		{strings.Repeat("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20].all(a, ", 6) + "true" + strings.Repeat(")", 6), nil, false},
	} {
		rules, err := Compile(pack(c.when))
		if err != nil {
			t.Errorf("%s: %v", c.when, err)
			continue
		}
		f := facts()
		if c.change != nil {
			c.change(&f)
		}
		if reasons := rules.Refuse(f); (reasons == nil) != c.holds {
			t.Errorf("%s: %v, want %v", c.when, reasons, c.holds)
		}
	}
}

// Each condition that does not hold gives one reason, in the order of the pack.
func TestReasons(t *testing.T) {
	rules, err := Compile(pack("false", "true", "person.age < 50"))
	if err != nil {
		t.Fatal(err)
	}
	const want = "data: is not eligible (a condition of policy pack v1) (c0); data: is not eligible (a condition of policy pack v1) (c2)"
	if got := rules.Refuse(facts()).Error(); got != want {
		t.Error(got)
	}
	if got := new(Rules).Refuse(facts()); got != nil {
		t.Errorf("no rules refuse: %v", got)
	}
	if got := Nobody(pack("true", "true")).Refuse(facts()); len(got) != 2 {
		t.Errorf("rules that nobody meets refuse by %v", got)
	}
}

// Goal: a condition on renewals is evaluated on the first day that the renewal adds, and its
// sentence is that of the pack in the reader's language.
// Method: a pack with one condition on renewals and one that is not.
func TestRenewals(t *testing.T) {
	p := pack("person.age < 59", "person.age < 59")
	p.Eligibility[1].Renewals, p.Eligibility[1].DetailZH = true, "年龄超限"
	rules, err := Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, adds, want string }{
		{"before the birthday", "2023-12-31", ""},
		{"in the month of the birthday", "2024-01-01", ""},
		{"after the birthday", "2024-02-01", "年龄超限（政策包v1的条件）"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := facts()
			f.RenewedFrom = civil.MustDate(c.adds)
			got := ""
			for _, r := range rules.Refuse(f) {
				got += r.In(events.Chinese).Detail
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// Compile refuses an expression that cannot be evaluated, and names the character.
func TestCompileRefuses(t *testing.T) {
	for _, c := range []struct {
		when, detail string
		character    int
	}{
		{"person.agee < 60", "cannot be compiled at 1:7: undeclared reference to 'person.agee'", 7},
		{"post.area == '农村' && person.name == 'x'", "at 1:28: undeclared reference to 'person.name'", 28},
		{"person.age <", "cannot be compiled at 1:13: Syntax error", 13},
		{"true &&\n  persn.age > 1", "at 2:8: undeclared reference to 'persn.age' (did you mean 'person.age'?)", 16},
		{"person.age < '60'", "cannot be compiled at 1:12: found no matching overload", 12},
		{"person.age", "must be true or false, and not of the type int", 0},
		{"post.division.matches('[')", "invalid matches argument", 23},
		{"now() > timestamp('2022-01-01T00:00:00Z')", "undeclared reference to 'now'", 4},
		{strings.Repeat("(", 200) + "true" + strings.Repeat(")", 200), "cannot be compiled", -1},
		{"", "cannot be compiled", -1},
	} {
		rules, err := Compile(pack("true", c.when))
		all := policy.Errors(err)
		if rules != nil || len(all) != 1 {
			t.Errorf("%s: %v, %v", c.when, rules, err)
			continue
		}
		if e := all[0]; e.Field != "eligibility[1].when" || !strings.Contains(e.Detail, c.detail) || c.character >= 0 && e.Character != c.character {
			t.Errorf("%s: %+v, want %s and character %d", c.when, e, c.detail, c.character)
		}
	}
	if _, err := Compile(pack("a", "true", "b")); len(policy.Errors(err)) != 2 {
		t.Errorf("of two faults: %v", err)
	}
}

// Goal: a condition on the age holds for exactly the ages that the person may have. Method:
// the ages are counted for every day of birth in the month, and every day of the month of
// the on-duty day.
func TestAgeAgreesWithDays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		birth := civil.MustMonth("1940-01") + civil.Month(rapid.IntRange(0, 12*60).Draw(t, "birth"))
		from := civil.MustDate("2020-01-01") + civil.Date(rapid.IntRange(0, 3000).Draw(t, "from"))
		may := map[int]bool{}
		for born := range birth.Days() {
			for on := range from.Month().Days() {
				may[(birth.First() + civil.Date(born)).Years(from.Month().First()+civil.Date(on))] = true
			}
		}
		age := int(from.Month()-birth)/12 + rapid.IntRange(-2, 2).Draw(t, "off")
		rules, err := Compile(pack(fmt.Sprintf("person.age == %d", age)))
		if err != nil {
			t.Fatal(err)
		}
		if refused := rules.Refuse(Facts{Birth: birth, Sex: "M", From: from}) != nil; refused == may[age] {
			t.Fatalf("born in %v, on %v, %d: refused %v, may be %v", birth, from, age, refused, may)
		}
	})
}

// Rules may be used by many goroutines at once.
func TestConcurrent(t *testing.T) {
	rules, err := Compile(pack("person.age < 60", "person.age < 50"))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				if got := rules.Refuse(facts()); len(got) != 1 || got[0].Code != "c1" {
					t.Errorf("%v", got)
					return
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkRefuse(b *testing.B) {
	rules, err := Compile(pack("post.category != 'facility_maintenance' || person.age < 60", "hire.group != 'older' || person.age >= 50"))
	if err != nil {
		b.Fatal(err)
	}
	f := facts()
	for b.Loop() {
		if rules.Refuse(f) != nil {
			b.Fatal("refused")
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	p := pack("post.category != 'facility_maintenance' || person.age < 60", "hire.group != 'older' || person.age >= 50")
	for b.Loop() {
		if _, err := Compile(p); err != nil {
			b.Fatal(err)
		}
	}
}
