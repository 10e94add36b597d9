package command

// Books are what every state is built on: it embeds them.
type StateBase struct {
	Journal
	IdempotencyIndex
}

func (b *StateBase) base() *StateBase { return b }

// A Journal lets a state take back what a round did to it. A state notes an
// undo for every change while its journal is open:
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

// Begin opens the journal.
func (j *Journal) Begin() { j.open = true }

// Rollback undoes all changes since Begin, the last one first, and closes the
// journal.
func (j *Journal) Rollback() {
	for i := len(j.undo) - 1; i >= 0; i-- {
		j.undo[i]()
	}
	j.Keep()
}

// held is how many undos are noted. keep leaves the changes that the first n of
// them would undo, and the journal open.
func (j *Journal) undoCount() int { return len(j.undo) }

func (j *Journal) keepFirst(n int) {
	rest := copy(j.undo, j.undo[n:])
	clear(j.undo[rest:])
	j.undo = j.undo[:rest]
}

// Keep closes the journal and leaves the changes.
func (j *Journal) Keep() {
	clear(j.undo)
	j.open, j.undo = false, j.undo[:0]
}
