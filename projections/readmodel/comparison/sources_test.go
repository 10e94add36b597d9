package comparison

import (
	"testing"

	"github.com/muster-works/muster/projections/readmodel"
)

// Goal: a table with new contents cannot be left out of comparisons unnoticed.
// Method: every kind of contents either has a source of records or stands among
// those that are not compared, with the reason.
func TestContentsAreCompared(t *testing.T) {
	for c := range readmodel.ContentsCount {
		_, compared := sources[c]
		why, not := notCompared[c]
		if compared == not {
			t.Errorf("contents %d: has a source is %v, is not compared is %v; give it a source, or a reason in notCompared", c, compared, not)
		}
		if not && why == "" {
			t.Errorf("contents %d are not compared without a reason", c)
		}
	}
}
