package events

import "github.com/muster-works/muster/events/division"

// How a Scanner reads the payloads that it knows: member by member, in the
// order of the structs. What is optional is asked for, the rest must be there.

func (s *Scanner) attendanceReported(c *cursor) Data {
	d := &s.attendance
	*d = AttendanceReported{Lines: d.Lines[:0]}
	c.expect(`"post":`)
	d.Post = c.text()
	if c.name(`"month":`) {
		d.Month = c.month()
	}
	if c.name(`"date":`) {
		d.Date = c.date()
	}
	if c.name(`"recorder":`) {
		d.Recorder = c.text()
	}
	d.Lines = room(d.Lines, c, 64)
	for c.line(len(d.Lines) == 0) {
		d.Lines = append(d.Lines, AttendanceLine{})
		l := &d.Lines[len(d.Lines)-1]
		c.expect("{")
		if c.name(`"person":`) {
			l.Person = c.person()
		}
		if c.name(`"id_number":`) {
			l.IDNumber = c.text()
		}
		if c.name(`"marks":`) {
			l.Marks = c.text()
		}
		if c.name(`"mark":`) {
			l.Mark = c.text()
		}
		if c.name(`"device":`) {
			l.Device = c.text()
		}
		if c.name(`"evidence":`) {
			l.Evidence = c.text()
		}
		c.expect("}")
	}
	return d
}

func (s *Scanner) paymentInstructed(c *cursor) Data {
	d := &s.instructed
	*d = PaymentInstructed{Lines: d.Lines[:0]}
	c.expect(`"run":`)
	d.Run = c.text()
	if c.name(`"month":`) {
		d.Month = c.month()
	}
	c.expect(`,"fund":`)
	d.Fund = c.text()
	d.Lines = room(d.Lines, c, 96)
	for c.line(len(d.Lines) == 0) {
		d.Lines = append(d.Lines, PayLine{})
		l := &d.Lines[len(d.Lines)-1]
		c.expect(`{"line":`)
		l.Line = c.text()
		if c.name(`"person":`) {
			l.Person = c.person()
		}
		if c.name(`"id_number":`) {
			l.IDNumber = c.text()
		}
		c.expect(`,"post":`)
		l.Post = c.text()
		if c.name(`"month":`) {
			l.Month = c.month()
		}
		if c.name(`"kind":`) {
			l.Kind = c.text()
		}
		c.expect(`,"amount":`)
		l.Amount = Fen(c.integer())
		c.expect("}")
	}
	return d
}

func (s *Scanner) paymentSettled(c *cursor) Data {
	d := &s.settled
	*d = PaymentSettled{Lines: d.Lines[:0]}
	c.expect(`"run":`)
	d.Run = c.text()
	if c.name(`"paid_on":`) {
		d.PaidOn = c.date()
	}
	d.Lines = room(d.Lines, c, 16)
	for c.line(len(d.Lines) == 0) {
		d.Lines = append(d.Lines, SettledLine{})
		l := &d.Lines[len(d.Lines)-1]
		c.expect(`{"line":`)
		l.Line = c.text()
		if c.name(`"person":`) {
			l.Person = c.person()
		}
		if c.name(`"account":`) {
			l.Account = c.text()
		}
		if c.name(`"number":`) {
			l.Number = c.text()
		}
		c.expect("}")
	}
	return d
}

func (s *Scanner) back(c *cursor, lines []ReturnedLine) (run string, all []ReturnedLine) {
	c.expect(`"run":`)
	run = c.text()
	for c.line(len(lines) == 0) {
		lines = append(lines, ReturnedLine{})
		l := &lines[len(lines)-1]
		c.expect(`{"line":`)
		l.Line = c.text()
		if c.name(`"person":`) {
			l.Person = c.person()
		}
		if c.name(`"reason":`) {
			l.Reason = c.text()
		}
		if c.name(`"on":`) {
			l.On = c.date()
		}
		c.expect("}")
	}
	return run, lines
}

// room returns lines with room for as many as may follow, of so many bytes each,
// where they have none.
func room[T any](lines []T, c *cursor, each int) []T {
	if cap(lines) > 0 {
		return lines
	}
	return make([]T, 0, 1+(len(c.b)-c.at)/each)
}

// line goes to the next element of the member lines, which holds at least one,
// and says whether there is one. It ends the list otherwise.
func (c *cursor) line(first bool) bool {
	switch {
	case !c.ok:
		return false
	case first:
		c.expect(`,"lines":[`)
		return c.ok
	case c.take(","):
		return true
	}
	c.expect("]")
	return false
}

// who reads the person of an event, and the identity or what the vault put in
// the place of it. One of the two is there, since what follows has a comma.
func (s *Scanner) who(c *cursor) (w Who) {
	if c.name(`"person":`) {
		w.Person = c.person()
	}
	if !c.name(`"identity":`) {
		return w
	}
	c.expect("{")
	s.identity = Identity{}
	w.Identity = &s.identity
	if c.name(`"id_number":`) {
		s.identity.IDNumber = c.text()
	}
	if c.name(`"name":`) {
		s.identity.Name = c.text()
	}
	if c.name(`"phone":`) {
		s.identity.Phone = c.text()
	}
	if c.name(`"household":`) {
		s.identity.Household = c.text()
	}
	if c.name(`"sealed":`) {
		s.identity.Sealed = c.text()
	}
	if c.name(`"name_token":`) {
		s.identity.NameToken = c.text()
	}
	if c.name(`"phone_token":`) {
		s.identity.PhoneToken = c.text()
	}
	if c.name(`"household_token":`) {
		s.identity.HouseholdToken = c.text()
	}
	c.expect("}")
	return w
}

func (s *Scanner) hirePlaced(c *cursor) Data {
	d := &s.hired
	*d = HirePlaced{Who: s.who(c)}
	c.expect(`,"post":`)
	d.Post = c.text()
	if c.name(`"seat":`) {
		d.Seat = int(c.integer())
	}
	if c.name(`"from":`) {
		d.From = c.date()
	}
	if c.name(`"until":`) {
		d.Until = c.date()
	}
	c.expect(`,"group":`)
	d.Group = c.text()
	if c.name(`"birth_month":`) {
		d.BirthMonth = c.month()
	}
	if c.name(`"sex":`) {
		d.Sex = c.text()
	}
	if c.name(`"review":`) {
		c.expect(`{"on":`)
		s.review.On = c.date()
		c.expect("}")
		d.Review = &s.review
	}
	if c.name(`"publicity":`) {
		c.expect(`{"from":`)
		s.publicity.From = c.date()
		c.expect(`,"until":`)
		s.publicity.Until = c.date()
		c.expect("}")
		d.Publicity = &s.publicity
	}
	if c.name(`"agreement":`) {
		s.agreement = Agreement{}
		c.expect(`{"number":`)
		s.agreement.Number = c.text()
		c.expect(`,"signed":`)
		s.agreement.Signed = c.date()
		if c.name(`"until":`) {
			s.agreement.Until = c.date()
		}
		c.expect("}")
		d.Agreement = &s.agreement
	}
	return d
}

func (s *Scanner) exitRecorded(c *cursor) Data {
	d := &s.exited
	*d = ExitRecorded{Who: s.who(c)}
	c.expect(`,"post":`)
	d.Post = c.text()
	c.expect(`,"on":`)
	d.On = c.date()
	c.expect(`,"kind":`)
	d.Kind = c.text()
	c.expect(`,"code":`)
	d.Code = c.text()
	if c.name(`"note":`) {
		d.Note = c.text()
	}
	return d
}

func (s *Scanner) trainingCompleted(c *cursor) Data {
	d := &s.trained
	*d = TrainingCompleted{Who: s.who(c)}
	c.expect(`,"course":`)
	d.Course = c.text()
	c.expect(`,"hours":`)
	d.Hours = int(c.integer())
	if c.name(`"on":`) {
		d.On = c.date()
	}
	if c.name(`"pre_service":`) {
		c.expect("true")
		d.PreService = true
	}
	if c.name(`"certificate":`) {
		d.Certificate = c.text()
	}
	return d
}

func (s *Scanner) accountAssigned(c *cursor) Data {
	d := &s.account
	*d = AccountAssigned{Who: s.who(c)}
	if c.name(`"account":`) {
		d.Account = c.text()
	}
	c.expect(`,"bank":`)
	d.Bank = c.text()
	if c.name(`"from":`) {
		d.From = c.date()
	}
	if c.name(`"number":`) {
		d.Number = c.text()
	}
	if c.name(`"sealed":`) {
		d.Sealed = c.text()
	}
	return d
}

func (s *Scanner) postDeveloped(c *cursor) Data {
	d := &s.developed
	*d = PostDeveloped{}
	c.expect(`"post":`)
	d.Post = c.text()
	c.expect(`,"category":`)
	d.Category = c.text()
	if c.name(`"kind":`) {
		d.Kind = c.text()
	}
	if c.name(`"title":`) {
		d.Title = c.text()
	}
	if c.name(`"employer":`) {
		d.Employer = c.text()
	}
	if c.name(`"division":`) {
		d.Division = division.Code(c.text())
	}
	c.expect(`,"area":`)
	d.Area = c.text()
	c.expect(`,"seats":`)
	d.Seats = int(c.integer())
	if c.name(`"from":`) {
		d.From = c.date()
	}
	if c.name(`"until":`) {
		d.Until = c.date()
	}
	if c.name(`"standard":`) {
		d.Standard = Fen(c.integer())
	}
	if c.name(`"required_days":`) {
		d.RequiredDays = int(c.integer())
	}
	if c.name(`"fund":`) {
		d.Fund = c.text()
	}
	return d
}
