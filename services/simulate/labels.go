package simulate

import (
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events/civil"
)

// A Label is one line of the label file: a case that was put into the province, which
// the rules should judge correctly. Nothing in the engine may read labels.
type Label struct {
	Kind     string     `json:"kind"`
	Innocent bool       `json:"innocent"` // looks like fraud and is not
	Source   string     `json:"source"`   // source of the events
	Persons  []string   `json:"persons"`  // identity numbers
	Posts    []string   `json:"posts"`
	Events   []string   `json:"events,omitempty"` // ids of events of the source
	Runs     []string   `json:"runs,omitempty"`   // ids of pay runs
	From     civil.Date `json:"from"`
	Until    civil.Date `json:"until,omitzero"` // the first day after the case
}

// The kinds of innocent cases.
const (
	Rehire           = "rehire"             // left by their own wish, and was placed elsewhere later
	SpousesPhone     = "spouses_one_phone"  // two people of one household
	CardReplaced     = "card_replaced"      // pay was returned, the account replaced, and the pay paid again
	Reversed         = "payment_reversed"   // paid twice, and reversed once
	WrongMatch       = "registry_mismatch"  // a registry reported a fact of another person, and withdrew it
	Birthday         = "begins_on_birthday" // the on-duty day is the birthday that admits the person
	PresentTeam      = "team_truly_present" // five people or more, for three months or more, present on every day
	ArrearsAfterExit = "arrears_after_exit" // earned before the exit, and reported and paid late
)

// writeLabels writes the labels, one on each line.
func (w *world) writeLabels(to io.Writer) error {
	enc := jsontext.NewEncoder(to, json.Deterministic(true))
	for l := range w.labels {
		if err := json.MarshalEncode(enc, &l); err != nil {
			return err
		}
	}
	return nil
}

// labels yields the labels of all cases.
func (w *world) labels(yield func(Label) bool) {
	for i := range w.placements {
		for _, l := range w.labelsOf(int32(i)) {
			if !yield(l) {
				return
			}
		}
	}
	for i := range w.people {
		if owner := w.people[i].phoneOwner; owner != int32(i) && !yield(w.labelSpouses(int32(i), owner)) {
			return
		}
	}
	for i := range w.posts {
		if l, ok := w.labelTeam(i); ok && !yield(l) {
			return
		}
	}
	for i := range w.batches {
		if l, ok := w.labelMatch(i); ok && !yield(l) {
			return
		}
	}
	for i, refs := range w.arrears {
		for _, ref := range refs {
			for _, l := range w.labelArrears(i, ref) {
				if !yield(l) {
					return
				}
			}
		}
	}
}
