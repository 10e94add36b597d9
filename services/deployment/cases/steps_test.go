package cases

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/cucumber/godog"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
)

// steps returns the sentences that scenarios are made of. A sentence with 已报送 is what
// stands in the books: all of it must be accepted.
func (o *office) steps() map[string]any {
	return map[string]any{
		`^(\S+)于(\d{4}-\d\d-\d\d)已报送(\S+):$`:                           o.standing,
		`^(\S+)于(\d{4}-\d\d-\d\d)报送(\S+):$`:                            o.reported,
		`^(\S+)于(\d{4}-\d\d-\d\d)试报(\S+):$`:                            o.rehearsed,
		`^(\S+)于(\d{4}-\d\d-\d\d)一并报送:$`:                               func(name, day string, t *godog.Table) error { return o.reported(name, day, "", t) },
		`^(\S+)于(\d{4}-\d\d-\d\d)启用政策，自(\d{4}-\d\d-\d\d)起农村月标准(\d+)元$`: o.adopted,
		`^回执依次为"([^"]*)"$`:                                             o.receipts,
		`^退回理由中提到"([^"]*)"$`:                                           o.because,
		`^在岗人数应为:$`:                                                    each(o.headcount),
		`^工资表应为:$`:                                                     each(o.payroll),
		`^资金账应为:$`:                                                     each(o.fund),
		`^空岗应为:$`:                                                      each(o.vacant),
		`^计划执行应为:$`:                                                    each(o.plan),
		`^在岗名册应为:$`:                                                    each(o.placement),
		`^人员(\S+)的履历依次为"([^"]*)"$`:                                     o.trailOfPerson,
		`^岗位(\S+)的履历依次为"([^"]*)"$`:                                     o.trailOfPost,
		`^查阅(\S+)的姓名为"([^"]*)"，电话为"([^"]*)"$`:                          o.reveal,
	}
}

// each asks a question for every row of a table.
func each(ask func(cells map[string]string) error) func(*godog.Table) error {
	return func(t *godog.Table) error {
		for _, cells := range rows(t) {
			if err := ask(cells); err != nil {
				return fmt.Errorf("%v: %w", cells, err)
			}
		}
		return nil
	}
}

func (o *office) reported(name, day, kind string, t *godog.Table) error {
	by, ok := agencies[name]
	if !ok {
		return fmt.Errorf("there is no agency %q", name)
	}
	list, err := o.reports(by, kind, t)
	if err != nil {
		return err
	}
	if err := o.submit(by, day, list); err != nil {
		return err
	}
	o.remember(list)
	return nil
}

func (o *office) standing(name, day, kind string, t *godog.Table) error {
	if err := o.reported(name, day, kind, t); err != nil {
		return err
	}
	for _, r := range o.last {
		if r.Status != events.Accepted {
			return fmt.Errorf("%s is %s: %s", r.ID, r.Status, o.reasons())
		}
	}
	return nil
}

// adopted adopts a pack of the agency's own: the one of the reference programme with another
// allowance in the country, from a day on.
func (o *office) adopted(name, day, from, yuan string) error {
	by, ok := agencies[name]
	if !ok {
		return fmt.Errorf("there is no agency %q", name)
	}
	pack, err := policy.Reference()
	if err != nil {
		return err
	}
	fen, err := strconv.ParseInt(yuan, 10, 64)
	if err != nil {
		return err
	}
	pack.Policy, pack.Version, pack.Jurisdiction = "case-"+by.division, "case-"+by.division+"-"+from, by.division
	pack.Payment.Standard.Rural = 100 * fen
	if pack.ValidFrom, err = civil.ParseDate(from); err != nil {
		return err
	}
	e := events.Adoption(pack)
	e.Source, e.Division = "/agency/"+by.name, division.Code((by.division + "000000000000")[:12])
	raw, err := e.Append(nil)
	if err != nil {
		return err
	}
	var event map[string]any
	if err := json.Unmarshal(raw, &event); err != nil {
		return err
	}
	return o.submit(by, day, []map[string]any{event})
}

func (o *office) rehearsed(name, day, kind string, t *godog.Table) error {
	o.dryRun = true
	return o.reported(name, day, kind, t)
}

// receipts compares the receipts of the last report, such as 受理、退回seat_taken.
func (o *office) receipts(want string) error {
	var got []string
	for _, r := range o.last {
		switch r.Status {
		case events.Accepted:
			got = append(got, "受理")
		case events.Duplicate:
			got = append(got, "重复")
		default:
			got = append(got, "退回"+string(r.Reasons[0].Code))
		}
	}
	if all := strings.Join(got, "、"); all != want {
		return fmt.Errorf("the receipts are %s: %s", all, o.reasons())
	}
	return nil
}

func (o *office) because(want string) error {
	if said := o.reasons(); !strings.Contains(said, want) {
		return fmt.Errorf("the reasons are %s", said)
	}
	return nil
}

// reasons returns all reasons of the last receipts, in Chinese.
func (o *office) reasons() string {
	var said []string
	for _, r := range o.last {
		for _, reason := range r.Reasons {
			said = append(said, reason.Field+" "+reason.Detail)
		}
	}
	return strings.Join(said, "; ")
}
