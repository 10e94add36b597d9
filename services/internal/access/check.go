package access

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/division"
	"github.com/nats-io/nkeys"
	"golang.org/x/crypto/bcrypt"
)

// Local is the name of whoever is on the same machine, where a deployment has
// no access file. No entry may have it.
const Local = "local"

// A checker gathers what is wrong with a file. What must be unique in a file is
// remembered with the entry that had it first.
type checker struct {
	before bool // the file is of the format before, which names some fields otherwise
	entry  string
	faults []error
	seen   map[string]string // names, hashes, keys and users, by what they are
}

// Check holds a file to its rules and returns all that is wrong, each as a
// [Fault], joined by [errors.Join].
func (f *File) Check() error { return f.check(&checker{}) }

func (f *File) check(c *checker) error {
	c.seen = map[string]string{}
	if len(f.Agencies)+len(f.Readers) == 0 {
		c.say("agencies", "the file lists nobody, so nobody could submit or ask; add an agency or a reader")
	}
	for i := range f.Agencies {
		a := &f.Agencies[i]
		c.entry = entry("agencies", i, a.Name)
		c.account(&a.Account)
		c.agency(a)
	}
	for i := range f.Readers {
		r := &f.Readers[i]
		c.entry = entry("readers", i, r.Name)
		c.account(&r.Account)
		if !slices.Contains(Roles, r.Role) {
			c.say("role", fmt.Sprintf("is %q; want one of %s", r.Role, join(Roles)))
		}
	}
	return errors.Join(c.faults...)
}

func (c *checker) say(field, detail string) {
	if old := fieldsBefore[field]; c.before && old != "" {
		field = old
	}
	c.faults = append(c.faults, &Fault{c.entry, field, detail})
}

// unique says so when a value was seen before.
func (c *checker) unique(field, what, value string) {
	key := what + " " + value
	if before, twice := c.seen[key]; twice {
		c.say(field, "is that of "+before+"; each has its own")
		return
	}
	c.seen[key] = c.entry
}

// account checks what agencies and readers have in common. Their names are one
// set, because the record of an event names either by it alone.
func (c *checker) account(a *Account) {
	switch {
	case a.Name == "" || strings.Trim(a.Name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "":
		c.say("name", "want lower-case letters, digits, - and _")
	case a.Name == Local:
		c.say("name", "is that of whoever is on the same machine where there is no access file; choose another")
	default:
		c.unique("name", "name", a.Name)
	}
	if _, err := division.ParsePrefix(a.Division); err != nil {
		c.say("division", `want a prefix of 2, 4, 6 or 9 digits, all 12, or "" for everywhere`)
	}
	c.label("label.zh", a.Label.Chinese)
	c.label("label.en", a.Label.English)
	c.tokens(a.Tokens)
}

func (c *checker) label(field, s string) {
	const most = 200 // bytes: a line of a page
	if len(s) > most || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u2028' || r == '\u2029' }) {
		c.say(field, "want at most 200 bytes of one line")
	}
}

// ofNothing is the SHA-256 hash of an empty text.
const ofNothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func (c *checker) tokens(list Tokens) {
	if len(list) > maxTokens {
		c.say("tokens", fmt.Sprintf("has %d; want at most two, the one in use and the next one", len(list)))
	}
	for i, t := range list {
		at := fmt.Sprintf("tokens[%d].", i)
		if b, err := hex.DecodeString(t.SHA256); err != nil || len(b) != 32 || t.SHA256 != strings.ToLower(t.SHA256) {
			c.say(at+"sha256", "want the 64 lower-case hexadecimal digits of the token's SHA-256")
			continue
		}
		if t.SHA256 == ofNothing {
			c.say(at+"sha256", "is the hash of an empty text, which anybody could present; make a token with muster agency rotate")
		}
		c.unique(at+"sha256", "token", t.SHA256)
		if !t.Expires.IsZero() && !t.Expires.After(t.Added) {
			c.say(at+"expires", "lies before the token was added; remove the token, or correct the instant")
		}
	}
}

func (c *checker) agency(a *Agency) {
	if a.Services != nil && len(a.Services) == 0 {
		c.say("services", "names none; leave it out for all")
	}
	for i, f := range a.Services {
		at := fmt.Sprintf("services[%d]", i)
		switch {
		case !slices.Contains(Services(), f):
			c.say(at, fmt.Sprintf("there is no service %q; want some of %s", f, join(Services())))
		case slices.Contains(a.Services[:i], f):
			c.say(at, "stands there twice; leave one")
		}
	}
	for i, r := range a.Rights {
		at := fmt.Sprintf("rights[%d]", i)
		switch {
		case !slices.Contains(Rights, r):
			c.say(at, fmt.Sprintf("there is no right %q; want some of %s", r, join(Rights)))
		case slices.Contains(a.Rights[:i], r):
			c.say(at, "stands there twice; leave one")
		}
	}
	c.nats(a)
}

// Services lists what an agency may submit to: all families but the gateway's
// own events.
func Services() []events.Family {
	return slices.DeleteFunc(slices.Clone(events.Families), func(f events.Family) bool { return f == events.Gateway })
}

// ofNATS are names that the server has users of its own for.
var ofNATS = []string{"internal", "system", Local}

// nats checks how the agency is known to the NATS server. An agency without
// keys and password is known there by a JWT, or does not submit over NATS.
func (c *checker) nats(a *Agency) {
	if len(a.NKeys) == 0 && a.User == "" && a.Password == "" {
		return
	}
	if strings.Contains(a.Name, "_") || strings.Trim(a.Name, "-") != a.Name || len(a.Name) > 63 {
		c.say("name", "an agency with a user of NATS has a name of 1 to 63 of a-z, 0-9 and -, with no - at either end")
	}
	switch _, err := bcrypt.Cost([]byte(a.Password)); {
	case len(a.NKeys) > maxTokens:
		c.say("nkeys", fmt.Sprintf("has %d; want at most two, the one in use and the next one", len(a.NKeys)))
	case len(a.NKeys) > 0 && (a.User != "" || a.Password != ""):
		c.say("nkeys", "an agency has keys, or nats_user with a password; leave out one of them")
	case len(a.NKeys) > 0:
	case a.User == "" || len(a.User) > 64 || strings.ContainsFunc(a.User, func(r rune) bool { return r < '!' || r > '~' }) || slices.Contains(ofNATS, a.User):
		c.say("nats_user", "want 1 to 64 printable ASCII characters without a blank, and none of "+strings.Join(ofNATS, ", "))
	case err != nil:
		c.say("nats_password_bcrypt", "want the bcrypt hash of the user's password, never the password")
	default:
		c.unique("nats_user", "user", a.User)
	}
	for i, key := range a.NKeys {
		at := fmt.Sprintf("nkeys[%d]", i)
		if !nkeys.IsValidPublicUserKey(key) {
			c.say(at, "is no public key of a NATS user (U…)")
			continue
		}
		c.unique(at, "key", key)
	}
}

// join lists words for a sentence.
func join[S ~string](words []S) string {
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = string(w)
	}
	return strings.Join(texts, ", ")
}
