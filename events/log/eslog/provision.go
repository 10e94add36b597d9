package eslog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"github.com/muster-works/muster/events/log"
)

// Setup says what Provision looks at and what it changes.
type Setup struct {
	// Boundaries are those that the deployment commits under.
	Boundaries []string
	// User is who the deployment logs in as, when Apply is set: $all is opened to that
	// user for reading, and each boundary's stream to that user alone for writing.
	// Without it access lists stay as they are.
	User string
	// Apply lets Provision change things: access lists, and retention on the streams
	// of the log, which is taken off. It needs the rights of an administrator.
	Apply bool
}

// A Finding is one thing that Provision vouches for, or cannot.
type Finding struct {
	What string // a word for it
	Says string
	Bad  bool // the log must not be used before that is mended
}

// unreachable is a revision that no stream is at: an append that expects it is checked
// for rights and size, and never written.
const unreachable = 1 << 40

// Provision looks at the server that a connection string names, and changes nothing
// unless s.Apply is set. It fails when the server cannot be asked; what it finds wrong
// is in the findings.
func Provision(ctx context.Context, url string, s Setup) ([]Finding, error) {
	l, err := Open(ctx, url)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	if s.Apply {
		if err := l.driver.apply(ctx, s); err != nil {
			return nil, err
		}
	}
	return call(ctx, l.driver.pool, func(ctx context.Context, client *esdb.Client) ([]Finding, error) {
		return l.inspect(ctx, client, s)
	})
}

// inspect is the part of Provision that looks.
func (l *Log) inspect(ctx context.Context, client *esdb.Client, s Setup) ([]Finding, error) {
	version, err := client.GetServerVersion()
	if err != nil {
		return nil, err
	}
	head, _, err := l.Head(ctx, log.Filter{})
	if err != nil {
		return nil, err
	}
	all := []Finding{
		{What: "version", Says: fmt.Sprintf("%d.%d.%d", version.Major, version.Minor, version.Patch)},
		{What: "head", Says: head.String()},
		{What: "rights", Says: "this user may read $all"},
	}
	for _, boundary := range s.Boundaries {
		stream := l.driver.prefix + boundary
		if f := writable(ctx, client, stream); f.Bad {
			all = append(all, f)
		}
		f, err := guarded(ctx, client, stream)
		if err != nil {
			return nil, err
		}
		all = append(all, f...)
	}
	if err := l.Examine(ctx, s.Boundaries...); errors.Is(err, log.ErrMisconfigured) || errors.Is(err, log.ErrCorrupt) {
		all = append(all, Finding{"retention", err.Error(), true})
	} else if err != nil {
		return nil, err
	} else {
		all = append(all, Finding{What: "retention", Says: "no stream of the log gives up events"})
	}
	return append(all, scavenged(ctx, client)), nil
}

// writable says whether the user may write to stream, and as much at a time as a commit
// may have, by an append that is refused for its revision.
func writable(ctx context.Context, client *esdb.Client, stream string) Finding {
	event := esdb.EventData{EventID: uuid.New(), EventType: plainType, ContentType: esdb.ContentTypeBinary, Data: bytes.Repeat([]byte{' '}, maxAppend-2*len(plainType))}
	_, err := client.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.Revision(unreachable)}, event)
	if translated := translate(ctx, err); !errors.Is(translated, log.ErrConflict) {
		return Finding{"append", fmt.Sprintf("an append of %d bytes to %s: %v", maxAppend, stream, translated), true}
	}
	return Finding{}
}

// An acl is an access list, of which Provision knows who may write.
type acl struct {
	Write jsontext.Value `json:"$w"`
}

// guarded says when anybody who logs in may write to stream.
func guarded(ctx context.Context, client *esdb.Client, stream string) ([]Finding, error) {
	e, err := tail(ctx, client, metadataPrefix+stream)
	if isDeleted(err) {
		return nil, nil // Examine says so
	}
	if err != nil {
		return nil, err
	}
	var metadata struct {
		ACL acl `json:"$acl"`
	}
	if e != nil {
		_ = json.Unmarshal(e.Data, &metadata)
	}
	if metadata.ACL.Write != nil {
		return nil, nil
	}
	return []Finding{{What: "access", Says: fmt.Sprintf("unless the server's default access list says otherwise, every user may write to %s, and what is not Muster's there stops the log: set it with --apply --user NAME as an administrator", stream)}}, nil
}

// scavenged says when the server was scavenged last, where the user may know.
func scavenged(ctx context.Context, client *esdb.Client) Finding {
	e, err := tail(ctx, client, "$scavenges")
	switch {
	case err != nil:
		return Finding{What: "scavenge", Says: fmt.Sprintf("unknown, which is as it should be for a user who is no administrator (%v)", translate(ctx, err))}
	case e == nil:
		return Finding{What: "scavenge", Says: "none is on record"}
	}
	return Finding{What: "scavenge", Says: fmt.Sprintf("the last one on record is of %s; this user may look at the server's own streams, which Muster does not need", e.CreatedDate.UTC().Format(time.RFC3339))}
}

// apply takes retention off, and sets access lists where a user is named.
func (l *driver) apply(ctx context.Context, s Setup) error {
	streams := []string{}
	for _, boundary := range s.Boundaries {
		streams = append(streams, l.prefix+boundary)
	}
	for _, stream := range streams {
		if err := l.change(ctx, stream, func(metadata map[string]jsontext.Value) error {
			for _, key := range retentionKeys {
				delete(metadata, key)
			}
			if s.User == "" {
				return nil
			}
			return setACL(metadata, map[string][]string{
				"$r": {s.User, admins}, "$mr": {s.User, admins}, "$w": {s.User}, "$d": {admins}, "$mw": {admins},
			})
		}); err != nil {
			return err
		}
	}
	if s.User == "" {
		return nil
	}
	return l.change(ctx, "$all", func(metadata map[string]jsontext.Value) error {
		return setACL(metadata, map[string][]string{"$r": {s.User, admins}})
	})
}

// admins is the group of administrators.
const admins = "$admins"

// change writes the metadata of stream again as f leaves them, at the revision that
// they were read at, when f changed them.
func (l *driver) change(ctx context.Context, stream string, f func(map[string]jsontext.Value) error) error {
	_, err := call(ctx, l.pool, func(ctx context.Context, client *esdb.Client) (none struct{}, err error) {
		e, err := tail(ctx, client, metadataPrefix+stream)
		if err != nil {
			return none, err
		}
		metadata, before := map[string]jsontext.Value{}, []byte("{}")
		options := esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}
		if e != nil {
			before, options.ExpectedRevision = e.Data, esdb.Revision(e.EventNumber)
		}
		if err := json.Unmarshal(before, &metadata); err != nil {
			return none, fmt.Errorf("%w: the metadata of %s are no JSON object: %w", log.ErrMisconfigured, stream, err)
		}
		if err := f(metadata); err != nil {
			return none, err
		}
		after, err := json.Marshal(metadata, json.Deterministic(true))
		if err != nil || bytes.Equal(after, before) || e == nil && len(metadata) == 0 {
			return none, err
		}
		_, err = client.AppendToStream(ctx, metadataPrefix+stream, options, esdb.EventData{EventType: "$metadata", ContentType: esdb.ContentTypeJson, Data: after})
		return none, err
	})
	return err
}

// setACL sets who may do what. What the list holds beside stays.
func setACL(metadata map[string]jsontext.Value, who map[string][]string) error {
	list := map[string]jsontext.Value{}
	if old, ok := metadata["$acl"]; ok {
		if err := json.Unmarshal(old, &list); err != nil {
			return fmt.Errorf("%w: $acl: %w", log.ErrMisconfigured, err)
		}
	}
	for right, users := range who {
		b, err := json.Marshal(slices.Compact(users))
		if err != nil {
			return err
		}
		list[right] = b
	}
	b, err := json.Marshal(list, json.Deterministic(true))
	metadata["$acl"] = b
	return err
}
