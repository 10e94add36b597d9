package natslog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-works/muster/events/log"
)

// duplicateWindow is how long the server recognises the ID of a commit by itself. The
// driver does not depend on it, see step 5 of the life of a commit.
const duplicateWindow = 2 * time.Minute

// codeNoCluster is the server's error code for a stream with several replicas on a
// single server.
const codeNoCluster = 10074

// Provision creates the stream of the log. If it exists, Provision does not change it
// and verifies it as Open does. The error is log.ErrMisconfigured or
// log.ErrUnavailable.
func Provision(ctx context.Context, nc *nats.Conn, o Options) error {
	o = o.withDefaults()
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("natslog: %w", err)
	}
	l := &driver{nc: nc, js: js, options: o, connection: watchConnection(nc)}
	defer l.Close()
	err = l.request(ctx, "create the stream", func(ctx context.Context) error {
		_, err := js.CreateStream(ctx, config(o))
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	opened, err := Open(ctx, nc, o)
	if err != nil {
		return err
	}
	return opened.Close()
}

// config returns the configuration that the stream must have.
func config(o Options) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        o.Stream,
		Description: "Muster's event log: one message is one commit. Never purge it and never delete from it.",
		Subjects:    []string{o.Prefix + ".>"},
		Retention:   jetstream.LimitsPolicy,
		Discard:     jetstream.DiscardNew,
		Storage:     jetstream.FileStorage,
		Compression: jetstream.S2Compression,
		Replicas:    o.Replicas,
		Duplicates:  duplicateWindow,
		DenyDelete:  true,
		DenyPurge:   true,
		// Direct reads may come from a replica that lags behind, so that an
		// acknowledged commit would not be seen.
		AllowDirect: false,
		MaxMsgs:     -1, MaxBytes: -1, MaxMsgsPerSubject: -1, MaxMsgSize: -1, MaxConsumers: -1,
	}
}

// verifyConfig returns log.ErrMisconfigured if c has settings that lose, change or
// reorder commits. The error names every such setting.
func verifyConfig(o Options, c jetstream.StreamConfig) error {
	want := config(o)
	var wrong []string
	expect := func(ok bool, setting string, is, should any, fix string) {
		if !ok {
			wrong = append(wrong, fmt.Sprintf("%s is %v, must be %v (%s)", setting, is, should, fix))
		}
	}
	edit := "nats stream edit " + o.Stream
	again := "cannot be changed: copy the log to a new stream"
	expect(slices.Equal(c.Subjects, want.Subjects), "subjects", c.Subjects, want.Subjects, edit)
	expect(c.Storage == want.Storage, "storage", c.Storage, want.Storage, again)
	expect(c.Retention == want.Retention, "retention", c.Retention, want.Retention, again)
	expect(c.Discard == want.Discard && !c.DiscardNewPerSubject, "discard", c.Discard, want.Discard, edit+" --discard=new")
	expect(c.Replicas >= o.Replicas, "replicas", c.Replicas, o.Replicas, fmt.Sprintf("%s --replicas=%d", edit, o.Replicas))
	expect(c.MaxAge == 0, "max age", c.MaxAge, "unlimited", edit+" --max-age=0")
	expect(c.MaxBytes < 0, "max bytes", c.MaxBytes, "unlimited", edit+" --max-bytes=-1")
	expect(c.MaxMsgs < 0, "max messages", c.MaxMsgs, "unlimited", edit+" --max-msgs=-1")
	expect(c.MaxMsgsPerSubject < 0, "max messages per subject", c.MaxMsgsPerSubject, "unlimited", edit+" --max-msgs-per-subject=-1")
	expect(c.MaxMsgSize < 0 || c.MaxMsgSize >= log.MaxBytes+headerSpace, "max message size", c.MaxMsgSize, "unlimited", edit+" --max-msg-size=-1")
	expect(c.DenyDelete, "deny delete", false, true, again)
	expect(c.DenyPurge, "deny purge", false, true, again)
	expect(!c.AllowRollup, "allow rollup", true, false, edit+" --no-allow-rollup")
	expect(!c.AllowDirect, "allow direct", true, false, edit+" --no-allow-direct")
	expect(!c.NoAck, "no ack", true, false, edit+" --ack")
	expect(!c.Sealed, "sealed", true, false, again)
	expect(c.Duplicates > 0, "duplicate window", c.Duplicates, duplicateWindow, edit+" --dupe-window=2m")
	expect(c.FirstSeq <= 1, "first sequence", c.FirstSeq, 1, again)
	expect(c.Mirror == nil && len(c.Sources) == 0, "mirror or sources", "set", "none", "a copy is not the log: open the original")
	expect(c.SubjectTransform == nil, "subject transform", "set", "none", edit)
	expect(!c.AllowMsgTTL && c.SubjectDeleteMarkerTTL == 0, "message TTL", "allowed", "not allowed", again)
	expect(!c.AllowMsgCounter, "message counter", true, false, again)
	expect(!c.AllowMsgSchedules, "message schedules", true, false, again)
	expect(c.PersistMode == want.PersistMode, "persist mode", c.PersistMode, want.PersistMode, again)
	if len(wrong) > 0 {
		return fmt.Errorf("%w: stream %s: %s", log.ErrMisconfigured, o.Stream, strings.Join(wrong, "; "))
	}
	return nil
}
