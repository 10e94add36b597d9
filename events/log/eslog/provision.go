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

// A Setup says what Provision checks and changes.
type Setup struct {
	// Boundaries are the boundaries to which the deployment commits.
	Boundaries []string
	// User is the user of the deployment. If Apply is set, this user may read $all,
	// and only this user may write to the streams of the boundaries. If User is
	// empty, access lists are not changed.
	User string
	// Apply lets Provision change the server: it sets access lists, and removes
	// retention from the streams of the log. It needs the rights of an administrator.
	Apply bool
}

// A Finding is one thing that Provision has checked.
type Finding struct {
	What string // short name of the thing
	Says string
	Bad  bool // the log must not be used before this is repaired
}

// unreachable is a revision that no stream has. The server checks rights and size of
// an append that expects it, and never writes it.
const unreachable = 1 << 40

// Provision checks the server of a connection string. It changes nothing unless
// s.Apply is set. It returns an error if the server cannot be asked. What is wrong
// with the server is in the findings.
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

// inspect performs the checks of Provision.
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

// writable reports whether the user may append a commit of the largest size to
// stream. It uses an append that is refused because of its revision.
func writable(ctx context.Context, client *esdb.Client, stream string) Finding {
	event := esdb.EventData{EventID: uuid.New(), EventType: plainType, ContentType: esdb.ContentTypeBinary, Data: bytes.Repeat([]byte{' '}, maxAppend-2*len(plainType))}
	_, err := client.AppendToStream(ctx, stream, esdb.AppendToStreamOptions{ExpectedRevision: esdb.Revision(unreachable)}, event)
	if translated := translate(ctx, err); !errors.Is(translated, log.ErrConflict) {
		return Finding{"append", fmt.Sprintf("an append of %d bytes to %s: %v", maxAppend, stream, translated), true}
	}
	return Finding{}
}

// An acl is an access list. Provision only reads who may write.
type acl struct {
	Write jsontext.Value `json:"$w"`
}

// guarded returns a finding if every user may write to stream.
func guarded(ctx context.Context, client *esdb.Client, stream string) ([]Finding, error) {
	e, err := tail(ctx, client, metadataPrefix+stream)
	if isDeleted(err) {
		return nil, nil // Examine reports this
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

// scavenged reports the time of the last scavenge, if the user may read it.
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

// apply removes retention, and sets access lists if a user is given.
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

// admins is the name of the group of administrators.
const admins = "$admins"

// change lets f change the metadata of stream and writes them if they differ, at the
// revision at which they were read.
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

// setACL sets who may do what, and keeps the other members of the list.
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
