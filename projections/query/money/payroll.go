package money

import (
	"slices"
	"strconv"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/payroll"
	"github.com/muster-works/muster/projections/query/cube"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/table"
	"github.com/muster-works/muster/projections/timeline"
)

func (s *Source) payroll() question.Question {
	return question.Question{
		ID: "payroll", Path: "payroll", Summary: "What a month was worth to each person, and what was paid", Answers: "A row for each person on each post.",
		Takes:  []question.Parameter{question.AsOf, question.KnownAt, question.Division, question.Month.Needed(), question.Limit, question.Cursor},
		Answer: new(Payroll), Ask: s.askPayroll,
	}
}

// Payroll answers what a month was worth to everyone who was in place on a post
// of the division in that month or was paid for it, and what was paid by as_of;
// see payroll.Roll.
type Payroll struct {
	question.Origin
	Month  civil.Month    `json:"month"`
	Rows   []payroll.Line `json:"rows"`
	Totals payroll.Totals `json:"totals"` // of all pages
	question.Paged
}

func (s *Source) askPayroll(r *question.Request) (question.Answer, error) {
	month, err := civil.ParseMonth(r.Get("month"))
	if err != nil {
		return nil, question.InvalidParameter("month", events.Say(
			"is required: a month that exists, as YYYY-MM, in the years 1900 to 2199",
			"为必填项：存在的月份，格式为YYYY-MM，在1900至2199年之间"))
	}
	r.MadeFrom("payroll", payroll.Version)
	page, err := s.page(r, payroll.Selection{Division: r.Division, Month: month, AsOf: r.AsOf, Known: r.Known})
	if err != nil {
		return nil, err
	}
	if err := addPersonIDs(r, page.Lines); err != nil {
		return nil, err
	}
	return &Payroll{Month: month, Rows: page.Lines, Totals: page.Totals, Paged: r.Paged(len(page.Lines), page.Total)}, nil
}

// addPersonIDs puts the pseudonyms of the persons into lines.
func addPersonIDs(r *question.Request, lines []payroll.Line) error {
	numbers := make([]timeline.Number, len(lines))
	for i := range lines {
		numbers[i] = lines[i].No
	}
	ids, err := r.Model.PersonIDs(r.Context(), numbers)
	for i, id := range ids {
		lines[i].Person = id
	}
	return err
}

// page makes the page that is asked for. A roll of more than a county comes from a
// register of everyone; any other comes from the timelines, and is kept for its next
// pages.
func (s *Source) page(r *question.Request, of payroll.Selection) (*payroll.Page, error) {
	key := rollKey{r.Generation, of}
	if roll := s.rolls.get(key); roll != nil {
		return pageOf(r, roll), nil
	}
	book, err := s.Policies.Book(r.Context(), r.Position, r.AllSetAside()...)
	if err != nil {
		return nil, err
	}
	if cube.AboveCounty(of.Division) {
		register := s.registers.of(r.Generation, of.Month)
		if err := register.Read(r.Context(), r.Model, r.Known, r.Head.Ord); err != nil {
			return nil, err
		}
		return register.Page(of, book, r.Page.Skip, r.Page.Limit), nil
	}
	roll, err := payroll.Make(r.Context(), r.Model, of, book)
	if err != nil {
		return nil, err
	}
	s.rolls.put(key, roll)
	return pageOf(r, roll), nil
}

// pageOf cuts the page of the request out of a roll.
func pageOf(r *question.Request, roll *payroll.Roll) *payroll.Page {
	return &payroll.Page{Lines: slices.Clone(question.Cut(r.Page, roll.Lines)), Total: len(roll.Lines), Totals: roll.Totals}
}

// Table returns the rows, with amounts in fen.
func (p *Payroll) Table() table.Table {
	t := table.Table{Columns: slices.Concat(table.Text("person", "post", "division"),
		table.Numbers("entitled", "instructed", "settled", "returned", "difference", "disputed", "disputed_days", "late_days"), table.Text("policyversion"))}
	for _, r := range p.Rows {
		row := append([]string{r.Person.String(), r.Post, string(r.Division)}, fen(r.Entitled, r.Instructed, r.Settled, r.Returned, r.Difference, r.Disputed)...)
		t.Rows = append(t.Rows, append(row, strconv.Itoa(r.DisputedDays), strconv.Itoa(r.Late), r.Policy))
	}
	return t
}

// fen returns amounts as cells.
func fen(amounts ...events.Fen) (cells []string) {
	for _, n := range amounts {
		cells = append(cells, strconv.FormatInt(int64(n), 10))
	}
	return cells
}
