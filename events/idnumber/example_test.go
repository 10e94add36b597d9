package idnumber_test

import (
	"errors"
	"fmt"

	"github.com/muster-works/muster/events/idnumber"
)

// The number is the example in GB 11643-1999. Errors never quote a number.
func ExampleParse() {
	n, err := idnumber.Parse("11010519491231002X")
	fmt.Println(n.Birth, n.Female, err)

	_, err = idnumber.Parse("110105194912310021")
	fmt.Println(errors.Is(err, idnumber.ErrChecksum), err)
	// Output:
	// 1949-12-31 true <nil>
	// true identity number has a wrong check character
}

// An identity number in a text that is not meant for one is found.
func ExampleIn() {
	fmt.Println(idnumber.In("see 11010519491231002X"), idnumber.In("370211102231-001"))
	// Output: true false
}
