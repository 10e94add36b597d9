package schema_test

import (
	"encoding/json"
	"fmt"

	"github.com/muster-works/muster/events/schema"
)

// The document of all submissions is self-contained: one file is enough for validation.
func ExampleRead() {
	raw, err := schema.Read(schema.Submission)
	if err != nil {
		fmt.Println(err)
		return
	}
	var document struct {
		ID string `json:"$id"`
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(document.ID, len(schema.Names()) > 2)
	// Output: urn:muster:schemas/submission/v1 true
}
