package gateway

import (
	"slices"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/idnumber"
)

// own returns a copy of a payload as deep as the gateway changes it: an event
// is sent again as it was when the call fails.
func own(d events.Data) events.Data {
	switch d := d.(type) {
	case *events.PlanSet:
		return new(*d)
	case *events.PostDeveloped:
		return new(*d)
	case *events.FundAllocated:
		return new(*d)
	case *events.HirePlaced:
		c := *d
		c.Identity = ownIdentity(d.Identity)
		return &c
	case *events.HireRenewed:
		c := *d
		c.Identity = ownIdentity(d.Identity)
		return &c
	case *events.ExitRecorded:
		c := *d
		c.Identity = ownIdentity(d.Identity)
		return &c
	case *events.TrainingCompleted:
		c := *d
		c.Identity = ownIdentity(d.Identity)
		return &c
	case *events.AccountAssigned:
		c := *d
		c.Identity = ownIdentity(d.Identity)
		return &c
	case *events.AttendanceReported:
		c := *d
		c.Lines = ownLines(d.Lines, func(l *events.AttendanceLine) string { return l.IDNumber })
		return &c
	case *events.PaymentInstructed:
		c := *d
		c.Lines = ownLines(d.Lines, func(l *events.PayLine) string { return l.IDNumber })
		return &c
	case *events.PaymentSettled:
		c := *d
		c.Lines = ownLines(d.Lines, func(l *events.SettledLine) string { return l.Number })
		return &c
	case *events.RegistryReported:
		c := *d
		c.Lines = ownLines(d.Lines, func(l *events.RegistryLine) string { return l.IDNumber })
		return &c
	}
	return d // holds neither identity nor division
}

// ownLines returns a copy of lines that hold a number, since that is all that the
// gateway changes in a line; others it leaves alone, and they are many.
func ownLines[L any](lines []L, number func(*L) string) []L {
	for i := range lines {
		if number(&lines[i]) != "" {
			return slices.Clone(lines)
		}
	}
	return lines
}

func ownIdentity(id *events.Identity) *events.Identity {
	if id == nil {
		return nil
	}
	return new(*id)
}

// whoOf returns the person a payload as a whole is about, nil for those that
// are about none or name people line by line.
func whoOf(d events.Data) *events.Who {
	switch d := d.(type) {
	case *events.HirePlaced:
		return &d.Who
	case *events.HireRenewed:
		return &d.Who
	case *events.ExitRecorded:
		return &d.Who
	case *events.TrainingCompleted:
		return &d.Who
	case *events.AccountAssigned:
		return &d.Who
	}
	return nil
}

// eachLine visits the lines of a payload that name people.
func eachLine(d events.Data, visit func(i int, person *events.Person, number *string)) {
	switch d := d.(type) {
	case *events.AttendanceReported:
		for i := range d.Lines {
			visit(i, &d.Lines[i].Person, &d.Lines[i].IDNumber)
		}
	case *events.PaymentInstructed:
		for i := range d.Lines {
			visit(i, &d.Lines[i].Person, &d.Lines[i].IDNumber)
		}
	case *events.RegistryReported:
		for i := range d.Lines {
			visit(i, &d.Lines[i].Person, &d.Lines[i].IDNumber)
		}
	}
}

// canonical brings identity numbers into the one form that is compared.
func canonical(d events.Data) {
	if w := whoOf(d); w != nil && w.Identity != nil {
		w.Identity.IDNumber = idnumber.Canonical(w.Identity.IDNumber)
	}
	eachLine(d, func(_ int, _ *events.Person, number *string) {
		if *number != "" {
			*number = idnumber.Canonical(*number)
		}
	})
}

// blank empties every field that is meant for an identity. What is left is
// what may not hold one.
func blank(d events.Data) {
	if w := whoOf(d); w != nil {
		w.Identity = nil
	}
	eachLine(d, func(_ int, _ *events.Person, number *string) {
		if *number != "" {
			*number = ""
		}
	})
	switch d := d.(type) {
	case *events.AccountAssigned:
		d.Number = ""
	case *events.PaymentSettled:
		for i := range d.Lines {
			if l := &d.Lines[i]; l.Number != "" {
				l.Number = ""
			}
		}
	}
}
