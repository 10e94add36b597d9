package intake

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/gateway/problem"
)

// Parse reads a body that is one event or a JSON array of events. With imports
// each event must have the attribute recordedtime. Parse fails with a
// [problem.Problem] if the body as a whole cannot be read.
func Parse(body []byte, imports bool) ([]*Group, error) {
	elements, batch, err := splitBody(body)
	if err != nil {
		return nil, err
	}
	var list []*Group
	for i, raw := range elements {
		var place events.Sentence
		if batch {
			place = events.Say("element %d of the batch", "批次中第%d个元素（从0起）", i)
		}
		item, recorded := readItem(raw, imports, place)
		if n := len(list); n == 0 || !list[n-1].accepts(item, recorded) {
			list = append(list, new(Group))
		}
		list[len(list)-1].addItem(item, recorded, len(raw))
	}
	return list, nil
}

// splitBody returns the elements of an array, or the one event. It tolerates
// duplicate names and invalid UTF-8, because they concern one element only and
// the contract refuses them there.
func splitBody(body []byte) (elements []jsontext.Value, batch bool, err error) {
	d := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	switch d.PeekKind() {
	case '{':
		elements, err = readOne(d)
	case '[':
		batch = true
		elements, err = readArray(d)
	default:
		err = problem.New(http.StatusBadRequest, events.Malformed, events.Say(
			"the body must be a JSON object (one event) or an array of them", "请求体须为一个JSON对象（一个事件）或其数组"))
	}
	if err != nil {
		return nil, batch, err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, batch, problem.New(http.StatusBadRequest, events.Malformed, events.Say(
			"the body goes on behind its end at byte %d; one event a line is application/x-ndjson",
			"请求体在第%d字节处已经结束，其后还有内容；每行一个事件时请用application/x-ndjson", d.InputOffset()))
	}
	return elements, batch, nil
}

func readOne(d *jsontext.Decoder) ([]jsontext.Value, error) {
	raw, err := d.ReadValue()
	if err != nil {
		return nil, malformed(err)
	}
	return []jsontext.Value{raw.Clone()}, nil
}

func readArray(d *jsontext.Decoder) (elements []jsontext.Value, err error) {
	if _, err := d.ReadToken(); err != nil {
		return nil, malformed(err)
	}
	for d.PeekKind() != ']' {
		raw, err := d.ReadValue()
		if err != nil {
			return nil, malformed(err)
		}
		if len(elements) == MaxBatch {
			return nil, problem.New(http.StatusRequestEntityTooLarge, events.TooLarge, events.Say(
				"a batch has at most %d events; send NDJSON for more", "一批最多%d个事件；更多请用NDJSON发送", MaxBatch))
		}
		elements = append(elements, raw.Clone())
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, malformed(err)
	}
	return elements, nil
}

// malformed returns the problem of a body that is not JSON.
func malformed(err error) error {
	said := events.Say("the body is not valid JSON", "请求体不是有效的JSON")
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		said = events.Say("the body is not valid JSON at byte %d", "请求体在第%d字节处不是有效的JSON", syntax.ByteOffset)
	}
	return problem.New(http.StatusBadRequest, events.Malformed, said)
}
