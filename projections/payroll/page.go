package payroll

import (
	"slices"
)

// A Page is a part of the lines of a roll, and what all lines add up to.
type Page struct {
	Lines  []Line // without the pseudonyms
	Total  int    // lines of the roll
	Totals Totals
}

// Page returns the lines of a roll from number skip on, limit at most, under the rules. The register must have read up to what is known.
func (g *Register) Page(of Selection, rules *Rules, skip, limit int) *Page {
	g.mu.RLock()
	defer g.mu.RUnlock()
	const together = 256 // posts
	chunks := slices.Collect(slices.Chunk(g.byName, together))
	parts := make([]Page, len(chunks))
	parallel(len(chunks), func(i int) {
		p := &parts[i]
		lines(chunks[i], of, rules, func(l *Line) {
			p.Total++
			p.Totals.add(l)
		})
	})
	page := new(Page)
	for i := range parts {
		p := &parts[i]
		if first := page.Total; first < skip+limit && skip < first+p.Total {
			page.Lines = append(page.Lines, window(chunks[i], of, rules, skip-first, limit+skip-first)...)
		}
		page.Total += p.Total
		page.Totals.join(&p.Totals)
	}
	return page
}

// window returns the lines on some posts from number first on, and before number end.
func window(posts []*registerPost, of Selection, rules *Rules, first, end int) (all []Line) {
	n := 0
	lines(posts, of, rules, func(l *Line) {
		if first <= n && n < end {
			all = append(all, *l)
		}
		n++
	})
	return all
}

// lines yields the lines of a roll on some posts, in order. A line is good until yield
// returns.
func lines(posts []*registerPost, of Selection, rules *Rules, yield func(*Line)) {
	for _, p := range posts {
		if len(p.records) == 0 {
			continue
		}
		terms, developed := p.at(of.Known)
		division := terms.on(of.Month.First()).division
		if !developed && of.Division != "" || !division.Under(of.Division) {
			continue
		}
		v := valueMonth(terms, p.terms, rules, of)
		for _, r := range p.records {
			if known := r.at(of.Known); known != nil {
				l := Line{Post: p.name, Division: division, No: r.person}
				l.fill(&v, &known.days, known.payments, of.AsOf)
				yield(&l)
			}
		}
	}
}

// at returns what was known of the terms of a post at an ordinal, and false if the post
// was not known to be developed.
func (p *registerPost) at(known uint64) (t schedule, developed bool) {
	for i := range p.terms {
		if k := &p.terms[i]; k.since <= known {
			t, developed = k.terms, k.developed
		}
	}
	return t, developed
}
