package command

// A StateBase is what every [State] embeds: the journal, and the idempotency index of
// the boundary.
type StateBase struct {
	Journal
	IdempotencyIndex
}

func (b *StateBase) base() *StateBase { return b }

// A Journal is the undo log of a state. With it a handler takes back the changes of a
// round that did not get into the log. While the journal is open, the state notes how
// to undo each of its changes:
//
//	if s.Open() {
//		old := s.posts[id]
//		s.Did(func() { s.posts[id] = old })
//	}
//
// While the log is folded, the journal is closed and costs nothing. The zero Journal is
// closed. A Journal is guarded by the lock of its [Fold].
type Journal struct {
	undo []func()
	open bool
}

// Open reports whether the state must note its changes.
func (j *Journal) Open() bool { return j.open }

// Did notes how to undo a change that was just made.
func (j *Journal) Did(undo func()) { j.undo = append(j.undo, undo) }

// Begin opens the journal.
func (j *Journal) Begin() { j.open = true }

// Rollback undoes all changes since Begin, the last change first, and closes the
// journal.
func (j *Journal) Rollback() {
	for i := len(j.undo) - 1; i >= 0; i-- {
		j.undo[i]()
	}
	j.Keep()
}

// rollbackTo undoes all changes after the first n, the last change first, and leaves the
// journal open.
func (j *Journal) rollbackTo(n int) {
	for i := len(j.undo) - 1; i >= n; i-- {
		j.undo[i]()
	}
	clear(j.undo[n:])
	j.undo = j.undo[:n]
}

// undoCount returns how many undos the journal holds.
func (j *Journal) undoCount() int { return len(j.undo) }

// keepFirst makes the first n changes permanent and leaves the journal open.
func (j *Journal) keepFirst(n int) {
	rest := copy(j.undo, j.undo[n:])
	clear(j.undo[rest:])
	j.undo = j.undo[:rest]
}

// Keep makes all changes permanent and closes the journal.
func (j *Journal) Keep() {
	clear(j.undo)
	j.open, j.undo = false, j.undo[:0]
}
