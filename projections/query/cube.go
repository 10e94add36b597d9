package query

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/muster-works/muster/projections/readmodel"
	"github.com/muster-works/muster/projections/readmodel/packing"
	"github.com/muster-works/muster/projections/vacancy"
)

// A cube holds the figures of the views of one generation in memory. They are
// only ever added to, so a reader works on them as they were when it asked.
type cube struct {
	generation string
	least      int // see ledger.strike
	cells      cellBook
	scales     scaleBook
	vacancies  spanSheet
	mu         sync.Mutex
	views      map[string]*book
}

// cubeOf returns the cube of the generation asked.
func (a *API) cubeOf(q *question) *cube {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cube == nil || a.cube.generation != q.meta.Generation {
		a.cube = &cube{generation: q.meta.Generation, least: a.least, views: map[string]*book{}}
	}
	return a.cube
}

// read returns the figures of a view, up to date. It notes in the answer what
// it was made from.
func (a *API) read(q *question, view string) (figures, error) {
	if err := q.uses(view); err != nil {
		return figures{}, err
	}
	c := a.cubeOf(q)
	return c.book(view).refresh(q.ctx, q.model, view, &c.cells)
}

func (c *cube) book(view string) *book {
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.views[view]
	if b == nil {
		b = &book{least: c.least, figures: figures{counties: new(ledger), kinds: new(ledger)}}
		b.durations = view == vacancy.FilledViewName
		c.views[view] = b
	}
	return b
}

// A book keeps the figures of a view up to date.
type book struct {
	mu        sync.Mutex
	least     int
	durations bool   // of the view filled
	last      uint64 // ordinal up to which rows were read
	figures
	inCounties, inKinds rollUp
	classOf             []int32 // class in the ledger of the county, by cell number − 1, and one more; 0 is not known
	placeOf             []int32 // number in places likewise, by code of the county
}

// A rollUp knows the classes of a ledger that is rolled up.
type rollUp struct {
	classes map[likeness]int32
	of      []int32 // class by cell number − 1, and one more; 0 is not known
}

// A likeness is what the rows of one class of a roll-up have in common.
type likeness struct{ county, category, kind, group, area, sex, measure int32 }

// refresh reads the rows that are new. What was read before an error stays.
func (b *book) refresh(ctx context.Context, model *readmodel.Reader, view string, cells *cellBook) (figures, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, err := cells.refresh(ctx, model)
	if err != nil {
		return b.figures, err
	}
	p := b.post(now)
	var rest []packing.Delta // of commits that have cells that came after now, and of those behind them
	err = model.Deltas(ctx, view, b.last, func(ord uint64, rows []packing.Delta) {
		if len(rest) > 0 || slices.ContainsFunc(rows, func(d packing.Delta) bool { return d.Cell > int64(p.cells.n) }) {
			rest = append(rest, rows...)
		} else {
			p.rows(rows)
		}
	})
	if err == nil && len(rest) > 0 {
		if p.cells, err = cells.refresh(ctx, model); err == nil {
			p.rows(rest)
		}
	}
	p.close()
	b.figures.cells = p.cells
	if err == nil && p.unsound {
		err = fmt.Errorf("%w: a row of %s names a cell that is not there", readmodel.ErrUnusable, view)
	}
	return b.figures, err
}

// A posting adds rows to a book. The ledgers that it adds to are copies, since
// others read the old ones.
type posting struct {
	*book
	cells   *cells
	own     []bool // ledgers
	unsound bool
}

func (b *book) post(c *cells) *posting {
	counties, kinds := *b.counties, *b.kinds
	b.counties, b.kinds, b.places = &counties, &kinds, slices.Clone(b.places)
	return &posting{book: b, cells: c, own: make([]bool, len(b.places))}
}

// rows adds the rows of whole commits.
func (p *posting) rows(rows []packing.Delta) {
	for i := range rows {
		p.row(&rows[i])
	}
}

// row adds a row.
func (p *posting) row(d *packing.Delta) {
	if p.unsound = p.unsound || d.Cell < 1 || d.Cell > int64(p.cells.n); p.unsound {
		return
	}
	p.last = d.Ord
	cell := int32(d.Cell - 1)
	e := entry{ord: uint32(d.Ord), date: d.Date, n: int32(d.N)}
	of := func(d int) int32 { return p.cells.of[d][cell] }
	like := likeness{county: p.cells.county[of(byDivision)]}
	place := p.place(like.county)
	if p.durations {
		like.measure = int32(d.Measure)
		e.class = p.inCounties.class(p.counties, cell, like, true)
		p.counties.tail = append(p.counties.tail, e)
		e.class = p.duration(place, cell, like.measure)
		place.tail = append(place.tail, e)
		return
	}
	like.category, like.group, like.area, like.sex = of(byCategory), of(byGroup), of(byArea), of(bySex)
	e.class = p.inCounties.class(p.counties, cell, like, false)
	p.counties.tail = append(p.counties.tail, e)
	like.kind = of(byKind)
	e.class = p.inKinds.class(p.kinds, cell, like, false)
	p.kinds.tail = append(p.kinds.tail, e)
	e.class = p.class(place, cell)
	place.tail = append(place.tail, e)
}

// at returns the place of an index in a list, which grows to it.
func at(list *[]int32, i int32) *int32 {
	if n := int(i) + 1; n > len(*list) {
		*list = append(*list, make([]int32, n-len(*list))...)
	}
	return &(*list)[i]
}

// place returns the ledger of a county, to add to.
func (p *posting) place(county int32) *ledger {
	no := at(&p.placeOf, county)
	if *no == 0 {
		p.county, p.places, p.own = append(p.county, county), append(p.places, new(ledger)), append(p.own, true)
		*no = int32(len(p.places))
	}
	i := *no - 1
	if !p.own[i] {
		own := *p.places[i]
		p.places[i], p.own[i] = &own, true
	}
	return p.places[i]
}

// class returns the class of a cell in the ledger of its county.
func (p *posting) class(l *ledger, cell int32) int32 {
	class := at(&p.classOf, cell)
	if *class == 0 {
		for d := range byReason {
			l.classes.of[d] = append(l.classes.of[d], p.cells.of[d][cell])
		}
		l.classes.n++
		*class = int32(l.classes.n)
	}
	return *class - 1
}

// duration makes a class of its own for a row of a view of durations.
func (p *posting) duration(l *ledger, cell, measure int32) int32 {
	c := &l.classes
	c.of[byDivision] = append(c.of[byDivision], p.cells.of[byDivision][cell])
	c.measure = append(c.measure, measure)
	c.n++
	return int32(c.n - 1)
}

// class returns the class of what is like in a ledger that is rolled up. Rows of
// one cell are alike, unless they have measures.
func (r *rollUp) class(l *ledger, cell int32, like likeness, measured bool) int32 {
	known := at(&r.of, cell)
	if *known != 0 && !measured {
		return *known - 1
	}
	class, ok := r.classes[like]
	if !ok {
		c := &l.classes
		class = int32(c.n)
		if r.classes == nil {
			r.classes = map[likeness]int32{}
		}
		r.classes[like] = class
		for d, code := range [byReason]int32{
			byDivision: like.county, byCategory: like.category, byKind: like.kind, byGroup: like.group, byArea: like.area, bySex: like.sex,
		} {
			c.of[d] = append(c.of[d], code)
		}
		c.measure = append(c.measure, like.measure)
		c.n++
	}
	*known = class + 1
	return class
}

// close strikes balances where they are due.
func (p *posting) close() {
	p.counties.strike(p.least)
	p.kinds.strike(p.least)
	for i, own := range p.own {
		if own && !p.durations { // which have as many classes as entries
			p.places[i].strike(p.least)
		}
	}
}
