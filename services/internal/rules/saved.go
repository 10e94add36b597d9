package rules

import (
	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events/policy"
	"github.com/muster-works/muster/services/internal/snapshot"
)

// Save is [command.State.Save]. It writes packs as the JSON that the log has. Load compiles
// the conditions again.
func (s *State) Save(w *snapshot.Writer) {
	w.Uint(uint64(len(s.adopted)))
	for _, a := range s.adopted {
		w.Uint(uint64(a.number))
		w.Bool(a.superseded)
		b, err := json.Marshal(a.pack)
		if err != nil {
			b = nil // Load rejects an empty pack, and the log is folded
		}
		w.Text(string(b))
	}
}

// Load is [command.State.Load].
func (s *State) Load(r *snapshot.Reader, told uint32) (become func()) {
	t := New()
	for n := r.Below(1 << 31); n > 0 && r.Err() == nil; n-- {
		number, superseded, pack := r.Below(int(told)+1), r.Bool(), new(policy.Pack)
		if err := json.Unmarshal([]byte(r.Text()), pack); err != nil {
			r.Reject("a pack cannot be read")
			break
		}
		t.adopt(number, superseded, pack)
	}
	t.rebuildBook(nil)
	return func() { *s = *t }
}
