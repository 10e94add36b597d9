package pseudonym

import (
	"context"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
	"github.com/muster-works/muster/services/gateway/vault"
)

// identityTaken is the code of the service hire for a number that leads to another person. The
// gateway gives it where no event can be named.
const identityTaken events.Code = "identity_taken"

// A stake is an event about who a person is: whose a number is depends on what becomes of it.
type stake struct {
	key    [16]byte
	person events.Person
	given  *events.Identity // in clear
	frees  string           // the number that the person had, if it was mistyped and the event names it
}

// reidentify takes the numbers out of an event about who a person is. The vault notes that the
// event is under way.
func (r *Resolver) reidentify(ctx context.Context, e *events.Event) (refused events.Reasons, err error) {
	until, key := r.now().Add(pendingTime), e.Key().Hash()
	d, gives := e.Data.(*events.PersonIdentified)
	if !gives {
		return r.withdraw(ctx, e, until)
	}
	s, refused := stakeOf(&r.known, key, d)
	if refused != nil {
		return refused, nil
	}
	out, err := r.vault.Reidentify(ctx, s.person, *s.given, key, until)
	switch {
	case err != nil:
		return nil, err
	case !out.Known:
		return unknownPerson("data.person"), nil
	case out.Awaiting:
		return events.Refusal(identityTaken, "data.identity.id_number", events.Say(
			"is the number of somebody whose events are being decided; send this again in ten minutes",
			"正在处理使用该号码的其他报送；请十分钟后再报")), nil
	}
	identified(d, out.Profile, out.HeldBy)
	return nil, nil
}

// withdraw refuses the withdrawal of an event if the person would have a number again that is
// somebody else's by now. Otherwise the vault notes that the withdrawal is under way.
func (r *Resolver) withdraw(ctx context.Context, e *events.Event, until time.Time) (refused events.Reasons, err error) {
	withdrawn, _ := e.Supersedes()
	taken, err := r.vault.Retracts(ctx, withdrawn.Hash(), e.Key().Hash(), until)
	if taken {
		refused = events.Refusal(identityTaken, "data.id", events.Say(
			"gave the person another number, and the number before is somebody else's by now; give the right number by a new person.identified",
			"该事件曾更正号码，而原号码现已由他人使用；请另报person.identified填写正确号码"))
	}
	return refused, err
}

// stakeOf finds the person of a person.identified. It takes the number by which the person is found
// out of the event.
func stakeOf(in Directory, key [16]byte, d *events.PersonIdentified) (s stake, refused events.Reasons) {
	s = stake{key: key, person: d.Person, given: d.Identity}
	if s.given == nil {
		return s, events.Refusal(events.Missing, "data.identity", events.Say("is required", "为必填项"))
	}
	if !d.Renumbers() {
		s.given.IDNumber = "" // the contract has seen to it that it is the number that the person has
	}
	if d.IDNumber != "" {
		var found [1]events.Person
		s.person = in.Find(found[:0], d.IDNumber)[0]
		if d.Restates() {
			s.frees = d.IDNumber
		}
		if d.IDNumber = ""; s.person == (events.Person{}) {
			return s, unknownPerson("data.id_number")
		}
	}
	if _, _, known := in.Birth(s.person); !known {
		return s, unknownPerson("data.person")
	}
	d.Person = s.person
	return s, nil
}

// identified puts what the vault says into an event.
func identified(d *events.PersonIdentified, p vault.Profile, heldBy events.Person) {
	d.Identity, d.HeldBy = &p.Identity, heldBy
	if !d.Renumbers() {
		return
	}
	d.BirthMonth, d.Sex = p.Birth, "M"
	if p.Female {
		d.Sex = "F"
	}
}

// reidentify is that of the Resolver, and writes nothing.
func (t *Throwaway) reidentify(e *events.Event) events.Reasons {
	d, ok := e.Data.(*events.PersonIdentified)
	if !ok {
		return nil
	}
	s, refused := stakeOf(t, e.Key().Hash(), d)
	if refused != nil {
		return refused
	}
	p, heldBy := vault.Profile{}, events.Person{}
	if number := s.given.IDNumber; d.Renumbers() {
		n, err := idnumber.Parse(number)
		if err != nil {
			return events.Refusal(events.InvalidIDNumber, "data.identity.id_number", events.OfIDNumber(err))
		}
		p.Birth, p.Female = n.Birth.Month(), n.Female
		if q := t.Find(nil, number)[0]; q != s.person {
			heldBy = q
		}
	}
	if s.given.Name != "" {
		p.Identity.NameToken = "0000000000000000" // the service asks whether there is a name
	}
	identified(d, p, heldBy)
	if d.On == 0 {
		d.On = e.DecidedOn // as the service does: later events of the dry run are decided after it
	}
	t.stakes = append(t.stakes, s)
	return nil
}

// Learn makes known what an event said, that would be accepted: its number leads to its person, and
// a number that it frees leads to nobody.
func (t *Throwaway) Learn(key [16]byte) {
	for _, s := range t.stakes {
		if s.key != key || s.given.IDNumber == "" {
			continue
		}
		n, err := idnumber.Parse(s.given.IDNumber)
		if err != nil {
			continue // it would not have been accepted
		}
		t.moved[s.given.IDNumber], t.births[s.person] = s.person, n
		if s.frees != "" && s.frees != s.given.IDNumber {
			t.moved[s.frees] = events.Person{}
		}
	}
}
