package desk

// A Journal lets a state take back what a round did to it. A state embeds one
// and notes an undo for every change while the journal is open:
//
//	if s.Open() {
//		old := s.posts[id]
//		s.Did(func() { s.posts[id] = old })
//	}
//
// Folding history is done with the journal closed, and costs nothing.
type Journal struct {
	undo []func()
	open bool
}

// Open says whether changes are to be noted.
func (j *Journal) Open() bool { return j.open }

// Did notes how to undo a change.
func (j *Journal) Did(undo func()) { j.undo = append(j.undo, undo) }

func (j *Journal) begin()    { j.open, j.undo = true, j.undo[:0] }
func (j *Journal) mark() int { return len(j.undo) }

// back undoes all changes since mark, the last one first.
func (j *Journal) back(mark int) {
	for i := len(j.undo) - 1; i >= mark; i-- {
		j.undo[i]()
		j.undo[i] = nil
	}
	j.undo = j.undo[:mark]
}

func (j *Journal) end() { clear(j.undo); j.open, j.undo = false, j.undo[:0] }

func (j *Journal) journal() *Journal { return j }
