package division_test

import (
	"fmt"

	"github.com/muster-works/muster/events/division"
)

// A code contains those of the divisions above it.
func Example() {
	village := division.Code("370211102231")
	fmt.Println(village.Level(), village.At(division.County), village.At(division.County).Prefix())
	fmt.Println(village.Under("3702"), village.Under("370300000000"))
	// Output:
	// village 370211000000 370211
	// true false
}

// A table knows which divisions exist.
func ExampleTable() {
	table, err := division.Shandong()
	if err != nil {
		fmt.Println(err)
		return
	}
	counties := 0
	for code := range table.Under("3702") {
		if code.Level() == division.County {
			counties++
		}
	}
	fmt.Println(table.Name("370211000000"), table.Has("370211999999"), counties > 0)
	// Output: 黄岛区 false true
}
