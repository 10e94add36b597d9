package contract_test

import (
	"bytes"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
	"github.com/muster-works/muster/services/gateway"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// overNATS checks messages of a deployment against the AsyncAPI document: the answers to an
// agency, and every commit of the log.
func overNATS(t *testing.T, addr, data string) {
	t.Helper()
	all, err := jsonschema.UnmarshalJSON(bytes.NewReader(freshAsyncAPI(t)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("mem:asyncapi", all); err != nil {
		t.Fatal(err)
	}
	holds := func(message string, header nats.Header, body []byte) {
		t.Helper()
		headers := map[string]any{}
		for name := range header {
			headers[name] = header.Get(name)
		}
		payload, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		for part, value := range map[string]any{"headers": headers, "payload": payload} {
			s, err := c.Compile("mem:asyncapi#" + (&url.URL{Path: "/components/messages/" + message + "/" + part}).EscapedPath())
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Validate(value); err != nil {
				t.Errorf("%s of %s: %v", part, message, err)
			}
		}
	}
	nc, err := nats.Connect(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	subject := strings.ReplaceAll(gateway.Subject, "*", "local")
	for message, body := range map[string]string{"receipts": "[" + aPost + "," + aFault + "]", "problem": "{"} {
		reply, err := nc.Request(subject, []byte(body), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		holds(message, reply.Header, reply.Data)
	}
	for _, m := range logged(t, addr, data) {
		holds("commit", m.Headers(), m.Data())
	}
}

// freshAsyncAPI returns the AsyncAPI document as JSON.
func freshAsyncAPI(t *testing.T) []byte {
	t.Helper()
	raw, err := json.Marshal(asyncAPI(t))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// logged reads all commits of the log, with the password that only its operator has.
func logged(t *testing.T, addr, data string) (all []jetstream.Msg) {
	t.Helper()
	password, err := os.ReadFile(filepath.Join(data, "log", embedded.PasswordFile))
	if err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect(addr, nats.UserInfo(embedded.InternalUser, strings.TrimSpace(string(password))))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), natslog.Stream)
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := stream.OrderedConsumer(t.Context(), jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	messages, err := consumer.Messages()
	if err != nil {
		t.Fatal(err)
	}
	defer messages.Stop()
	for range stream.CachedInfo().State.Msgs {
		m, err := messages.Next()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	if len(all) < 10 {
		t.Errorf("only %d commits in the log", len(all))
	}
	return all
}
