package access

import (
	"errors"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
)

// The format before version 2: agencies alone, each with one token and one key,
// and its rights as members. It is read for ever; the first change of such a
// file writes the present format.
type fileBefore struct {
	Agencies []agencyBefore `json:"agencies"`
}

type agencyBefore struct {
	Name     string          `json:"name"`
	Hash     string          `json:"token_sha256"`
	NKey     string          `json:"nkey"`
	User     string          `json:"nats_user"`
	Password string          `json:"nats_password_bcrypt"`
	Division string          `json:"division"`
	Services []events.Family `json:"services"`
	Record   bool            `json:"record"`
	Import   bool            `json:"import"`
	Reveal   bool            `json:"reveal"`
}

// fieldsBefore names fields as that format has them.
var fieldsBefore = map[string]string{"tokens[0].sha256": "token_sha256", "nkeys": "nkey", "nkeys[0]": "nkey"}

// decodeBefore reads a file of the format before.
func decodeBefore(text []byte) (*File, error) {
	var before fileBefore
	if err := placed(text, json.Unmarshal(text, &before, json.RejectUnknownMembers(true))); err != nil {
		if f := (*Fault)(nil); errors.As(err, &f) {
			f.Detail += `; the file has no "version", so it is read as the format before version 2`
		}
		return nil, err
	}
	f := &File{Version: Version}
	for _, a := range before.Agencies {
		f.Agencies = append(f.Agencies, a.upgrade())
	}
	return f, nil
}

// upgrade says in the present format what an entry of the format before says.
func (b agencyBefore) upgrade() Agency {
	a := Agency{
		Account: Account{Name: b.Name, Division: b.Division},
		User:    b.User, Password: b.Password,
	}
	for _, f := range b.Services { // which could name one twice
		if !slices.Contains(a.Services, f) {
			a.Services = append(a.Services, f)
		}
	}
	if b.Services != nil && a.Services == nil {
		a.Services = b.Services
	}
	if b.Hash != "" {
		a.Tokens = Tokens{{SHA256: strings.ToLower(b.Hash)}}
	}
	if b.NKey != "" {
		a.NKeys = []string{b.NKey}
	}
	for right, has := range map[Right]bool{Record: b.Record, Import: b.Import, Reveal: b.Reveal} {
		a.grant(right, has)
	}
	return a
}
