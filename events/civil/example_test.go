package civil_test

import (
	"fmt"
	"time"

	"github.com/muster-works/muster/events/civil"
)

// Dates and months are numbers: they are compared and counted with operators.
func Example() {
	onDuty := civil.MustDate("2022-05-10")
	term := onDuty.AddMonths(36)
	fmt.Println(term, int(term-onDuty), onDuty < term)

	month := onDuty.Month()
	fmt.Println(month, month.Days(), month+1, (month + 1).First())
	// Output:
	// 2025-05-10 1096 true
	// 2022-05 31 2022-06 2022-06-01
}

// A date that does not exist is refused.
func ExampleParseDate() {
	_, err := civil.ParseDate("2022-02-30")
	fmt.Println(err)
	// Output: date "2022-02-30" does not exist, want YYYY-MM-DD
}

// The age of a person changes on the birthday.
func ExampleDate_Years() {
	born := civil.MustDate("1977-05-10")
	fmt.Println(born.Years(civil.MustDate("2022-05-09")), born.Years(civil.MustDate("2022-05-10")))
	// Output: 44 45
}

// The date of an instant depends on the time zone.
func ExampleDateIn() {
	shanghai := time.FixedZone("Asia/Shanghai", 8*60*60)
	t := time.Date(2022, 5, 9, 16, 30, 0, 0, time.UTC)
	fmt.Println(civil.DateIn(t, time.UTC), civil.DateIn(t, shanghai))
	// Output: 2022-05-09 2022-05-10
}
