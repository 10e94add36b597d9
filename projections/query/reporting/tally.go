package reporting

import (
	"cmp"
	"slices"
	"sort"

	"github.com/muster-works/muster/projections/readmodel/packing"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/projections/agency"
	"github.com/muster-works/muster/projections/query/question"
	"github.com/muster-works/muster/projections/view"
)

// A tally adds up the rows of an answer.
type tally struct {
	book       *policy.Book
	first, end civil.Date // business dates that count; end is the first that does not
	rows       map[string]*tallyRow
}

// A tallyRow is the row of an agency, with the days late of all sheets and exits.
type tallyRow struct {
	AgencyRow
	sheetDays, exitDays int
}

// row returns the row of an agency, which is made if it is not there yet.
func (t *tally) row(name string) *tallyRow {
	row := t.rows[name]
	if row == nil {
		row = &tallyRow{AgencyRow: AgencyRow{Agency: name, Refusals: map[string]int{}}}
		t.rows[name] = row
	}
	return row
}

// addReports adds how complete attendance is.
func (t *tally) addReports(reports map[string]agency.Reports) {
	for name, n := range reports {
		row := t.row(name)
		row.InPlace, row.Reported, row.ReportedPct = n.InPlace, n.Reported, question.PercentOf(n.Reported, n.InPlace)
	}
}

// addCounts adds the counts that are known at an ordinal, of the divisions under a
// prefix. What was submitted belongs to no division: it is added to the agencies that
// have a row.
func (t *tally) addCounts(c counts, known uint64, prefix string) {
	rows := c.rows[:sort.Search(len(c.rows), func(i int) bool { return c.rows[i].Ord > known })]
	for i := range rows {
		cell := c.cells[rows[i].Cell]
		if t.counts(&rows[i]) && !isSubmission(cell) && cell.DivisionCode().Under(prefix) {
			t.addReport(cell, &rows[i])
		}
	}
	for i := range rows {
		cell := c.cells[rows[i].Cell]
		if t.counts(&rows[i]) && isSubmission(cell) && (prefix == "" || t.rows[cell[view.Agency]] != nil) {
			t.row(cell[view.Agency]).addSubmissions(cell, &rows[i])
		}
	}
}

// counts reports whether the business date of a count is one of those asked for.
func (t *tally) counts(d *packing.Delta) bool { return t.first <= d.Date && d.Date < t.end }

func isSubmission(cell *view.Cell) bool {
	return cell[view.Kind] == string(events.SubmissionsTalliedType)
}

// addSubmissions adds what became of submissions.
func (row *tallyRow) addSubmissions(cell *view.Cell, d *packing.Delta) {
	switch d.Measure {
	case agency.Accepted:
		row.Accepted += d.N
	case agency.Duplicate:
		row.Duplicate += d.N
	case agency.Rejected:
		row.Rejected += d.N
		row.Refusals[cell[view.Reason]] += d.N
	}
}

// addReport adds sheets or exits. The measure is how many days after the business date
// they were recorded.
func (t *tally) addReport(cell *view.Cell, d *packing.Delta) {
	row, pack := t.row(cell[view.Agency]), t.book.InForce(cell.DivisionCode(), d.Date)
	sheet, corrected := cell[view.Kind] == string(events.AttendanceReportedType), cell[view.Reason] == agency.Corrected
	switch {
	case sheet && corrected:
		row.SheetsCorrected += d.N
	case corrected:
		row.ExitsCorrected += d.N
	case sheet:
		addLateness(d.N, sheetLateness(pack, d), &row.Sheets, &row.SheetsLate, &row.sheetDays)
	default:
		addLateness(d.N, exitLateness(pack, d), &row.Exits, &row.ExitsLate, &row.exitDays)
	}
}

// addLateness adds n reports of the same lateness in days.
func addLateness(n, late int, all, allLate, days *int) {
	*all += n
	if late > 0 {
		*allLate += n
		*days += late * n
	}
}

// sheetLateness returns how many days after the due day of the pack a sheet was
// recorded. It is 0 if no pack is in force.
func sheetLateness(pack *policy.Pack, d *packing.Delta) int {
	if pack == nil {
		return 0
	}
	due := (d.Date.Month() + 1).First() + civil.Date(pack.Attendance.DueDay-1)
	return max(0, int(d.Date)+d.Measure-int(due))
}

// exitLateness returns how many days beyond those that the pack allows an exit was
// recorded. It is 0 if no pack is in force.
func exitLateness(pack *policy.Pack, d *packing.Delta) int {
	if pack == nil {
		return 0
	}
	return max(0, d.Measure-pack.Exits.ReportDays)
}

// list returns the rows by agency.
func (t *tally) list() []AgencyRow {
	all := make([]AgencyRow, 0, len(t.rows))
	for _, row := range t.rows {
		row.SheetsLateDays, row.ExitsLateDays = question.Mean(row.sheetDays, row.SheetsLate), question.Mean(row.exitDays, row.ExitsLate)
		all = append(all, row.AgencyRow)
	}
	slices.SortFunc(all, func(a, b AgencyRow) int { return cmp.Compare(a.Agency, b.Agency) })
	return all
}
