package query

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"sync"

	"github.com/google/uuid"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/timeline"
)

// PayrollRow is one person on one post in the month.
type PayrollRow struct {
	Person   uuid.UUID     `json:"person"`
	Post     string        `json:"post"`
	Division division.Code `json:"division"`
	Money
	Late   int    `json:"late_days"`
	Policy string `json:"policyversion"` // of the pack in force there on the first of the month; empty is none

	no timeline.Number
}

// PayrollTotals are sums over all pages, and how many rows are amiss.
type PayrollTotals struct {
	Money
	Late     int `json:"late"`     // paid after the due day, or not yet though it is over
	Short    int `json:"short"`    // paid less than was earned
	Over     int `json:"over"`     // paid more
	Unearned int `json:"unearned"` // paid though nothing was earned; counts among Over too
}

// Payroll answers what a month was worth to everyone who was in place on a post
// of the division in that month or was paid for it, and what was paid by as_of.
// Rows are by post, and by person as they came into the books.
//
// Persons are looked for among all who ever were placed on these posts and all
// who first came into the books in these counties: beyond them is only somebody
// of another county who was paid for a post without ever being placed on it,
// which submode=record and arrears allow. Asked for the whole deployment,
// nobody is beyond.
type Payroll struct {
	Origin
	Month  civil.Month   `json:"month"`
	Rows   []PayrollRow  `json:"rows"`
	Totals PayrollTotals `json:"totals"`
	Paged
}

func (a *API) payroll(q *question) (answer, error) {
	month, err := civil.ParseMonth(q.params.Get("month"))
	if err != nil {
		return nil, bad("month", "is required: a month that exists, as YYYY-MM, in the years 1900 to 2199")
	}
	q.Views = map[string]int{"payroll": 1}
	key := rollKey{q.Generation, q.known, q.AsOf, month, q.division}
	r := a.rolls.get(key)
	if r == nil {
		book, err := a.packs.book(q.ctx, a.Log, q.Position)
		if err != nil {
			return nil, err
		}
		if r, err = makeRoll(q, month, book); err != nil {
			return nil, err
		}
		a.rolls.put(key, r)
	}
	page := r.rows[min(q.page.skip, len(r.rows)):]
	page = slices.Clone(page[:min(q.page.limit, len(page))])
	for i := range page {
		if page[i].Person, err = q.model.PersonID(q.ctx, page[i].no); err != nil {
			return nil, err
		}
	}
	return &Payroll{Month: month, Rows: page, Totals: r.totals, Paged: q.paged(len(page), len(r.rows))}, nil
}

// A roll is a payroll before it is cut into pages.
type roll struct {
	rows   []PayrollRow // without the pseudonyms
	totals PayrollTotals
}

type rollKey struct {
	generation string
	known      uint64
	asOf       civil.Date
	month      civil.Month
	division   string
}

// rolls keeps the roll made last, for its next pages.
type rolls struct {
	mu   sync.Mutex
	key  rollKey
	last *roll
}

func (r *rolls) get(key rollKey) *roll {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.key != key {
		return nil
	}
	return r.last
}

func (r *rolls) put(key rollKey, made *roll) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.key, r.last = key, made
}

// A rollMaker makes the roll of a month.
type rollMaker struct {
	roll
	month civil.Month
	asOf  civil.Date
	posts map[timeline.Number]*rollPost
}

// A rollPost is what a roll needs to know of a post.
type rollPost struct {
	name string
	timeline.Attributes
	pack *policy.Pack
}

func makeRoll(q *question, month civil.Month, book *policy.Book) (*roll, error) {
	m := &rollMaker{month: month, asOf: q.AsOf, posts: map[timeline.Number]*rollPost{}}
	var numbers []timeline.Number
	err := q.model.PostsUnder(q.ctx, q.division, q.known, func(no timeline.Number, name string, p *timeline.Post) {
		a, ok := p.Attributes()
		if !ok && q.division != "" || !a.Division.Under(q.division) {
			return
		}
		m.posts[no] = &rollPost{name, a, book.InForce(a.Division, month.First())}
		for _, placed := range p.Placements() {
			numbers = append(numbers, placed.Person)
		}
	})
	if err != nil {
		return nil, err
	}
	folios, err := countyFolios(q.ctx, q.model, q.division)
	if err != nil {
		return nil, err
	}
	for _, f := range folios {
		numbers = append(numbers, readmodel.FolioPersons(f)...)
	}
	if err := q.model.Persons(q.ctx, numbers, q.known, m.person); err != nil {
		return nil, err
	}
	slices.SortFunc(m.rows, func(a, b PayrollRow) int { return cmp.Or(cmp.Compare(a.Post, b.Post), cmp.Compare(a.no, b.no)) })
	return &m.roll, nil
}

// countyFolios returns the folios of those who came in the counties under a
// prefix or through an authority above them.
func countyFolios(ctx context.Context, model *readmodel.Reader, prefix string) ([]uint32, error) {
	if len(prefix) < 6 {
		return model.Folios(ctx, prefix)
	}
	county := prefix[:6]
	var all []uint32
	for _, name := range []string{county, county[:4] + "00", county[:2] + "0000"} {
		folios, err := model.Folios(ctx, name)
		if err != nil {
			return nil, err
		}
		all = append(all, folios...)
	}
	return all, nil
}

// person adds the rows of one person.
func (m *rollMaker) person(no timeline.Number, p *timeline.Person) {
	first, end := m.month.First(), (m.month + 1).First()
	var on []timeline.Number // posts
	placed := map[timeline.Number][]timeline.Placement{}
	for _, h := range p.Placements() {
		if !h.Empty() && h.From < end && (h.Exit == 0 || h.Exit > first) {
			on = append(on, h.Post)
			placed[h.Post] = append(placed[h.Post], h)
		}
	}
	lines := map[timeline.Number][]timeline.Pay{}
	for _, l := range p.Pay() {
		if l.Month == m.month && l.Instructed != 0 {
			on = append(on, l.Post)
			lines[l.Post] = append(lines[l.Post], l)
		}
	}
	if len(on) == 0 {
		return
	}
	sheets := map[timeline.Number]timeline.Sheet{}
	for _, s := range p.Attendance() {
		if s.Month == m.month {
			sheets[s.Post] = s
		}
	}
	slices.Sort(on)
	for _, post := range slices.Compact(on) {
		if at := m.posts[post]; at != nil {
			m.row(no, at, placed[post], sheets[post], lines[post])
		}
	}
}

func (m *rollMaker) row(no timeline.Number, at *rollPost, placed []timeline.Placement, sheet timeline.Sheet, lines []timeline.Pay) {
	r := PayrollRow{Post: at.name, Division: at.Division, no: no}
	var due civil.Date
	if at.pack != nil {
		r.Policy = at.pack.Version
		due = (m.month + 1).First() + civil.Date(at.pack.Payment.DueDay-1)
	}
	sheet.Month = m.month // of a person without a sheet too
	r.Money, r.Late = paid(earned(at.pack, at.Attributes, placed, sheet), lines, due, m.asOf)
	m.rows = append(m.rows, r)
	t := &m.totals
	t.add(r.Money)
	count := func(n *int, is bool) {
		if is {
			*n++
		}
	}
	count(&t.Late, r.Late > 0)
	count(&t.Short, r.Difference < 0)
	count(&t.Over, r.Difference > 0)
	count(&t.Unearned, r.Entitled == 0 && r.Settled > 0)
}

func (p *Payroll) table() (header []string, rows [][]string) {
	header = []string{"person", "post", "division", "entitled", "instructed", "settled", "returned", "difference", "late_days", "policyversion"}
	for _, r := range p.Rows {
		row := []string{r.Person.String(), r.Post, string(r.Division)}
		for _, n := range []int64{int64(r.Entitled), int64(r.Instructed), int64(r.Settled), int64(r.Returned), int64(r.Difference), int64(r.Late)} {
			row = append(row, strconv.FormatInt(n, 10))
		}
		rows = append(rows, append(row, r.Policy))
	}
	return header, rows
}
