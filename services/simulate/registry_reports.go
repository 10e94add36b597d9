package simulate

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events/civil"
)

// A registryFact is what the books of another authority say about a person.
type registryFact struct {
	placement int32
	registry  string
	from      civil.Date
	detail    string
	at        instant // instant of the report
	withdrawn instant // instant of the withdrawal, since the match was wrong; 0 is never
}

// A registryBatch is what one registry reports to one county at one instant: the facts
// from first until last.
type registryBatch struct {
	county      int32
	first, last int32
}

// planRegistryReports makes the facts of other authorities. They agree with why people
// left. The books are compared once a month.
func (w *world) planRegistryReports() {
	for i := range w.placements {
		p := &w.placements[i]
		d := w.random(forRegistry, i)
		f := registryFact{placement: int32(i), from: p.exit}
		next := (p.exit.Month() + 1).First()
		switch u := d.float(); {
		case p.mismatched:
			w.planMismatch(p, f, &d)
			continue
		case p.exit == 0:
			continue
		case p.died:
			f.registry, f.detail = "death", "殡葬火化信息"
		case p.code == codeRetired:
			f.registry, f.from, f.detail = "pension", next, "城乡居民基本养老保险待遇领取"
		case p.code == "N1" && u < .35:
			f.registry, f.from, f.detail = "insurance", next, "企业职工基本养老保险"
		case p.code == "N1" && u < .37:
			f.registry, f.from, f.detail = "fiscal", next, "财政统发工资"
		case p.code == "N5" && u < .06:
			f.registry, f.from, f.detail = "business", next, "个体工商户登记"
		default:
			continue
		}
		if p.otherPlacement >= 0 {
			continue // the person was placed again
		}
		month := (f.from + 15).Month()
		if (f.from + 15).Day() > 20 {
			month++
		}
		f.at = max(w.instantOf(month.First()+19), p.hired+1)
		w.facts = append(w.facts, f)
	}
	county := func(f *registryFact) int32 { return w.posts[w.seats[w.placements[f.placement].seat].post].county }
	slices.SortStableFunc(w.facts, func(a, b registryFact) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(county(&a), county(&b)), cmp.Compare(a.registry, b.registry), cmp.Compare(a.withdrawn, b.withdrawn))
	})
	for i := range w.facts {
		f := &w.facts[i]
		if i > 0 && f.withdrawn == 0 {
			b, before := &w.batches[len(w.batches)-1], &w.facts[i-1]
			if before.at == f.at && before.registry == f.registry && before.withdrawn == 0 && b.county == county(f) && b.last-b.first < 500 {
				b.last++
				continue
			}
		}
		w.batches = append(w.batches, registryBatch{county(f), int32(i), int32(i) + 1})
	}
}

// planMismatch reports a person as insured by an employer because of an equal name, and
// withdraws the report later.
func (w *world) planMismatch(p *placement, f registryFact, d *random) {
	f.registry, f.from, f.detail = "insurance", (p.from + 10).Month().First(), "企业职工基本养老保险"
	f.at = max(w.soonAfter(d, p.from+75), p.hired+1)
	f.withdrawn = f.at + instant(d.between(20, 80))
	w.facts = append(w.facts, f)
}
