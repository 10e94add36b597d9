package gateway

import (
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events"
)

// A streamed answer is written as the receipts come, or once the request is
// read where that said how long it is. Until the first of them
// the status is open, so that a stream that cannot be taken at all is refused
// like any other body.
type streamed struct {
	g           *Gateway
	w           http.ResponseWriter
	correlation string
	hold        bool // until the request is read
	out         *outbox
}

func (a *streamed) begin() {
	a.w.Header().Set("Content-Type", "application/json")
	a.w.Header().Set(CorrelationHeader, a.correlation)
	a.w.WriteHeader(http.StatusOK)
	a.out = newOutbox(a.w, a.g.spool, a.hold)
}

func (a *streamed) add(receipts []events.Receipt) error {
	if len(receipts) == 0 {
		return nil
	}
	b := []byte(",\n")
	if a.out == nil {
		a.begin()
		b = []byte(`{"receipts":[`)
	}
	for i, r := range receipts {
		raw, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if i > 0 {
			b = append(b, ",\n"...)
		}
		b = append(b, raw...)
	}
	_, err := a.out.Write(b)
	return err
}

// end completes the answer, with what went wrong if something did.
func (a *streamed) end(p *problem) {
	if a.out == nil {
		if p != nil {
			a.w.Header().Set(CorrelationHeader, a.correlation)
			p.write(a.w)
			return
		}
		a.begin()
		_, _ = a.out.Write([]byte(`{"receipts":[`))
	}
	tail := []byte("]}\n")
	if p != nil {
		p.Receipts = nil
		if raw, err := json.Marshal(p); err == nil {
			tail = append(append([]byte(`],"problem":`), raw...), "}\n"...)
		}
	}
	_, _ = a.out.Write(tail)
	_ = a.out.Close() // a client that is gone sends again
}
