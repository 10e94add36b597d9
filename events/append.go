package events

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/muster-works/muster/events/internal/canonical"
)

// Append appends the event in its canonical form, without line breaks, to b.
// Equal events have equal bytes. Append fails if a string is not valid UTF-8, or
// if the data does not belong to the event's type.
func (e *Event) Append(b []byte) ([]byte, error) {
	if e.Data == nil || e.Data.Type() != e.Type {
		return nil, fmt.Errorf("encode %s: the data is %T", e.Type, e.Data)
	}
	w := canonical.NewWriter(b)
	e.writeAttributes(&w)
	w.Name(`"data":`)
	if !writeData(&w, e.Data) {
		marshalData(&w, e.Data)
	}
	w.Literal(`}`)
	b, err := w.Bytes()
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", e.Type, err)
	}
	return b, nil
}

// writeAttributes appends the opening brace and the attributes of the event, which
// stand before its data.
func (e *Event) writeAttributes(w *canonical.Writer) {
	w.Literal(`{"specversion":"` + SpecVersion + `"`)
	writeAttribute(w, `,"id":`, e.ID)
	writeAttribute(w, `,"source":`, e.Source)
	writeAttribute(w, `,"type":`, string(e.Type))
	writeAttribute(w, `,"subject":`, e.Subject)
	if !e.Time.IsZero() {
		w.Literal(`,"time":`)
		w.Time(e.Time)
	}
	w.Literal(`,"dataschema":"` + schemaBegins)
	w.Literal(string(e.Type))
	w.Literal(schemaEnds + `"`)
	writeAttribute(w, `,"division":`, string(e.Division))
	writeAttribute(w, `,"submode":`, string(e.Submode))
	writeAttribute(w, `,"replaces":`, e.Replaces)
	writeAttribute(w, `,"replacessource":`, e.ReplacesSource)
	writeAttribute(w, `,"authtype":`, e.AuthType)
	writeAttribute(w, `,"authid":`, e.AuthID)
	writeAttribute(w, `,"authdivision":`, e.AuthDivision)
	writeAttribute(w, `,"correlationid":`, e.CorrelationID)
	writeAttribute(w, `,"policyversion":`, e.PolicyVersion)
	writeAttribute(w, `,"digest":`, e.Digest)
}

// writeAttribute appends an attribute unless its value is empty. The name is
// given with the comma before it.
func writeAttribute(w *canonical.Writer, name, value string) {
	if value != "" {
		w.Literal(name)
		w.String(value)
	}
}

// marshalData appends data as the JSON library writes it. It serves the payloads for
// which no writer is generated.
func marshalData(w *canonical.Writer, data Data) {
	b, err := json.Marshal(data, deterministic)
	if err != nil {
		w.Fail(err)
		return
	}
	w.Literal(string(b))
}

// deterministic makes the JSON library write the members of maps in the order of
// their names, so that equal maps have equal bytes.
var deterministic = json.Deterministic(true)
