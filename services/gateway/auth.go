package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
	"github.com/nats-io/nkeys"
	"golang.org/x/crypto/bcrypt"
)

// Auth lists the agencies that may submit, and what each may. It does not
// change once made.
//
// The file is JSON:
//
//	{"agencies": [{
//	  "name": "370211-rsj",          lower-case letters, digits, - and _
//	  "token_sha256": "9f86d0…",     SHA-256 of the token, in hexadecimal
//	  "nkey": "UD3A…",               public key of its NATS user
//	  "division": "370211",          required: prefix it answers for; "" is everywhere
//	  "services": ["hire", "exit"],  left out: all
//	  "record": false,               may submit with submode=record
//	  "import": false,               an operator: may bring recorded times along, erase, rebuild
//	  "reveal": false                may learn who people are
//	}]}
//
// A token is a long random text (32 bytes or more), so a plain hash does not
// give it away. An agency without a hash can submit over NATS only, where the
// server knows it by its key; [AddAgency] makes both. In the place of nkey there
// may be "nats_user" and "nats_password_bcrypt", a name and the hash of its
// password. On a server that is not embedded an agency needs neither: whoever
// may publish its subject there, by a JWT for one, is the agency.
type Auth struct {
	agencies []Agency
	callers  map[string]Caller // by name
	tokens   []credential
}

type credential struct {
	hash [sha256.Size]byte
	name string
}

// ReadAuth reads the file of agencies. Errors name the agency and the field.
func ReadAuth(r io.Reader) (*Auth, error) {
	var file agencyFile
	if err := json.UnmarshalRead(r, &file, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("agencies: %w", err)
	}
	return file.auth()
}

// agencyFile is the file of agencies.
type agencyFile struct {
	Agencies []Agency `json:"agencies"`
}

func (f agencyFile) auth() (*Auth, error) {
	if len(f.Agencies) == 0 {
		return nil, errors.New("agencies: the file lists none")
	}
	a := &Auth{agencies: f.Agencies, callers: map[string]Caller{}}
	for i, g := range f.Agencies {
		if err := a.add(g); err != nil {
			return nil, fmt.Errorf("agencies[%d] %q: %w", i, g.Name, err)
		}
	}
	return a, nil
}

// An Agency is what the file says of one.
type Agency struct {
	Name     string          `json:"name"`
	Hash     string          `json:"token_sha256,omitzero"`
	NKey     string          `json:"nkey,omitzero"`
	User     string          `json:"nats_user,omitzero"`
	Password string          `json:"nats_password_bcrypt,omitzero"` // its hash
	Division string          `json:"division"`
	Services []events.Family `json:"services,omitempty"`
	Record   bool            `json:"record,omitzero"`
	Import   bool            `json:"import,omitzero"`
	Reveal   bool            `json:"reveal,omitzero"`
}

// unsaid is no prefix. An agency whose division was forgotten must not answer for
// everywhere.
const unsaid = "?"

// UnmarshalJSONFrom reads an agency of the file.
func (a *Agency) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	type plain Agency
	p := plain{Division: unsaid}
	err := json.UnmarshalDecode(d, &p)
	*a = Agency(p)
	return err
}

// Agencies returns what the file says, in its order.
func (a *Auth) Agencies() []Agency { return slices.Clone(a.agencies) }

func (a *Auth) add(g Agency) error {
	if g.Name == "" || strings.Trim(g.Name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		return errors.New("name: want lower-case letters, digits, - and _")
	}
	if _, twice := a.callers[g.Name]; twice || g.Name == Local().Agency {
		return errors.New("name: is taken")
	}
	if g.Division == unsaid {
		return errors.New(`division: is missing; "" is everywhere`)
	}
	prefix, err := division.ParsePrefix(g.Division)
	if err != nil {
		return err
	}
	c := Caller{Agency: g.Name, Prefix: prefix, Record: g.Record, Import: g.Import, Reveal: g.Reveal}
	if g.Services != nil {
		c.Families = map[events.Family]bool{}
	}
	if g.Services != nil && len(g.Services) == 0 {
		return errors.New("services: names none; leave it out for all")
	}
	for _, f := range g.Services {
		if !slices.Contains(events.Families, f) || f == events.Gateway {
			return fmt.Errorf("services: there is no service %q", f)
		}
		c.Families[f] = true
	}
	if g.Hash != "" {
		hash, err := hex.DecodeString(g.Hash)
		if err != nil || len(hash) != sha256.Size {
			return errors.New("token_sha256: want 64 hexadecimal digits")
		}
		if slices.ContainsFunc(a.tokens, func(t credential) bool { return t.hash == [sha256.Size]byte(hash) }) {
			return errors.New("token_sha256: is that of another agency")
		}
		a.tokens = append(a.tokens, credential{[sha256.Size]byte(hash), g.Name})
	}
	c.AuthType, err = a.overNATS(g)
	if err != nil {
		return err
	}
	a.callers[g.Name] = c
	return nil
}

// overNATS says how an agency is known to the NATS server: "nkey", "user", or
// "nats" where it is the server's own affair.
func (a *Auth) overNATS(g Agency) (string, error) {
	before := a.agencies[:len(a.callers)]
	switch {
	case g.NKey == "" && g.User == "" && g.Password == "":
		return "nats", nil
	case strings.Contains(g.Name, "_") || strings.Trim(g.Name, "-") != g.Name || len(g.Name) > 63:
		return "", errors.New("name: an agency with a user of NATS has 1 to 63 of a-z, 0-9 and -, with no - at either end")
	case g.NKey != "" && (g.User != "" || g.Password != ""):
		return "", errors.New("nkey: an agency has a key, or nats_user with a password")
	case g.NKey == "":
		if _, err := bcrypt.Cost([]byte(g.Password)); err != nil || g.User == "" {
			return "", errors.New("nats_user: want a name, and in nats_password_bcrypt the bcrypt hash of its password")
		}
		if slices.ContainsFunc(before, func(o Agency) bool { return o.User == g.User }) {
			return "", errors.New("nats_user: is that of another agency")
		}
		return "user", nil
	case !nkeys.IsValidPublicUserKey(g.NKey):
		return "", errors.New("nkey: is no public key of a NATS user (U…)")
	case slices.ContainsFunc(before, func(o Agency) bool { return o.NKey == g.NKey }):
		return "", errors.New("nkey: is that of another agency")
	}
	return "nkey", nil
}

// byToken returns the agency whose token it is. It looks at all of them, and
// at all bytes of each, however early it knows.
func (a *Auth) byToken(token string) (Caller, bool) {
	hash := sha256.Sum256([]byte(token))
	name := ""
	for _, t := range a.tokens {
		if subtle.ConstantTimeCompare(hash[:], t.hash[:]) == 1 {
			name = t.name
		}
	}
	c, ok := a.callers[name]
	c.AuthType = "token"
	return c, ok
}

// byName returns the agency that the NATS server let publish under its name.
func (a *Auth) byName(name string) (Caller, bool) {
	c, ok := a.callers[name]
	return c, ok
}
