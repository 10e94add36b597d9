package events_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/idnumber"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/memlog"
)

// A programme of an agency makes an event and checks it before it sends it.
func Example() {
	e := events.Event{
		ID: "x-000009", Source: "/agency/370211-rsj", Type: events.ExitRecordedType, Division: "370211102231",
		Data: &events.ExitRecorded{
			Who:  events.Who{Identity: &events.Identity{IDNumber: "370211196501010014"}},
			Post: "370211102231-001", On: civil.MustDate("2022-06-15"), Kind: "natural", Code: "N1",
		},
	}
	body, err := e.Append(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := events.Submission(body); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s\n", body)
	// Output: {"specversion":"1.0","id":"x-000009","source":"/agency/370211-rsj","type":"exit.recorded","dataschema":"urn:muster:schemas/exit.recorded/v1","division":"370211102231","data":{"identity":{"id_number":"370211196501010014"},"post":"370211102231-001","on":"2022-06-15","kind":"natural","code":"N1"}}
}

// A refused submission has a reason with a code, a field, and a sentence that says
// what to do.
func ExampleSubmission() {
	_, err := events.Submission([]byte(`{"specversion":"1.0","id":"x-9","source":"/agency/370211-rsj","type":"exit.recorded",
		"division":"370211102231","data":{"post":"370211102231-001","on":"2022-02-30","kind":"natural","code":"N1",
		"identity":{"id_number":"370211196501010014"}}}`))
	var reasons events.Reasons
	if errors.As(err, &reasons) {
		for _, r := range reasons {
			fmt.Println(r.Code, r.Field, r.Detail)
		}
	}
	// Output: invalid_date data.on must be a date as YYYY-MM-DD that exists
}

// This example plays the life of an event over the log in memory. It does the work of
// the gateway and of the service by hand.
func Example_life() {
	// 1. The agency submits.
	e, err := events.Submission([]byte(`{"specversion":"1.0","id":"h-000017","source":"/agency/370211-rsj","type":"hire.placed",
		"time":"2022-05-01T09:00:00+08:00","division":"370211102231","data":{"post":"370211102231-001","from":"2022-05-01",
		"group":"older","identity":{"id_number":"370211196501010014","name":"Zhang San"}}}`))
	if err != nil {
		fmt.Println(err)
		return
	}

	// 2. The gateway takes the identity out, and says who submitted.
	hire := e.Data.(*events.HirePlaced)
	n, _ := idnumber.Parse(hire.Identity.IDNumber) // Submission has checked it
	hire.BirthMonth, hire.Sex = n.Birth.Month(), "M"
	hire.Person = uuid.MustParse("3f2c1f0a-6f0e-4d55-9a51-0d2f7f8b6c11")
	hire.Identity = &events.Identity{Sealed: "c2VhbGVkIGlkZW50aXR5", NameToken: "nt_4f1c"}
	e.AuthType, e.AuthID, e.CorrelationID = "token", "370211-rsj", "7d0c5a52"

	// 3. The service decides, and gives the lowest free seat.
	hire.Seat, e.PolicyVersion = 1, "shandong-2022.1"

	// 4. The commit goes into the log.
	record, err := e.Append(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, l := context.Background(), memlog.New()
	at, _, err := l.Append(ctx, log.Commit{ID: "c-1", Boundary: e.Family().Boundary(), Events: [][]byte{record}}, 0)
	if err != nil {
		fmt.Println(err)
		return
	}

	// 5. The receipt goes out.
	receipt, err := json.Marshal(events.Receipt{
		ID: e.ID, Source: e.Source, Status: events.Accepted, Position: at, Person: hire.Person, Seat: hire.Seat,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("receipt %s\n", receipt)

	// 6. A projection reads the log in order.
	for c, err := range l.Read(ctx, log.Position{}, log.Filter{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		for i, raw := range c.Events {
			fmt.Printf("record  %s\n", raw)
			e, err := events.Decode(raw)
			if err != nil {
				fmt.Println(err)
				return
			}
			d := e.Data.(*events.HirePlaced)
			fmt.Println("row    ", c.Position.Event(i), e.Type, e.Division, d.Group, d.Sex, "+1 from", d.From)
		}
	}
	// Output:
	// receipt {"id":"h-000017","source":"/agency/370211-rsj","status":"accepted","position":"1-0","person":"3f2c1f0a-6f0e-4d55-9a51-0d2f7f8b6c11","seat":1}
	// record  {"specversion":"1.0","id":"h-000017","source":"/agency/370211-rsj","type":"hire.placed","time":"2022-05-01T09:00:00+08:00","dataschema":"urn:muster:schemas/hire.placed/v1","division":"370211102231","authtype":"token","authid":"370211-rsj","correlationid":"7d0c5a52","policyversion":"shandong-2022.1","data":{"person":"3f2c1f0a-6f0e-4d55-9a51-0d2f7f8b6c11","identity":{"sealed":"c2VhbGVkIGlkZW50aXR5","name_token":"nt_4f1c"},"post":"370211102231-001","seat":1,"from":"2022-05-01","group":"older","birth_month":"1965-01","sex":"M"}}
	// row     1-0 hire.placed 370211102231 older M +1 from 2022-05-01
}
