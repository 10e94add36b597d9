package estest

import (
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// Checkpoints are ways in which a server sends checkpoints beyond the one after
// each window that was looked through.
type Checkpoints struct {
	// Zero sends the position (0, 0) for as long as the filter has selected
	// nothing: after each window, and when the subscription goes live. EventStoreDB
	// 24.10 does so (tried by hand, on one node and on a cluster).
	Zero bool
	// Early sends the end of $all as a checkpoint when the subscription is about to
	// go live, before the events of the last page. Public reports have an extra
	// checkpoint there of servers up to 22.10. Whether it can come before events
	// that the filter selects is not known of a real server.
	Early bool
	// EndOfLog sends the end of $all after a page of which the filter selected
	// nothing, also when later pages hold events that it selects. Public reports
	// have it of 24.10.0 to 24.10.4.
	EndOfLog bool
	// Repeated sends each checkpoint three times, and the last one again after each
	// event. A public report has the same checkpoint over and over; it is open, and
	// of which servers it is true is not known.
	Repeated bool
}

// page is how many records a subscription looks through at a time before it may
// send a checkpoint of an empty page.
const pageSize = 32

// A marker sends the checkpoints of one subscription.
type checkpointSender struct {
	reader
	kinds    Checkpoints
	every    uint64 // a checkpoint after so many records; none if 0
	start    bool   // the subscription is from the start of $all
	seen     uint64 // records looked through
	selected int    // events sent
	inPage   int    // events sent since the page began
	last     uint64 // the checkpoint sent last
	sent     bool   // whether last is one
}

// send sends what selects takes of all, and checkpoints.
func (m *checkpointSender) send(all []Event, selects func(Event) bool) error {
	if len(all) == 0 {
		return nil
	}
	end := all[len(all)-1].Position
	if err := m.pageBegins(end); err != nil {
		return err
	}
	for _, e := range all {
		selected := selects(e)
		if selected {
			if err := m.event(e); err != nil {
				return err
			}
		}
		if err := m.looked(e.Position, end, selected); err != nil {
			return err
		}
	}
	return nil
}

// looked is called after each record with its position, whether the filter
// selected it, and the end of $all as the subscription knows it.
func (m *checkpointSender) looked(position, end uint64, selected bool) error {
	m.seen++
	if selected {
		m.selected++
		m.inPage++
		if m.kinds.Repeated && m.sent {
			return m.checkpoint(m.last)
		}
	}
	if m.kinds.EndOfLog && m.seen%pageSize == 0 {
		empty := m.inPage == 0
		m.inPage = 0
		if empty {
			if err := m.checkpoint(end); err != nil {
				return err
			}
		}
	}
	if m.every == 0 || m.seen%m.every != 0 {
		return nil
	}
	if m.kinds.Zero && m.start && m.selected == 0 {
		position = 0
	}
	return m.checkpoint(position)
}

// pageBegins is called before the records up to end are sent, which are the last
// ones for now.
func (m *checkpointSender) pageBegins(end uint64) error {
	if !m.kinds.Early || m.every == 0 {
		return nil
	}
	return m.checkpoint(end)
}

// live is called when the subscription has gone live.
func (m *checkpointSender) live() error {
	if m.kinds.Zero && m.start && m.selected == 0 && m.every > 0 {
		return m.checkpoint(0)
	}
	return nil
}

func (m *checkpointSender) checkpoint(position uint64) error {
	m.last, m.sent = position, true
	times := 1
	if m.kinds.Repeated {
		times = 3
	}
	for range times {
		if err := m.call.Send(&streams.ReadResp{Content: &streams.ReadResp_Checkpoint_{
			Checkpoint: &streams.ReadResp_Checkpoint{CommitPosition: position, PreparePosition: position},
		}}); err != nil {
			return err
		}
	}
	return nil
}
