package payroll

import (
	"cmp"
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
)

// Rules are the packs that a roll is made under.
type Rules struct {
	Book *policy.Book // the packs as they are known at the commit of the roll
	// Known are the packs as they were known since earlier commits, the first one and the last, which
	// are those of Book, included. It may be empty if it was one Book all the time.
	Known []KnownBook
	// Recorded returns the business date on which a commit was recorded. It is called by several
	// goroutines. If it is nil, everything counts as known in time.
	Recorded func(ord uint64) civil.Date
}

// A KnownBook is what was known of packs since a commit.
type KnownBook struct {
	Since uint64 // ordinal
	Book  *policy.Book
}

// A Part is a part of what a month was worth. It is late when it was not paid although it could be
// known. The day from which the whole could be known is the due day of the month, unless the
// rules changed afterwards for the past: a standard was raised, or a pack adopted. What they added
// to the month could be known from the day on which the change was recorded.
type Part struct {
	Amount events.Fen `json:"amount"`
	Due    civil.Date `json:"due"` // it is late on the days after
	Late   int        `json:"late_days"`

	total events.Fen // of this part and those before
}

// knownPeriods are the periods of a month as they could be known from a day on.
type knownPeriods struct {
	on      civil.Date // the day on which that was recorded; 0 is before the due day
	periods []period
}

// dueDay returns the last day on which pay for a month is not late. The pack in force on the first
// day of the month says it. If no pack is in force, dueDay returns 0.
func dueDay(periods []period, month civil.Month) civil.Date {
	if pack := periods[0].pack; pack != nil {
		return (month + 1).First() + civil.Date(pack.Payment.DueDay-1)
	}
	return 0
}

// laterKnown returns the periods of a month as they could be known by its due day, and then as
// they could be known from each later day on, in order. It returns nil if nothing changed after the
// due day. history holds the terms of the post as they were known. The terms that were known first
// count from the beginning, because a post that came into the books late was there before.
func laterKnown(history []knownTerms, rules *Rules, month civil.Month, due civil.Date, known uint64) []knownPeriods {
	if first := slices.IndexFunc(history, func(k knownTerms) bool { return k.developed }); first > 0 {
		history = history[first:] // a change that was known before the post itself
	}
	moments := momentsOf(history, rules, known)
	if len(moments) == 0 || due == 0 || rules.Recorded == nil {
		return nil
	}
	at := func(ord uint64) knownPeriods {
		terms, book := history[0].terms, rules.Book
		for i := range history {
			if history[i].since <= ord && history[i].developed {
				terms = history[i].terms
			}
		}
		for i := range rules.Known {
			if k := &rules.Known[i]; i == 0 || k.Since <= ord {
				book = k.Book
			}
		}
		return knownPeriods{periods: terms.periods(book, month)}
	}
	all := []knownPeriods{at(0)}
	for _, ord := range moments {
		now := at(ord)
		if now.on = rules.Recorded(ord); now.on <= due {
			now.on = 0
			all[0] = now
		} else {
			all = append(all, now)
		}
	}
	if len(all) == 1 {
		return nil
	}
	return all
}

// momentsOf returns the commits up to an ordinal that changed what was known before of a post or of the packs.
func momentsOf(history []knownTerms, rules *Rules, known uint64) (moments []uint64) {
	for i := 1; i < len(history) && history[i].since <= known; i++ {
		moments = append(moments, history[i].since)
	}
	for i := 1; i < len(rules.Known) && rules.Known[i].Since <= known; i++ {
		moments = append(moments, rules.Known[i].Since)
	}
	slices.Sort(moments)
	return slices.Compact(moments)
}

// parts divides what a month was worth by when it could be known.
func parts(entitled events.Fen, d *days, later []knownPeriods, due civil.Date) []Part {
	if entitled == 0 || due == 0 {
		return nil
	}
	if later == nil {
		return []Part{{Amount: entitled, Due: due, total: entitled}}
	}
	var all []Part
	sum := events.Fen(0)
	for _, k := range later {
		if worth := min(earn(k.periods, d).entitled, entitled); worth > sum {
			all = append(all, Part{Amount: worth - sum, Due: max(due, k.on), total: worth})
			sum = worth
		}
	}
	if sum < entitled { // what is known now is always among what was known last
		all = append(all, Part{Amount: entitled - sum, Due: max(due, later[len(later)-1].on), total: entitled})
	}
	return mergeParts(all)
}

// mergeParts makes one of the parts with one due day.
func mergeParts(all []Part) (merged []Part) {
	slices.SortStableFunc(all, func(a, b Part) int { return cmp.Compare(a.Due, b.Due) })
	for _, p := range all {
		if n := len(merged); n > 0 && merged[n-1].Due == p.Due {
			merged[n-1].Amount += p.Amount
			merged[n-1].total = p.total
		} else {
			merged = append(merged, p)
		}
	}
	return merged
}
