package pseudonym

import (
	"context"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
	"github.com/muster-works/muster/services/gateway/vault"
)

// TooManyStrangers is the code of facts about people whom no agency has placed, if the vault has
// as many of them as it takes.
const TooManyStrangers events.Code = "too_many_strangers" // the vault has as many people from registers alone as it takes

// maxStrangers is how many people the vault takes whom registers alone have named: twelve times the
// seats of the reference programme. Beyond it, facts are meant for another system.
const maxStrangers = 5_000_000

// meetStrangers makes the people of the lines of events known for these events, if the type of
// the event admits strangers: those whom a register named before, and those who are new.
func (r *Resolver) meetStrangers(ctx context.Context, list []*events.Event, refused []events.Reasons) error {
	var identities []events.Identity
	var needs []vault.Need
	for i, e := range list {
		if refused[i] != nil || !events.AdmitsStrangers(e.Data) {
			continue
		}
		unknown := r.unknownNumbers(e.Data.PersonLines())
		if len(unknown) > 0 && r.vault.Strangers()+len(identities)+len(unknown) > maxStrangers {
			refused[i] = events.Refusal(TooManyStrangers, "data.lines", events.Say(
				"names %d people who are in no post, and the vault takes no more of them; send facts about people of the programme alone",
				"涉及%d名不在岗的人员，已达可登记的上限；请只报送本项目人员的信息", len(unknown)))
			continue
		}
		for _, n := range unknown {
			identities, needs = append(identities, events.Identity{IDNumber: n}), append(needs, vault.Need{Key: e.Key().Hash(), Deadline: r.now().Add(pendingTime)})
		}
	}
	if len(identities) == 0 {
		return nil
	}
	since, err := r.head(ctx)
	if err != nil {
		return err
	}
	for i := range needs {
		needs[i].Since = since
	}
	profiles, _, err := r.vault.EnterFor(ctx, identities, needs)
	if err != nil {
		return err
	}
	for i, p := range profiles {
		if err := r.meet(identities[i].IDNumber, p.Person); err != nil {
			return err
		}
		r.awaits = append(r.awaits, Await{vault.Outcome{Person: p.Person, Key: needs[i].Key, Stranger: true}, true})
	}
	return nil
}

// unknownNumbers returns the identity numbers of lines that belong to nobody in the vault. It makes
// strangers among the lines known. A number that is not valid is left to the lookup, which refuses
// it.
func (r *Resolver) unknownNumbers(lines events.PersonLines) (unknown []string) {
	for i := range lines.Len() {
		number := *lines.IDNumber(i)
		if number == "" || r.known.Find(nil, number)[0] != (events.Person{}) {
			continue
		}
		if _, err := idnumber.Parse(number); err != nil {
			continue
		}
		if p := r.vault.FindStrangers(nil, number)[0]; p == (events.Person{}) || r.meet(number, p) != nil {
			unknown = append(unknown, number)
		}
	}
	return unknown
}

// meet makes a person known for the events that are resolved.
func (r *Resolver) meet(number string, p events.Person) error {
	parsed, err := idnumber.Parse(number)
	if err == nil {
		r.known.add(number, parsed, p)
	}
	return err
}
