package access

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
)

// ErrUnknown says that nobody has a token or a name.
var ErrUnknown = errors.New("nobody whom the access file lists")

// A Denial says why somebody whom the file lists is let in no more. Its text is
// for that person.
type Denial struct {
	Name  string
	Ended time.Time // when the token or the reader's access ended; zero where the account is disabled
	token bool      // it is the token that ended
}

// Error returns the English form of [Denial.Sentence].
func (d *Denial) Error() string { return d.Sentence().EN }

// Sentence says in both languages why, and what would mend it.
func (d *Denial) Sentence() events.Sentence {
	switch at := d.Ended.UTC().Format(time.RFC3339); {
	case d.Ended.IsZero():
		return events.Say("%s is disabled here; the deployment's operator can enable it", "%s在此已停用；系统管理员可以重新启用", d.Name)
	case d.token:
		return events.Say("this token of %s ended at %s; use the one that replaced it, or ask the deployment's operator for another",
			"%s的这个令牌已于%s失效；请用替换它的令牌，或向系统管理员申请新的令牌", d.Name, at)
	default:
		return events.Say("the access of %s ended at %s; ask the deployment's operator to extend it",
			"%s的访问权限已于%s到期；请系统管理员延长", d.Name, at)
	}
}

// A Holder is whoever a token belongs to: an agency or a reader, never both.
// What it points to belongs to the list and must not be changed.
type Holder struct {
	Agency *Agency
	Reader *Reader
}

// Account returns what agencies and readers have in common.
func (h Holder) Account() *Account {
	if h.Reader != nil {
		return &h.Reader.Account
	}
	return &h.Agency.Account
}

// Prefix returns the prefix of the divisions that the holder sees, as
// [division.ParsePrefix] has it; "" is everywhere.
func (h Holder) Prefix() string { return division.Trim(h.Account().Division) }

// Operator says whether the holder looks after the deployment.
func (h Holder) Operator() bool {
	if h.Reader != nil {
		return h.Reader.Role == Operator
	}
	return h.Agency.Has(Import)
}

// A List is an access file ready to look up. It does not change, and is safe for
// concurrent use.
type List struct {
	file   *File
	tokens []holding
}

type holding struct {
	hash    [sha256.Size]byte
	expires time.Time
	holder  Holder
}

// NewList makes a list of a file that Check has passed. The file must not be
// changed any more.
func NewList(f *File) (*List, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	l := &List{file: f}
	for i := range f.Agencies {
		l.add(Holder{Agency: &f.Agencies[i]})
	}
	for i := range f.Readers {
		l.add(Holder{Reader: &f.Readers[i]})
	}
	return l, nil
}

func (l *List) add(h Holder) {
	for _, t := range h.Account().Tokens {
		entry := holding{expires: t.Expires, holder: h}
		_, _ = hex.Decode(entry.hash[:], []byte(t.SHA256)) // as Check made sure
		l.tokens = append(l.tokens, entry)
	}
}

// Token returns whose token it is. It fails with [ErrUnknown], or with a
// [Denial] when the token or its holder has come to an end by now. It compares
// the token's hash with every one in the list, and all bytes of each, however
// early it knows, so that the time that it takes tells nothing.
func (l *List) Token(token string, now time.Time) (Holder, error) {
	hash := sha256.Sum256([]byte(token))
	at := -1
	for i := range l.tokens {
		if subtle.ConstantTimeCompare(hash[:], l.tokens[i].hash[:]) == 1 {
			at = i
		}
	}
	if at < 0 {
		return Holder{}, ErrUnknown
	}
	t := &l.tokens[at]
	account := t.holder.Account()
	switch r := t.holder.Reader; {
	case account.Disabled:
		return Holder{}, &Denial{Name: account.Name}
	case r != nil && !r.Expires.IsZero() && !now.Before(r.Expires):
		return Holder{}, &Denial{Name: account.Name, Ended: r.Expires}
	case !t.expires.IsZero() && !now.Before(t.expires):
		return Holder{}, &Denial{Name: account.Name, Ended: t.expires, token: true}
	}
	return t.holder, nil
}

// Agency returns the agency of a name. It fails with [ErrUnknown], or with a
// [Denial] when the agency is disabled.
func (l *List) Agency(name string) (*Agency, error) {
	i := slices.IndexFunc(l.file.Agencies, func(a Agency) bool { return a.Name == name })
	switch {
	case i < 0:
		return nil, ErrUnknown
	case l.file.Agencies[i].Disabled:
		return nil, &Denial{Name: name}
	}
	return &l.file.Agencies[i], nil
}

// Agencies returns the agencies in the order of the file, disabled ones too.
func (l *List) Agencies() []Agency { return slices.Clone(l.file.Agencies) }

// Doubts lists what is right by the file's own rules and yet may not be meant:
// divisions that are in no table.
func (l *List) Doubts(table *division.Table) (all []string) {
	doubt := func(a *Account) {
		if err := a.CheckDivision(table); err != nil {
			all = append(all, err.Error())
		}
	}
	for i := range l.file.Agencies {
		doubt(&l.file.Agencies[i].Account)
	}
	for i := range l.file.Readers {
		doubt(&l.file.Readers[i].Account)
	}
	return all
}
