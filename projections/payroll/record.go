package payroll

import (
	"slices"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/projections/timeline"
)

// records makes the records of a month of the persons of a folio.
func records(folio uint32, leaves [][]byte, month civil.Month) ([]record, error) {
	histories, err := timeline.ReadMonth(leaves, month, func(byte) bool { return true })
	if err != nil {
		return nil, err
	}
	var all []record
	for slot := range histories {
		r := recorder{person: timeline.Number(folio*timeline.FolioSize + uint32(slot))}
		s := splitter{first: month, last: month, yield: r.add}
		err := histories[slot].Each(func(ord uint64, p *timeline.Person) {
			r.begin(ord)
			s.split(r.person, p)
			r.end()
		})
		if err != nil {
			return nil, err
		}
		all = append(all, r.records...)
	}
	return slices.Clip(all), nil
}

// A recorder makes the records of one person, commit by commit. For each commit it is
// told the person-months of the person between begin and end.
type recorder struct {
	person  timeline.Number
	ord     uint64            // of the commit
	posts   []timeline.Number // of the person-months of the commit
	records []record
}

func (r *recorder) begin(ord uint64) { r.ord, r.posts = ord, r.posts[:0] }

// add adds a person-month.
func (r *recorder) add(pm *personMonth) {
	r.posts = append(r.posts, pm.post)
	i := slices.IndexFunc(r.records, func(rec record) bool { return rec.post == pm.post })
	if i < 0 {
		i = len(r.records)
		r.records = append(r.records, record{person: r.person, post: pm.post})
	}
	r.records[i].add(version{r.ord, true, pm.days, pm.payments})
}

// end notes that a person who has a record of a post, and no person-month there, is there
// no longer.
func (r *recorder) end() {
	for i := range r.records {
		if rec := &r.records[i]; !slices.Contains(r.posts, rec.post) {
			rec.add(version{since: r.ord})
		}
	}
}

// add adds a version, unless it says the same as the one before.
func (r *record) add(v version) {
	if n := len(r.versions); n > 0 {
		if last := &r.versions[n-1]; slices.Equal(last.payments, v.payments) {
			if last.exists == v.exists && last.days.equal(&v.days) {
				return
			}
			v.payments = last.payments // held once
		}
	}
	r.versions = append(r.versions, v)
}

// at returns what was known of a record at an ordinal, nil if it did not exist.
func (r *record) at(known uint64) *version {
	for i := len(r.versions) - 1; i >= 0; i-- {
		if v := &r.versions[i]; v.since <= known {
			if v.exists {
				return v
			}
			return nil
		}
	}
	return nil
}
