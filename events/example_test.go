package events_test

import (
	"errors"
	"fmt"

	"github.com/muster-works/muster/events"
)

// An agency's programme checks what it is about to send.
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
