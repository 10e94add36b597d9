package policy_test

import (
	"fmt"

	"github.com/muster-works/muster/events/civil"
	"github.com/muster-works/muster/events/policy"
)

// The pack in force is the one with the longest jurisdiction that holds on the
// business date.
func ExampleBook_InForce() {
	province, err := policy.Reference()
	if err != nil {
		fmt.Println(err)
		return
	}
	county := *province
	county.Version, county.Jurisdiction, county.ValidFrom = "county.1", "370211", civil.MustDate("2024-02-01")

	var book policy.Book
	book.Adopt(province)
	book.Adopt(&county)
	for _, on := range []string{"2024-01-31", "2024-02-01"} {
		fmt.Println(on, book.InForce("370211102231", civil.MustDate(on)).Version)
	}
	fmt.Println(book.InForce("110105000000", civil.MustDate("2024-02-01")) == nil)
	// Output:
	// 2024-01-31 shandong-2022.1
	// 2024-02-01 county.1
	// true
}

// An error names the member, and where it stands in the file.
func ExampleParse() {
	_, err := policy.Parse([]byte(`{"policy": "p", "versoin": "1"}`))
	for _, e := range policy.Errors(err) {
		fmt.Println(e.Line, e.Column, e.Field)
	}
	// Output: 1 17 versoin
}
