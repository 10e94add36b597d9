package main

import (
	"path/filepath"
	"testing"

	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/events/log/natslog/embedded"
)

// An externalServer is a NATS server that is not part of a deployment. Services run
// against it, each in a process of its own. It has no log before provision is called.
type externalServer struct {
	t      *testing.T
	dir    string
	server *embedded.Server
}

func startExternalServer(t *testing.T) *externalServer {
	t.Helper()
	dir := t.TempDir()
	server, err := embedded.Start(embedded.Options{Dir: filepath.Join(dir, "nats"), Addr: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	return &externalServer{t, dir, server}
}

func (e *externalServer) provision() {
	e.t.Helper()
	nc, err := e.server.Connect()
	if err != nil {
		e.t.Fatal(err)
	}
	defer nc.Close()
	if err := natslog.Provision(e.t.Context(), nc, natslog.Options{}); err != nil {
		e.t.Fatal(err)
	}
}

// command returns the arguments that serve a service against the server. args may name
// another data directory.
func (e *externalServer) command(service string, args ...string) []string {
	return append([]string{"serve", service, "--nats", e.server.ClientURL(), "--creds", filepath.Join(e.dir, "nats", embedded.PasswordFile),
		"--data", filepath.Join(e.dir, "data"), "--http", "127.0.0.1:0"}, args...)
}

func (e *externalServer) serve(service string, args ...string) *instance {
	e.t.Helper()
	return start(e.t, e.command(service, args...)...)
}
