package estest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
)

func connect(t *testing.T, o Options) (*Server, *esdb.Client) {
	t.Helper()
	s, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	config, err := esdb.ParseConnectionString(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	config.Logger = esdb.NoopLogging()
	client, err := esdb.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return s, client
}

// events returns n events whose ids are derived from name.
func events(name string, n int) []esdb.EventData {
	var all []esdb.EventData
	for i := range n {
		all = append(all, esdb.EventData{
			EventID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s/%d", name, i)), EventType: "tested",
			ContentType: esdb.ContentTypeJson, Data: fmt.Appendf(nil, `{"n":"%s-%d"}`, name, i), Metadata: []byte("meta"),
		})
	}
	return all
}

// Goal: appends are accepted, recognised and refused by their expected revisions.
func TestExpectedRevisions(t *testing.T) {
	_, client := connect(t, Options{})
	const conflict = -1
	a, b := events("a", 2), events("b", 3)
	mixed := append(events("b", 2), events("x", 1)...)
	longer := append(events("b", 3), events("y", 1)...)
	for i, step := range []struct {
		expected esdb.ExpectedRevision
		events   []esdb.EventData
		last     int // number of the last event of the append
	}{
		{esdb.Revision(0), a, conflict},     // the stream does not exist
		{esdb.StreamExists{}, a, conflict},  //
		{esdb.NoStream{}, a, 1},             //
		{esdb.NoStream{}, a, 1},             // repeated
		{esdb.NoStream{}, b, conflict},      // another append
		{esdb.Revision(0), b, conflict},     // the stream has moved on
		{esdb.Revision(9), b, conflict},     // not reached
		{esdb.Revision(1), b, 4},            //
		{esdb.NoStream{}, a, 1},             // repeated after another append
		{esdb.Revision(1), b, 4},            // repeated
		{esdb.Revision(1), b[:2], 3},        // a part of the append, repeated
		{esdb.Revision(1), mixed, conflict}, // a part of it is another append
		{esdb.Revision(1), longer, conflict},
		{esdb.Revision(4), b, 7}, // the same ids at another place are new events
		{esdb.Any{}, events("c", 1), 8},
		{esdb.Any{}, events("c", 1), 8}, // repeated
		{esdb.StreamExists{}, events("d", 1), 9},
	} {
		result, err := client.AppendToStream(t.Context(), "s", esdb.AppendToStreamOptions{ExpectedRevision: step.expected}, step.events...)
		var refused *esdb.Error
		switch {
		case step.last == conflict:
			if !errors.As(err, &refused) || refused.Code() != esdb.ErrorCodeWrongExpectedVersion {
				t.Errorf("step %d: %v, want a conflict", i, err)
			}
		case err != nil || int(result.NextExpectedVersion) != step.last:
			t.Errorf("step %d: %+v, %v; want last event %d", i, result, err, step.last)
		}
	}
}

func recv(t *testing.T, stream *esdb.ReadStream, err error) (got []string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	for {
		e, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			return append(got, err.Error())
		}
		got = append(got, fmt.Sprint(e.OriginalEvent().StreamID, e.OriginalEvent().EventNumber))
	}
}

// Goal: streams and $all can be read in both directions from every kind of position.
func TestReads(t *testing.T) {
	s, client := connect(t, Options{Quiet: true})
	var at []esdb.Position
	for _, stream := range []string{"a", "b", "a"} {
		r, err := client.AppendToStream(t.Context(), stream, esdb.AppendToStreamOptions{}, events(stream+fmt.Sprint(len(at)), 2)...)
		if err != nil {
			t.Fatal(err)
		}
		at = append(at, esdb.Position{Commit: r.CommitPosition, Prepare: r.PreparePosition})
	}
	last := uint64(0)
	for _, e := range s.All() {
		if e.Position < last+2 {
			t.Errorf("position %d after %d", e.Position, last)
		}
		last = e.Position
	}
	const back = esdb.Backwards
	for _, test := range []struct {
		options any
		count   uint64
		want    string
	}{
		{esdb.ReadStreamOptions{}, 9, "a0 a1 a2 a3"},
		{esdb.ReadStreamOptions{}, 2, "a0 a1"},
		{esdb.ReadStreamOptions{From: esdb.Revision(2)}, 9, "a2 a3"},
		{esdb.ReadStreamOptions{From: esdb.Revision(9)}, 9, ""},
		{esdb.ReadStreamOptions{Direction: back, From: esdb.End{}}, 3, "a3 a2 a1"},
		{esdb.ReadStreamOptions{Direction: back, From: esdb.Revision(1)}, 9, "a1 a0"},
		{esdb.ReadAllOptions{}, 9, "a0 a1 b0 b1 a2 a3"},
		{esdb.ReadAllOptions{From: at[1]}, 2, "b1 a2"},
		{esdb.ReadAllOptions{From: esdb.Position{Commit: last + 1000}}, 2, ""},
		{esdb.ReadAllOptions{Direction: back, From: esdb.End{}}, 3, "a3 a2 b1"},
		{esdb.ReadAllOptions{Direction: back, From: at[1]}, 9, "b0 a1 a0"},
	} {
		var got []string
		switch o := test.options.(type) {
		case esdb.ReadStreamOptions:
			stream, err := client.ReadStream(t.Context(), "a", o, test.count)
			got = recv(t, stream, err)
		case esdb.ReadAllOptions:
			stream, err := client.ReadAll(t.Context(), o, test.count)
			got = recv(t, stream, err)
		}
		if strings.Join(got, " ") != test.want {
			t.Errorf("%+v: %v, want %q", test.options, got, test.want)
		}
	}
	stream, err := client.ReadStream(t.Context(), "absent", esdb.ReadStreamOptions{}, 1)
	if got := recv(t, stream, err); len(got) != 1 || !strings.Contains(got[0], "NotFound") {
		t.Errorf("a stream that is not there: %v", got)
	}
	stream, err = client.ReadAll(t.Context(), esdb.ReadAllOptions{From: esdb.Position{Commit: at[0].Commit + 1, Prepare: at[0].Commit + 1}}, 1)
	if got := recv(t, stream, err); len(got) != 1 || !strings.Contains(got[0], "ReadAllResult") {
		t.Errorf("between two records: %v", got)
	}
}

// Goal: a filtered subscription sends the selected events with checkpoints, reports
// when it has caught up, and continues with new events.
func TestSubscription(t *testing.T) {
	s, client := connect(t, Options{Quiet: true})
	for i := range 20 {
		name := []string{"mine-1", "$system", "mine-2", "yours"}[i%4]
		s.Write(name, Event{ID: uuid.New(), Type: "t", Data: []byte("{}")})
	}
	third := s.All()[2].Position
	for name, filter := range map[string]*esdb.SubscriptionFilter{
		"prefix": {Type: esdb.StreamFilterType, Prefixes: []string{"mine-"}},
		"regex":  {Type: esdb.StreamFilterType, Regex: "^mine-[0-9]$"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			sub, err := client.SubscribeToAll(ctx, esdb.SubscribeToAllOptions{
				From: esdb.Position{Commit: third, Prepare: third}, Filter: filter, MaxSearchWindow: 4, CheckpointInterval: 2,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer sub.Close()
			var got []string
			for caughtUp := 0; caughtUp < 2; {
				switch e := sub.Recv(); {
				case e.EventAppeared != nil:
					got = append(got, e.EventAppeared.OriginalEvent().StreamID)
				case e.CheckPointReached != nil:
					got = append(got, "checkpoint")
				case e.CaughtUp != nil:
					if caughtUp++; caughtUp == 1 {
						s.Write("yours", Event{ID: uuid.New(), Type: "t"})
						s.Write("mine-3", Event{ID: uuid.New(), Type: "t"})
						got = append(got, "caught up")
					} else if got[len(got)-1] != "mine-3" {
						caughtUp-- // the subscription woke up between the two appends
					}
				default:
					t.Fatalf("%+v", e.SubscriptionDropped)
				}
			}
			// 17 events are read after the third, and two more.
			want := "mine-1 mine-2 mine-1 mine-2 checkpoint mine-1 mine-2 mine-1 mine-2 checkpoint caught up mine-3"
			s.Forget(2)
			if strings.Join(got, " ") != want {
				t.Errorf("got  %v\nwant %s", got, want)
			}
		})
	}
}

// Goal: $all contains system events between other events.
func TestNoise(t *testing.T) {
	s, client := connect(t, Options{})
	for i := range 20 {
		if _, err := client.AppendToStream(t.Context(), "a", esdb.AppendToStreamOptions{}, events(fmt.Sprint(i), 1)...); err != nil {
			t.Fatal(err)
		}
	}
	if mine, all := len(s.Events("a")), len(s.All()); mine != 20 || all < 25 {
		t.Errorf("%d events of %d", mine, all)
	}
}

func ExampleStart() {
	server, err := Start(Options{})
	if err != nil {
		panic(err)
	}
	defer server.Stop()
	config, err := esdb.ParseConnectionString(server.URL())
	if err != nil {
		panic(err)
	}
	config.Logger = esdb.NoopLogging()
	client, err := esdb.NewClient(config)
	if err != nil {
		panic(err)
	}
	defer client.Close()
	_, err = client.AppendToStream(context.Background(), "inventory-17",
		esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}},
		esdb.EventData{EventType: "counted", ContentType: esdb.ContentTypeJson, Data: []byte(`{"n":3}`)})
	fmt.Println(err)
	for _, e := range server.Events("inventory-17") {
		fmt.Printf("%d %s %s\n", e.Number, e.Type, e.Data)
	}
	// Output:
	// <nil>
	// 0 counted {"n":3}
}

// Goal: scavenged or lost events are gone from the stream and from $all, and the
// others keep their numbers and positions.
func TestScavengeAndForget(t *testing.T) {
	s, client := connect(t, Options{Quiet: true})
	for i := range 3 {
		if _, err := client.AppendToStream(t.Context(), "a", esdb.AppendToStreamOptions{}, events(fmt.Sprint(i), 2)...); err != nil {
			t.Fatal(err)
		}
	}
	before := s.All()
	s.Scavenge("a", 3)
	s.Forget(1)
	stream, err := client.ReadStream(t.Context(), "a", esdb.ReadStreamOptions{}, 9)
	if got := strings.Join(recv(t, stream, err), " "); got != "a3 a4" {
		t.Errorf("stream: %s", got)
	}
	if all := s.All(); len(all) != 2 || all[0].Position != before[3].Position {
		t.Errorf("$all: %+v", all)
	}
	if r, err := client.AppendToStream(t.Context(), "a", esdb.AppendToStreamOptions{ExpectedRevision: esdb.Revision(4)}, events("x", 1)...); err != nil || r.NextExpectedVersion != 5 {
		t.Errorf("append: %+v, %v", r, err)
	}
}
