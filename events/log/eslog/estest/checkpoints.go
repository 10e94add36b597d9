package estest

import (
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
)

// Checkpoints are ways in which a server sends checkpoints in addition to the one
// after each search window.
type Checkpoints struct {
	// Zero sends the position (0, 0) as long as the filter has selected nothing:
	// after each window, and when the subscription goes live. EventStoreDB 24.10 does
	// this (tested by hand on one node and on a cluster).
	Zero bool
	// Early sends the end of $all as a checkpoint before the subscription goes live,
	// before the events of the last page. Public reports describe an additional
	// checkpoint there for servers up to 22.10. It is unknown whether a real server
	// sends it before events that the filter selects.
	Early bool
	// EndOfLog sends the end of $all after a page from which the filter selected
	// nothing, even if later pages contain events that it selects. Public reports
	// describe this for 24.10.0 to 24.10.4.
	EndOfLog bool
	// Repeated sends each checkpoint three times, and the last one again after each
	// event. An open public report describes repeated checkpoints; the versions are
	// unknown.
	Repeated bool
}

// pageSize is how many records a subscription reads at a time. After an empty page it
// may send a checkpoint.
const pageSize = 32

// A checkpointSender sends the checkpoints of one subscription.
type checkpointSender struct {
	reader
	kinds    Checkpoints
	every    uint64 // number of records between checkpoints; none if 0
	start    bool   // the subscription begins at the start of $all
	seen     uint64 // number of records read
	selected int    // number of events sent
	inPage   int    // number of events sent since the page began
	last     uint64 // the last checkpoint sent
	sent     bool   // whether last is set
}

// send sends the events of all that selects selects, and checkpoints.
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

// looked is called after each record, with its position, whether the filter selected
// it, and the end of $all that the subscription knows.
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

// pageBegins is called before the last records, up to end, are sent.
func (m *checkpointSender) pageBegins(end uint64) error {
	if !m.kinds.Early || m.every == 0 {
		return nil
	}
	return m.checkpoint(end)
}

// live is called when the subscription goes live.
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
