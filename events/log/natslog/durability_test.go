package natslog_test

import (
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
)

func TestDurabilities(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := embedded.Start(embedded.Options{Dir: dir, Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Shutdown()
	login, err := embedded.SystemCredentials(dir)
	if err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect(s.ClientURL(), login)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if got, err := natslog.Durabilities(t.Context(), nc); err != nil || len(got) != 1 || !got[0].Always || got[0].Server != "muster" {
		t.Errorf("embedded: %+v, %v", got, err)
	}
	if got, err := natslog.Durabilities(t.Context(), connect(t, s)); !errors.Is(err, log.ErrUnavailable) {
		t.Errorf("asked as internal: %+v, %v", got, err)
	}

	system := server.NewAccount("$SYS")
	other := plain(t, &server.Options{JetStream: true, StoreDir: t.TempDir(), SyncInterval: 7 * time.Minute,
		Accounts: []*server.Account{system}, SystemAccount: "$SYS",
		Users:      []*server.User{{Username: "sys", Password: "sys", Account: system}},
		NoAuthUser: "sys"})
	got, err := natslog.Durabilities(t.Context(), other)
	if err != nil || len(got) != 1 || got[0].Always || got[0].Interval != 7*time.Minute {
		t.Errorf("every seven minutes: %+v, %v", got, err)
	}
}
