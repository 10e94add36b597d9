package events

import (
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/division"
)

// AccountAssignedType is the type of [AccountAssigned].
const AccountAssignedType Type = "account.assigned"

// AccountAssigned says which bank account a person is paid to from a day on.
type AccountAssigned struct {
	Who
	Account string     `json:"account,omitzero"` // the token that stands for the account; set by the engine
	Bank    string     `json:"bank"`
	From    civil.Date `json:"from,omitzero"`
	Number  string     `json:"number,omitzero"` // the account number; only in a submission
	Sealed  string     `json:"sealed,omitzero"` // base64 of the sealed account number; set by the engine
}

// Type implements [Data].
func (*AccountAssigned) Type() Type { return AccountAssignedType }

// BusinessDate implements [Data].
func (d *AccountAssigned) BusinessDate() string { return d.From.String() }

// Days implements [Data].
func (*AccountAssigned) Days(Horizon) {}

// Clone implements [Data].
func (d *AccountAssigned) Clone() Data {
	c := *d
	c.Identity = d.Identity.clone()
	return &c
}

// PersonLines implements [Data].
func (*AccountAssigned) PersonLines() PersonLines { return nil }

// Second implements [Data].
func (*AccountAssigned) Second() *SecondPerson { return nil }

// Place implements [Data].
func (*AccountAssigned) Place() *division.Code { return nil }

func (d *AccountAssigned) private() *string { return &d.Number }

func (d *AccountAssigned) check(c *checker) {
	d.Who.check(c)
	c.words("bank", d.Bank)
	c.date("from", d.From)
	c.number("number", d.Number)
	c.engine("account", d.Account)
	c.engine("sealed", d.Sealed)
}
