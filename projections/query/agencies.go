package query

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/projections/agency"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/packing"
	"github.com/muster-works/muster/projections/view"
)

// AgencyRow says how an agency kept its duties in the month.
type AgencyRow struct {
	Agency      string  `json:"agency"`
	InPlace     int     `json:"in_place"` // on posts that the agency answers for
	Reported    int     `json:"reported"` // of them, with attendance reported
	ReportedPct Percent `json:"reported_pct"`

	Sheets          int     `json:"sheets"` // of the month
	SheetsLate      int     `json:"sheets_late"`
	SheetsLateDays  float64 `json:"sheets_late_days"` // mean, of those late
	SheetsCorrected int     `json:"sheets_corrected"`
	Exits           int     `json:"exits"` // on days of the month
	ExitsLate       int     `json:"exits_late"`
	ExitsLateDays   float64 `json:"exits_late_days"` // mean, of those late
	ExitsCorrected  int     `json:"exits_corrected"`

	Accepted  int            `json:"accepted"` // submitted in the month
	Duplicate int            `json:"duplicate"`
	Rejected  int            `json:"rejected"`
	Refusals  map[string]int `json:"refusals"` // by code

	sheets, exits int // days late, of all
}

// Agencies answers how late and how complete publishers reported in a month, and
// what of theirs was refused: by name. Lateness is that of first reports, by the
// pack in force in the county on the business date, and packs of townships are not
// looked at. Under a division: of agencies that reported something of it or answer
// for posts in it.
type Agencies struct {
	Origin
	Month civil.Month `json:"month"`
	Rows  []AgencyRow `json:"rows"`
}

func (a *API) agencies(q *question) (answer, error) {
	month := (q.AsOf.Month().First() - 1).Month() // the last one that is over
	if s := q.params.Get("month"); s != "" {
		var err error
		if month, err = civil.ParseMonth(s); err != nil {
			return nil, bad("month", "want a month that exists, as YYYY-MM, in the years 1900 to 2199; left out, it is the one before as_of")
		}
	}
	if len(q.division) > digits[division.County] {
		return nil, bad("division", "want a county at most: events are counted by county")
	}
	if err := q.uses(agency.ViewName); err != nil {
		return nil, err
	}
	book, err := a.packs.Book(q.ctx, a.Log, q.Position, q.unreadable()...)
	if err != nil {
		return nil, err
	}
	reports, err := agency.CountReports(q.ctx, q.model, q.division, month, q.known)
	if err != nil {
		return nil, err
	}
	counts, err := a.conduct.refresh(q.ctx, q.model, q.meta.Generation)
	if err != nil {
		return nil, err
	}
	r := register{book: book, asOf: q.AsOf, month: month, rows: map[string]*AgencyRow{}}
	for name, n := range reports {
		row := r.row(name)
		row.InPlace, row.Reported, row.ReportedPct = n.InPlace, n.Reported, percent(n.Reported, n.InPlace)
	}
	r.count(counts, q.known, q.division)
	return &Agencies{Month: month, Rows: r.list()}, nil
}

// A register puts the rows together.
type register struct {
	book  *policy.Book
	asOf  civil.Date
	month civil.Month
	rows  map[string]*AgencyRow
}

func (r *register) row(name string) *AgencyRow {
	row := r.rows[name]
	if row == nil {
		row = &AgencyRow{Agency: name, Refusals: map[string]int{}}
		r.rows[name] = row
	}
	return row
}

// count adds what was counted of the month, as known at an ordinal. Tallies are of
// no division: they go to the agencies that are there.
func (r *register) count(c conductRows, known uint64, prefix string) {
	first, end := r.month.First(), min((r.month+1).First(), r.asOf+1)
	rows := c.rows[:sort.Search(len(c.rows), func(i int) bool { return c.rows[i].Ord > known })]
	within := func(d *packing.Delta) bool { return first <= d.Date && d.Date < end }
	for i := range rows {
		d := &rows[i]
		if cell := c.cells[d.Cell]; within(d) && cell[view.Kind] != string(events.SubmissionsTalliedType) && cell.DivisionCode().Under(prefix) {
			r.timely(cell, d)
		}
	}
	for i := range rows {
		d := &rows[i]
		cell := c.cells[d.Cell]
		if !within(d) || cell[view.Kind] != string(events.SubmissionsTalliedType) || prefix != "" && r.rows[cell[view.Agency]] == nil {
			continue
		}
		row := r.row(cell[view.Agency])
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
}

// timely adds a sheet or an exit. The measure is how many days after its business
// date it was recorded.
func (r *register) timely(cell *view.Cell, d *packing.Delta) {
	row, pack := r.row(cell[view.Agency]), r.book.InForce(cell.DivisionCode(), d.Date)
	sheet := cell[view.Kind] == string(events.AttendanceReportedType)
	late := 0
	switch {
	case cell[view.Reason] == agency.Corrected && sheet:
		row.SheetsCorrected += d.N
		return
	case cell[view.Reason] == agency.Corrected:
		row.ExitsCorrected += d.N
		return
	case pack == nil:
	case sheet:
		due := (d.Date.Month() + 1).First() + civil.Date(pack.Attendance.DueDay-1)
		late = max(0, int(d.Date)+d.Measure-int(due))
	default:
		late = max(0, d.Measure-pack.Exits.ReportDays)
	}
	total, behind, days := &row.Exits, &row.ExitsLate, &row.exits
	if sheet {
		total, behind, days = &row.Sheets, &row.SheetsLate, &row.sheets
	}
	*total += d.N
	if late > 0 {
		*behind += d.N
		*days += late * d.N
	}
}

func (r *register) list() []AgencyRow {
	all := make([]AgencyRow, 0, len(r.rows))
	for _, row := range r.rows {
		row.SheetsLateDays, row.ExitsLateDays = mean(row.sheets, row.SheetsLate), mean(row.exits, row.ExitsLate)
		all = append(all, *row)
	}
	slices.SortFunc(all, func(a, b AgencyRow) int { return cmp.Compare(a.Agency, b.Agency) })
	return all
}

// mean is sum ÷ n with two decimals, half up; nothing of nothing is 0.
func mean(sum, n int) float64 {
	if n == 0 {
		return 0
	}
	return float64((200*sum+n)/(2*n)) / 100
}

func (a *Agencies) table() (header []string, rows [][]string) {
	header = []string{"agency", "in_place", "reported", "reported_pct", "sheets", "sheets_late", "sheets_late_days", "sheets_corrected",
		"exits", "exits_late", "exits_late_days", "exits_corrected", "accepted", "duplicate", "rejected", "refusals"}
	n, days := strconv.Itoa, func(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) }
	for _, r := range a.Rows {
		var refusals []string
		for _, code := range slices.Sorted(maps.Keys(r.Refusals)) {
			refusals = append(refusals, fmt.Sprintf("%s:%d", code, r.Refusals[code]))
		}
		rows = append(rows, []string{r.Agency, n(r.InPlace), n(r.Reported), r.ReportedPct.String(), n(r.Sheets), n(r.SheetsLate), days(r.SheetsLateDays), n(r.SheetsCorrected),
			n(r.Exits), n(r.ExitsLate), days(r.ExitsLateDays), n(r.ExitsCorrected), n(r.Accepted), n(r.Duplicate), n(r.Rejected), strings.Join(refusals, " ")})
	}
	return header, rows
}

// conduct holds the rows of the view agencies of one generation in memory: one an
// agency, county, type, business date and commit.
type conduct struct {
	mu         sync.Mutex
	generation string
	last, cell uint64 // ordinals up to which rows and cells were read
	named      int64  // cells that were
	conductRows
}

// conductRows are its rows in log order, and their cells. They are only ever added
// to.
type conductRows struct {
	rows  []packing.Delta
	cells map[int64]*view.Cell
}

func (c *conduct) refresh(ctx context.Context, model *readmodel.Reader, generation string) (conductRows, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.generation != generation {
		c.generation, c.last, c.cell, c.named, c.conductRows = generation, 0, 0, 0, conductRows{cells: map[int64]*view.Cell{}}
	}
	fresh := false
	err := model.Deltas(ctx, agency.ViewName, c.last, func(ord uint64, rows []packing.Delta) {
		c.last, c.rows, fresh = ord, append(c.rows, rows...), true
	})
	if err != nil || !fresh {
		return c.conductRows, err
	}
	// Cells after rows: no row names a cell that is not there yet. Who reads on
	// keeps the map that they have.
	c.cells = maps.Clone(c.cells)
	err = model.Cells(ctx, c.cell, func(ord uint64, cells []view.Cell) {
		for _, cell := range cells {
			if c.named++; cell[view.Agency] != "" {
				c.cells[c.named] = &cell
			}
		}
		c.cell = ord
	})
	if err == nil && slices.ContainsFunc(c.rows, func(d packing.Delta) bool { return c.cells[d.Cell] == nil }) {
		err = fmt.Errorf("%w: a row of agencies names a cell that is not there", readmodel.ErrUnusable)
	}
	return c.conductRows, err
}
