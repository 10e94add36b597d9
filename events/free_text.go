package events

import (
	"regexp"
	"strings"
)

// A FreeText is a member of a payload in which people write what they like. It may say things about
// somebody, so no record holds it as it was written: the vault seals it with the person, and the
// record holds the sealed text. A code, such as account_closed, stays as it is.
type FreeText struct {
	Text   *string
	Person Person // whom the text is about; zero if the payload does not name the person
}

// sealedText begins a text that is sealed. What follows is base64.
const sealedText = "sealed:"

// maxSealedText is the length of the longest sealed text: that of maxText bytes.
const maxSealedText = len(sealedText) + (maxText+28+2)/3*4

// codeForm is what a code looks like. It says nothing about a person.
var codeForm = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// maxCode is the length of the longest code.
const maxCode = 40

// IsOpen reports whether somebody could read something in a text: it is neither empty nor a code
// nor sealed.
func (t FreeText) IsOpen() bool {
	s := *t.Text
	return s != "" && !IsSealed(s) && !(len(s) <= maxCode && codeForm.MatchString(s))
}

// Seal puts the sealed text, in base64, in the place of the text.
func (t FreeText) Seal(sealed string) { *t.Text = sealedText + sealed }

// IsSealed reports whether a text of a record is sealed.
func IsSealed(s string) bool { return strings.HasPrefix(s, sealedText) }

// Sealed returns the base64 of a sealed text.
func Sealed(s string) string { return strings.TrimPrefix(s, sealedText) }

// freeTypes lists the types that have free texts, so that the others need not be searched. A text
// of post.closed or fund.surrendered is about a post or a fund. No key of a person could seal it,
// and an identity number in it is refused.
var freeTypes = map[Type]bool{
	ExitRecordedType: true, HireSuspendedType: true, RegistryReportedType: true, PaymentReturnedType: true, PaymentReversedType: true,
	PaymentRejectedType: true, FindingReviewedType: true, EventWithdrawnType: true,
}

// FreeTexts returns the free texts of a payload. The checks of its fields say which those are.
func FreeTexts(d Data) (list []FreeText) {
	if freeTypes[d.Type()] {
		d.check(&checker{texts: &list})
	}
	return list
}

// freeText checks an optional text that people write, about a person if the payload names one.
func (c *checker) freeText(field string, s *string, about Person) {
	if c.rules != nil {
		c.rule(field, Rule{Text: maxSealedText, Free: true})
		return
	}
	c.free(field, s, about, maxText)
}

// freeWords checks a required text as freeText does.
func (c *checker) freeWords(field string, s *string, about Person) {
	if c.rules != nil {
		c.rule(field, Rule{Required: true, Text: maxSealedText, Free: true})
	} else if *s == "" && c.texts == nil {
		c.add(Missing, field, Say("is required", "为必填项"))
	} else {
		c.free(field, s, about, maxName)
	}
}

func (c *checker) free(field string, s *string, about Person, most int) {
	switch {
	case c.texts != nil:
		*c.texts = append(*c.texts, FreeText{s, about})
	case c.door && IsSealed(*s):
		c.add(Invalid, field, Say("must not begin with %s, which stands for a text that the engine has sealed", "不得以%s开头：该前缀表示系统已加密的文本", sealedText))
	case IsSealed(*s):
		c.short(field, *s, maxSealedText)
	default:
		c.short(field, *s, most)
	}
}
