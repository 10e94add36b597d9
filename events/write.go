package events

import (
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events/civil"
)

// A writer writes the canonical form: member by member, in the order of the
// structs, as the JSON library does by their tags. It knows the types that a
// [Scanner] knows, which are those that logs are full of, and leaves the data of
// any other to the library.
type writer struct {
	b   []byte
	err error // the first
}

// name begins a member, and puts the comma before it where it is not the first
// of its object.
func (w *writer) name(quoted string) {
	if w.b[len(w.b)-1] != '{' {
		w.b = append(w.b, ',')
	}
	w.b = append(w.b, quoted...)
}

// text writes a member that is a string, optional one that is left out where
// empty.
func (w *writer) text(quoted, s string) {
	w.name(quoted)
	if plain(s) {
		w.b = append(append(append(w.b, '"'), s...), '"')
		return
	}
	b, err := jsontext.AppendQuote(w.b, s)
	if err != nil {
		w.fail(err)
		return
	}
	w.b = b
}

func (w *writer) optional(quoted, s string) {
	if s != "" {
		w.text(quoted, s)
	}
}

// plain says whether s is ASCII and stands in JSON as it is.
func plain(s string) bool {
	for len(s) >= 8 {
		v := uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
			uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
		if special(v) != 0 {
			return false
		}
		s = s[8:]
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x80 {
			return false
		}
	}
	return true
}

func (w *writer) integer(quoted string, n int64) {
	w.name(quoted)
	w.b = strconv.AppendInt(w.b, n, 10)
}

// What follows is left out where it is zero.

func (w *writer) person(quoted string, p Person) {
	if p == (Person{}) {
		return
	}
	w.name(quoted)
	w.b = append(w.b, `"00000000-0000-0000-0000-000000000000"`...)
	to := w.b[len(w.b)-38:]
	for i, at := range places {
		to[at], to[at+1] = hexadecimal[p[i]>>4], hexadecimal[p[i]&15]
	}
}

const hexadecimal = "0123456789abcdef"

// places are where the bytes of a quoted UUID begin.
var places = [16]byte{1, 3, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27, 29, 31, 33, 35}

func (w *writer) number(quoted string, n int64) {
	if n != 0 {
		w.integer(quoted, n)
	}
}

func (w *writer) date(quoted string, d civil.Date) {
	if d != 0 {
		w.name(quoted)
		w.b, _ = d.AppendText(append(w.b, '"'))
		w.b = append(w.b, '"')
	}
}

func (w *writer) month(quoted string, m civil.Month) {
	if m != 0 {
		w.name(quoted)
		w.b, _ = m.AppendText(append(w.b, '"'))
		w.b = append(w.b, '"')
	}
}

func (w *writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// open begins an object and close ends it.
func (w *writer) open(quoted string) {
	w.name(quoted)
	w.b = append(w.b, '{')
}

func (w *writer) close() { w.b = append(w.b, '}') }

// lines writes the member lines: each of n is what write adds to its object.
func (w *writer) lines(n int, write func(i int)) {
	w.name(`"lines":`)
	w.b = append(w.b, '[')
	for i := range n {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = append(w.b, '{')
		write(i)
		w.b = append(w.b, '}')
	}
	w.b = append(w.b, ']')
}

// Append writes the event in its canonical form, without line breaks, to b.
// Equal events have equal bytes. It fails on text that is not UTF-8, and on
// data that is not of the event's type.
func (e *Event) Append(b []byte) ([]byte, error) {
	if e.Data == nil || e.Data.Type() != e.Type {
		return nil, fmt.Errorf("encode %s: the data is %T", e.Type, e.Data)
	}
	w := writer{b: b}
	w.attributes(e)
	w.data(e.Data)
	w.close()
	if w.err != nil {
		return nil, fmt.Errorf("encode %s: %w", e.Type, w.err)
	}
	return w.b, nil
}

func (w *writer) attributes(e *Event) {
	w.b = append(w.b, `{"specversion":"`+SpecVersion+`"`...)
	w.optional(`"id":`, e.ID)
	w.optional(`"source":`, e.Source)
	w.optional(`"type":`, string(e.Type))
	w.optional(`"subject":`, e.Subject)
	if !e.Time.IsZero() {
		w.name(`"time":"`)
		w.b = append(e.Time.AppendFormat(w.b, time.RFC3339Nano), '"')
	}
	w.name(`"dataschema":`)
	w.b = append(append(append(w.b, `"`+schemaBegins...), e.Type...), schemaEnds+`"`...)
	w.optional(`"division":`, string(e.Division))
	w.optional(`"submode":`, string(e.Submode))
	w.optional(`"replaces":`, e.Replaces)
	w.optional(`"authtype":`, e.AuthType)
	w.optional(`"authid":`, e.AuthID)
	w.optional(`"correlationid":`, e.CorrelationID)
	w.optional(`"policyversion":`, e.PolicyVersion)
	w.optional(`"digest":`, e.Digest)
}

func (w *writer) data(data Data) {
	const name = `"data":`
	switch data.(type) {
	case *AttendanceReported, *PaymentInstructed, *PaymentSettled, *PaymentReturned, *PaymentReversed,
		*HirePlaced, *ExitRecorded, *TrainingCompleted, *AccountAssigned, *PostDeveloped:
		w.open(name)
		defer w.close()
	}
	switch d := data.(type) {
	case *AttendanceReported:
		w.attendanceReported(d)
	case *PaymentInstructed:
		w.paymentInstructed(d)
	case *PaymentSettled:
		w.paymentSettled(d)
	case *PaymentReturned:
		w.back(d.Run, d.Lines)
	case *PaymentReversed:
		w.back(d.Run, d.Lines)
	case *HirePlaced:
		w.hirePlaced(d)
	case *ExitRecorded:
		w.exitRecorded(d)
	case *TrainingCompleted:
		w.trainingCompleted(d)
	case *AccountAssigned:
		w.accountAssigned(d)
	case *PostDeveloped:
		w.postDeveloped(d)
	default:
		b, err := json.Marshal(data, canonical)
		if err != nil {
			w.fail(err)
			return
		}
		w.name(name)
		w.b = append(w.b, b...)
	}
}

// canonical keeps maps in order.
var canonical = json.Deterministic(true)

func (w *writer) attendanceReported(d *AttendanceReported) {
	w.text(`"post":`, d.Post)
	w.month(`"month":`, d.Month)
	w.date(`"date":`, d.Date)
	w.optional(`"recorder":`, d.Recorder)
	w.lines(len(d.Lines), func(i int) {
		l := &d.Lines[i]
		w.person(`"person":`, l.Person)
		w.optional(`"id_number":`, l.IDNumber)
		w.optional(`"marks":`, l.Marks)
		w.optional(`"mark":`, l.Mark)
		w.optional(`"device":`, l.Device)
		w.optional(`"evidence":`, l.Evidence)
	})
}

func (w *writer) paymentInstructed(d *PaymentInstructed) {
	w.text(`"run":`, d.Run)
	w.month(`"month":`, d.Month)
	w.text(`"fund":`, d.Fund)
	w.lines(len(d.Lines), func(i int) {
		l := &d.Lines[i]
		w.text(`"line":`, l.Line)
		w.person(`"person":`, l.Person)
		w.optional(`"id_number":`, l.IDNumber)
		w.text(`"post":`, l.Post)
		w.month(`"month":`, l.Month)
		w.optional(`"kind":`, l.Kind)
		w.integer(`"amount":`, int64(l.Amount))
	})
}

func (w *writer) paymentSettled(d *PaymentSettled) {
	w.text(`"run":`, d.Run)
	w.date(`"paid_on":`, d.PaidOn)
	w.lines(len(d.Lines), func(i int) {
		l := &d.Lines[i]
		w.text(`"line":`, l.Line)
		w.person(`"person":`, l.Person)
		w.optional(`"account":`, l.Account)
		w.optional(`"number":`, l.Number)
	})
}

func (w *writer) back(run string, lines []ReturnedLine) {
	w.text(`"run":`, run)
	w.lines(len(lines), func(i int) {
		l := &lines[i]
		w.text(`"line":`, l.Line)
		w.person(`"person":`, l.Person)
		w.optional(`"reason":`, l.Reason)
		w.date(`"on":`, l.On)
	})
}

func (w *writer) who(who *Who) {
	w.person(`"person":`, who.Person)
	id := who.Identity
	if id == nil {
		return
	}
	w.open(`"identity":`)
	w.optional(`"id_number":`, id.IDNumber)
	w.optional(`"name":`, id.Name)
	w.optional(`"phone":`, id.Phone)
	w.optional(`"household":`, id.Household)
	w.optional(`"sealed":`, id.Sealed)
	w.optional(`"name_token":`, id.NameToken)
	w.optional(`"phone_token":`, id.PhoneToken)
	w.optional(`"household_token":`, id.HouseholdToken)
	w.close()
}

func (w *writer) hirePlaced(d *HirePlaced) {
	w.who(&d.Who)
	w.text(`"post":`, d.Post)
	w.number(`"seat":`, int64(d.Seat))
	w.date(`"from":`, d.From)
	w.date(`"until":`, d.Until)
	w.text(`"group":`, d.Group)
	w.month(`"birth_month":`, d.BirthMonth)
	w.optional(`"sex":`, d.Sex)
	if d.Review != nil {
		w.open(`"review":`)
		w.date(`"on":`, d.Review.On)
		w.close()
	}
	if p := d.Publicity; p != nil {
		w.open(`"publicity":`)
		w.date(`"from":`, p.From)
		w.date(`"until":`, p.Until)
		w.close()
	}
	if a := d.Agreement; a != nil {
		w.open(`"agreement":`)
		w.text(`"number":`, a.Number)
		w.date(`"signed":`, a.Signed)
		w.date(`"until":`, a.Until)
		w.close()
	}
}

func (w *writer) exitRecorded(d *ExitRecorded) {
	w.who(&d.Who)
	w.text(`"post":`, d.Post)
	w.date(`"on":`, d.On)
	w.text(`"kind":`, d.Kind)
	w.text(`"code":`, d.Code)
	w.optional(`"note":`, d.Note)
}

func (w *writer) trainingCompleted(d *TrainingCompleted) {
	w.who(&d.Who)
	w.text(`"course":`, d.Course)
	w.integer(`"hours":`, int64(d.Hours))
	w.date(`"on":`, d.On)
	if d.PreService {
		w.name(`"pre_service":true`)
	}
	w.optional(`"certificate":`, d.Certificate)
}

func (w *writer) accountAssigned(d *AccountAssigned) {
	w.who(&d.Who)
	w.optional(`"account":`, d.Account)
	w.text(`"bank":`, d.Bank)
	w.date(`"from":`, d.From)
	w.optional(`"number":`, d.Number)
	w.optional(`"sealed":`, d.Sealed)
}

func (w *writer) postDeveloped(d *PostDeveloped) {
	w.text(`"post":`, d.Post)
	w.text(`"category":`, d.Category)
	w.optional(`"kind":`, d.Kind)
	w.optional(`"title":`, d.Title)
	w.optional(`"employer":`, d.Employer)
	w.optional(`"division":`, string(d.Division))
	w.text(`"area":`, d.Area)
	w.integer(`"seats":`, int64(d.Seats))
	w.date(`"from":`, d.From)
	w.date(`"until":`, d.Until)
	w.number(`"standard":`, int64(d.Standard))
	w.number(`"required_days":`, int64(d.RequiredDays))
	w.optional(`"fund":`, d.Fund)
}
