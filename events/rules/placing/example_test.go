package placing_test

import (
	"fmt"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/rules/placing"
)

// A person is hired twice on one seat from the same day, leaves, and comes back.
func ExamplePair() {
	holder := placing.Holder{Post: 1, Person: 7}
	hires := []placing.Placement{
		{Holder: holder, Seat: 1, From: civil.MustDate("2022-11-01"), Hire: 3},
		{Holder: holder, Seat: 1, From: civil.MustDate("2022-03-01"), Term: civil.MustDate("2022-09-01"), Hire: 1},
		{Holder: holder, Seat: 1, From: civil.MustDate("2022-03-01"), Term: civil.MustDate("2022-12-01"), Hire: 2},
	}
	placing.Pair(hires, []placing.Exit{{Holder: holder, On: civil.MustDate("2022-10-01"), No: 1}})
	for _, h := range hires {
		if !h.Repeated {
			fmt.Println("from", h.From, "exit", h.Exit, "term", h.Term)
		}
	}
	// Output:
	// from 2022-03-01 exit 2022-10-01 term 2022-12-01
	// from 2022-11-01 exit  term
}

// A post has two seats, four from February on, and none from May on.
func ExampleCapacityOf() {
	capacity := placing.CapacityOf(
		placing.Step{From: civil.MustDate("2022-01-01"), Seats: 2},
		civil.MustDate("2022-05-01"),
		[]placing.Step{{From: civil.MustDate("2022-02-01"), Seats: 4}})
	for _, day := range []string{"2021-12-31", "2022-01-15", "2022-02-01", "2022-05-01"} {
		fmt.Println(day, capacity.Seats(civil.MustDate(day)))
	}
	// Output:
	// 2021-12-31 0
	// 2022-01-15 2
	// 2022-02-01 4
	// 2022-05-01 0
}

// A post is paid better from July on, and moves to another village in August.
func ExampleAppendPeriods() {
	periods := placing.AppendPeriods(nil, civil.MustDate("2022-01-01"),
		placing.Details{Division: "370211102231", Standard: 60000, RequiredDays: 20},
		[]placing.Change{
			{On: civil.MustDate("2022-08-01"), Details: placing.Details{Division: "370211102232"}},
			{On: civil.MustDate("2022-07-01"), Details: placing.Details{Standard: 88000, RequiredDays: 22}},
		})
	for _, day := range []string{"2022-06-30", "2022-07-01", "2022-08-01"} {
		d := periods.On(civil.MustDate(day))
		fmt.Println(day, d.Division, d.Standard, d.RequiredDays)
	}
	// Output:
	// 2022-06-30 370211102231 60000 20
	// 2022-07-01 370211102231 88000 22
	// 2022-08-01 370211102232 88000 22
}

// The number with which a woman was hired was mistyped; the right one says that she is younger.
// Years later the police give her another one.
func ExampleBirths() {
	hire := placing.Placement{Holder: placing.Holder{Post: 1, Person: 7}, From: civil.MustDate("2022-03-01")}
	periods := placing.Births(nil, &hire, placing.Birth{Month: civil.MustMonth("1956-01"), Sex: "M"}, []placing.Identification{
		{Person: 7, On: civil.MustDate("2024-05-01"), Birth: placing.Birth{Month: civil.MustMonth("1966-02"), Sex: "F"}},
		{Person: 7, On: civil.MustDate("2022-06-10"), Restates: true, Birth: placing.Birth{Month: civil.MustMonth("1966-01"), Sex: "F"}},
	})
	for _, p := range periods {
		fmt.Println("from", p.From, p.Month, p.Sex)
	}
	// Output:
	// from 2022-03-01 1966-01 F
	// from 2024-05-01 1966-02 F
}
