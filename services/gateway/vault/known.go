package vault

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/idnumber"
)

// A knownIdentity is what the vault knows of a person: the identity that holds now, and, if the
// person was identified anew, what it was made of. Its JSON is sealed in the row of the person.
type knownIdentity struct {
	events.Identity
	Base *events.Identity `json:"base,omitzero"` // what hires and trainings said; nil is Identity
	Said []saidIdentity   `json:"said,omitzero"` // by the person.identified that stand
}

// A saidIdentity is what one person.identified gave.
type saidIdentity struct {
	Key      [16]byte        `json:"key"` // of the event, see events.Key.Hash
	On       civil.Date      `json:"on"`
	Restates bool            `json:"restates,omitzero"` // the number before was mistyped
	Identity events.Identity `json:"identity"`
}

// compare orders what was said by the day, as package placing orders it. What is left to decide
// goes by the key, so that the order of the log does not matter.
func (s *saidIdentity) compare(o *saidIdentity) int {
	restates := func(s *saidIdentity) int {
		if s.Restates {
			return 1
		}
		return 0
	}
	birth := func(s *saidIdentity) (month civil.Month, sex int) {
		n, err := idnumber.Parse(s.Identity.IDNumber)
		if err != nil {
			return 0, 0 // a name alone
		}
		if n.Female {
			return n.Birth.Month(), 1
		}
		return n.Birth.Month(), 2
	}
	month, sex := birth(s)
	otherMonth, otherSex := birth(o)
	return cmp.Or(cmp.Compare(s.On, o.On), cmp.Compare(restates(s), restates(o)), cmp.Compare(month, otherMonth), cmp.Compare(sex, otherSex),
		bytes.Compare(s.Key[:], o.Key[:]))
}

// base returns what hires and trainings said.
func (k *knownIdentity) base() events.Identity {
	if k.Base != nil {
		return *k.Base
	}
	return k.Identity
}

// A former number was that of a person before another one. It leads to the person for ever,
// unless it was mistyped.
type formerNumber struct {
	number string
	freed  bool
}

// knownFrom returns what holds after all that was said, and the former numbers.
func knownFrom(base events.Identity, said []saidIdentity) (k knownIdentity, former []formerNumber) {
	if len(said) == 0 {
		return knownIdentity{Identity: base}, nil
	}
	said = slices.Clone(said)
	slices.SortFunc(said, func(a, b saidIdentity) int { return a.compare(&b) })
	k = knownIdentity{base, &base, said}
	for i := range said {
		s := &said[i]
		if n := s.Identity.IDNumber; n != "" && n != k.IDNumber {
			former = append(former, formerNumber{k.IDNumber, s.Restates})
			k.IDNumber = n
		}
		k.Identity = mergeIdentity(k.Identity, s.Identity)
	}
	return k, k.oneEach(former)
}

// oneEach returns the former numbers once each, without the one that holds now. A number that was
// kept once is kept.
func (k *knownIdentity) oneEach(former []formerNumber) (each []formerNumber) {
	for _, f := range former {
		i := slices.IndexFunc(each, func(o formerNumber) bool { return o.number == f.number })
		switch {
		case f.number == k.IDNumber:
		case i < 0:
			each = append(each, f)
		default:
			each[i].freed = each[i].freed && f.freed
		}
	}
	return each
}

// former returns the former numbers.
func (k *knownIdentity) former() []formerNumber {
	_, former := knownFrom(k.base(), k.Said)
	return former
}

// setBase returns what is known after hires and trainings said something else.
func (k *knownIdentity) setBase(base events.Identity) knownIdentity {
	now, _ := knownFrom(base, k.Said)
	return now
}

func (k personKey) sealKnown(known knownIdentity) ([]byte, error) {
	plain, err := json.Marshal(known)
	if err != nil {
		return nil, errors.New("vault: identity is not UTF-8")
	}
	return seal(k.AEAD, k.person, plain), nil
}

func (k personKey) openKnown(sealed []byte) (known knownIdentity, err error) {
	plain, err := open(k.AEAD, k.person, sealed)
	if err == nil {
		err = json.Unmarshal(plain, &known)
	}
	if err != nil {
		return knownIdentity{}, fmt.Errorf("vault: sealed identity of person %s does not open", k.person)
	}
	return known, nil
}
