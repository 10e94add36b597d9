package events

// Who is the person an event is about: by pseudonym, or in a submission by
// identity.
type Who struct {
	Person   Person    `json:"person,omitzero"`
	Identity *Identity `json:"identity,omitzero"`
}

// An Identity says who a person is. A submission gives the first four fields in
// clear. The vault keeps them and replaces them by the other fields, which the record
// holds.
type Identity struct {
	IDNumber  string `json:"id_number,omitzero"`
	Name      string `json:"name,omitzero"`
	Phone     string `json:"phone,omitzero"`
	Household string `json:"household,omitzero"`

	Sealed         string `json:"sealed,omitzero"`          // base64 of the fields above, encrypted with the person's own key
	NameToken      string `json:"name_token,omitzero"`      // equal for equal names
	PhoneToken     string `json:"phone_token,omitzero"`     // equal for equal phone numbers
	HouseholdToken string `json:"household_token,omitzero"` // equal for equal households
}

// About implements [Data] for the payloads that embed Who.
func (w *Who) About() *Who { return w }

// clone returns a copy of id, nil for nil.
func (id *Identity) clone() *Identity {
	if id == nil {
		return nil
	}
	return new(*id)
}

// named reports whether id holds an identity number.
func (id *Identity) named() bool { return id != nil && id.IDNumber != "" }

func (w *Who) check(c *checker) {
	c.person("person", w.Person, w.Identity != nil, "identity")
	if id := w.Identity; id != nil {
		if id.IDNumber != "" || w.Person == (Person{}) {
			c.idNumber("identity.id_number", id.IDNumber)
		}
		id.checkRest(c)
	}
}

// checkRest checks what an identity has beside the number.
func (id *Identity) checkRest(c *checker) {
	c.private("identity.name", id.Name)
	c.private("identity.phone", id.Phone)
	c.private("identity.household", id.Household)
	c.engine("identity.sealed", id.Sealed)
	c.engine("identity.name_token", id.NameToken)
	c.engine("identity.phone_token", id.PhoneToken)
	c.engine("identity.household_token", id.HouseholdToken)
}
