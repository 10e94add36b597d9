package intake

import (
	"errors"
	"sync"
	"time"
)

// A Queue connects the goroutine that reads a body with the one that decides its
// items. It holds one group. Take takes everything that was read since the last
// Take, so that a slow client is answered event by event and a fast one in full
// groups.
type Queue struct {
	mu      sync.Mutex
	changed *sync.Cond
	group   *Group
	ended   bool // nothing more will be added
	closed  bool // nothing more will be taken
	err     error
}

var errClosed = errors.New("gateway: reading was stopped")

// NewQueue returns an empty queue.
func NewQueue() *Queue {
	q := &Queue{group: new(Group)}
	q.changed = sync.NewCond(&q.mu)
	return q
}

// addItem waits until the group has room for an item. It fails once the queue is
// closed.
func (q *Queue) addItem(item Item, recorded time.Time, size int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.closed && (q.group.isFull() || !q.group.accepts(item, recorded)) {
		q.changed.Wait()
	}
	if q.closed {
		return errClosed
	}
	q.group.addItem(item, recorded, size)
	q.changed.Broadcast()
	return nil
}

// Take waits for items and takes them. It fails with io.EOF after the last item,
// and with the reader's error if the body broke off.
func (q *Queue) Take() (*Group, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.group.Items) == 0 && !q.ended {
		q.changed.Wait()
	}
	if len(q.group.Items) == 0 {
		return nil, q.err
	}
	g := q.group
	q.group = new(Group)
	q.changed.Broadcast()
	return g, nil
}

// finish says that nothing more will be added, and why.
func (q *Queue) finish(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended, q.err = true, err
	q.changed.Broadcast()
}

// Close says that nothing more will be taken. It ends the ReadLines that fills
// the queue as soon as that has something to add.
func (q *Queue) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.changed.Broadcast()
}
