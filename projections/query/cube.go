package query

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/muster-works/muster/projections/readmodel"
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
		b = &book{least: c.least, figures: figures{roll: new(ledger)}, rolled: map[likeness]int32{}}
		b.durations = view == "filled"
		c.views[view] = b
	}
	return b
}

// A book keeps the figures of a view up to date.
type book struct {
	mu        sync.Mutex
	least     int
	durations bool  // of the view filled
	last      int64 // row read
	figures
	rolled  map[likeness]int32 // class in the roll-up
	rollOf  []int32            // the same by cell number − 1, and one more; 0 is not known
	classOf []int32            // class in the ledger of the county likewise
	noOf    []int32            // number of the ledger by code of its county likewise
}

// A likeness is what the rows of one class of a roll-up have in common.
type likeness struct{ county, category, group, area, sex, measure int32 }

// refresh reads the rows that are new. What was read before an error stays.
func (b *book) refresh(ctx context.Context, model *readmodel.Reader, view string, cells *cellBook) (figures, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now, err := cells.refresh(ctx, model)
	if err != nil {
		return b.figures, err
	}
	p := b.post(now)
	var rest []readmodel.Difference // of cells that came after now, and what is behind them
	err = model.Differences(ctx, view, b.last, func(d readmodel.Difference) {
		switch {
		case d.ID <= b.last: // of a row that could not be read
		case len(rest) > 0 || d.Cell > int64(p.cells.n):
			rest = append(rest, d)
		default:
			p.row(d)
		}
	})
	if err == nil && len(rest) > 0 {
		if p.cells, err = cells.refresh(ctx, model); err == nil {
			for _, d := range rest {
				p.row(d)
			}
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
	roll := *b.roll
	b.roll, b.ledgers = &roll, slices.Clone(b.ledgers)
	return &posting{book: b, cells: c, own: make([]bool, len(b.ledgers))}
}

// row adds a row.
func (p *posting) row(d readmodel.Difference) {
	if p.unsound = p.unsound || d.Cell < 1 || d.Cell > int64(p.cells.n); p.unsound {
		return
	}
	p.last = d.ID
	cell := int32(d.Cell - 1)
	e := entry{ord: uint32(d.Ord), class: p.rollClass(cell, int32(d.Measure)), date: d.Date, n: int32(d.N)}
	p.roll.tail = append(p.roll.tail, e)
	l := p.ledger(p.cells.county[p.cells.of[byDivision][cell]])
	if p.durations {
		e.class = p.duration(l, cell, int32(d.Measure))
	} else {
		e.class = p.class(l, cell)
	}
	l.tail = append(l.tail, e)
}

// at returns the place of an index in a list, which grows to it.
func at(list *[]int32, i int32) *int32 {
	if n := int(i) + 1; n > len(*list) {
		*list = append(*list, make([]int32, n-len(*list))...)
	}
	return &(*list)[i]
}

// ledger returns the ledger of a county, to add to.
func (p *posting) ledger(county int32) *ledger {
	no := at(&p.noOf, county)
	if *no == 0 {
		p.county, p.ledgers, p.own = append(p.county, county), append(p.ledgers, new(ledger)), append(p.own, true)
		*no = int32(len(p.ledgers))
	}
	i := *no - 1
	if !p.own[i] {
		own := *p.ledgers[i]
		p.ledgers[i], p.own[i] = &own, true
	}
	return p.ledgers[i]
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

// rollClass returns the class of a row in the roll-up.
func (p *posting) rollClass(cell, measure int32) int32 {
	class := at(&p.rollOf, cell)
	if *class != 0 && !p.durations {
		return *class - 1
	}
	of := func(d int) int32 { return p.cells.of[d][cell] }
	k := likeness{county: p.cells.county[of(byDivision)]}
	if p.durations {
		k.measure = measure
	} else {
		k.category, k.group, k.area, k.sex = of(byCategory), of(byGroup), of(byArea), of(bySex)
	}
	no, ok := p.rolled[k]
	if !ok {
		c := &p.roll.classes
		no = int32(c.n)
		p.rolled[k] = no
		c.n++
		c.of[byDivision] = append(c.of[byDivision], k.county)
		if p.durations {
			c.measure = append(c.measure, measure)
		} else {
			for d, code := range map[int]int32{byCategory: k.category, byGroup: k.group, byArea: k.area, bySex: k.sex} {
				c.of[d] = append(c.of[d], code)
			}
		}
	}
	*class = no + 1
	return no
}

// close strikes balances where they are due.
func (p *posting) close() {
	p.roll.strike(p.least)
	for i, own := range p.own {
		if own && !p.durations { // which have as many classes as entries
			p.ledgers[i].strike(p.least)
		}
	}
}
