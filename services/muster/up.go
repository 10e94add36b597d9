package main

import (
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/muster-works/muster/services/deployment"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// deploymentFlags adds the flags that say how a deployment is put together.
func deploymentFlags(f *pflag.FlagSet, c *deployment.Config) {
	f.StringVar(&c.Data, "data", "./muster-data", "directory of log, vault and views")
	f.StringVar(&c.HTTP, "http", "127.0.0.1:8080", "address of the HTTP API; port 0 takes a free one")
	f.StringVar(&c.Log, "log", "", "where the log is: nats://…, esdb://… or mem: (default: embedded JetStream, or that of --nats)")
	f.StringVar(&c.Auth, "auth", "", "the access file: who may submit and who may ask; needed on other addresses than loopback")
	f.StringVar(&c.TLSCert, "tls-cert", "", "file of the certificate (PEM) that HTTP and the embedded NATS answer with; needed on other addresses than loopback")
	f.StringVar(&c.TLSKey, "tls-key", "", "file of its key (PEM)")
	f.BoolVar(&c.Insecure, "insecure", false, "listen beyond loopback without TLS, because something in front speaks it")
	f.StringVar(&c.Vault, "vault", "", "where identities are kept: a directory, or postgres://… for several gateways (default: vault in --data)")
	f.StringVar(&c.VaultKey, "vault-key", "", "file of the vault's master key, the same for all its gateways (default: vault.key in --data)")
	f.StringVar(&c.Divisions, "divisions", "", "file of divisions, CSV code,level,name; what it says differently from the log holds from today on, see muster division (default: Shandong, 2022/23 edition)")
}

// setAsideFlag adds the flag of the commands that keep or build views.
func setAsideFlag(f *pflag.FlagSet, c *deployment.Config) {
	f.StringSliceVar(&c.SetAside, "set-aside", nil, "positions of events that the views leave out if they cannot be read, in place of stopping there")
}

// logger returns the operational log: warnings and errors, on standard error.
func logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// hangupSignals returns the SIGHUPs that arrive from now on. SIGHUP no longer ends the
// process, and asks it to read its access file again.
func hangupSignals() <-chan os.Signal {
	all := make(chan os.Signal, 1)
	signal.Notify(all, syscall.SIGHUP)
	return all
}

func upCommand() *cobra.Command {
	var c deployment.Config
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run everything in one process on an embedded log",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.Out, c.Logger, c.Reload = cmd.ErrOrStderr(), logger(), hangupSignals()
			return deployment.Up(cmd.Context(), c, func(a deployment.Addresses) {
				out := cmd.OutOrStdout()
				if c.Auth == "" {
					fmt.Fprintln(out, "anyone on this machine may submit, as the agency local with every right (no --auth)")
				}
				if c.Insecure && c.TLSCert == "" {
					fmt.Fprintln(out, "tokens and identities come in clear (--insecure): nobody else may reach these addresses or hear what passes")
				}
				fmt.Fprintf(out, "HTTP  %s\nNATS  %s\ndata  %s\nready\n", a.HTTP, a.NATS, c.Data)
			})
		},
	}
	f := cmd.Flags()
	deploymentFlags(f, &c)
	setAsideFlag(f, &c)
	f.StringVar(&c.Store, "store", "", "the read model: a directory, or a database as postgres://… (default: views in --data)")
	f.StringVar(&c.NATS, "nats", "127.0.0.1:4222", "address of the embedded NATS server, for agencies")
	f.StringVar(&c.Policy, "policy", "", "file of the policy pack that an empty log begins with (default: the reference programme's)")
	f.Float64Var(&c.Simulate, "simulate", 0, "load a synthetic province of this scale (0.001 to 1) into an empty log")
	f.Uint64Var(&c.Seed, "seed", 1, "of the synthetic province")
	return cmd
}

func serveCommand() *cobra.Command {
	var c deployment.Config
	cmd := &cobra.Command{
		Use:       "serve SERVICE",
		Short:     "Run one service alone against a NATS server that is elsewhere",
		Long:      "Run one service alone against a NATS server that is elsewhere.\n\nSERVICE is one of post hire training attendance payment exit registry review\npolicy gateway projector query.",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: deployment.Services(),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.Out, c.Logger, c.Reload = cmd.ErrOrStderr(), logger(), hangupSignals()
			return deployment.Serve(cmd.Context(), c, args[0], func(address string) {
				if address != "" {
					fmt.Fprintf(cmd.OutOrStdout(), "HTTP  %s\n", address)
				}
				fmt.Fprintln(cmd.OutOrStdout(), "ready")
			})
		},
	}
	f := cmd.Flags()
	deploymentFlags(f, &c)
	setAsideFlag(f, &c)
	f.StringVar(&c.NATS, "nats", "nats://127.0.0.1:4222", "the NATS server")
	f.BoolVar(&c.Standby, "standby", false, "projector: wait while another one keeps the views up to date, and take over when it is gone or shows no sign of life for 10 s")
	f.StringVar(&c.AnswersCreds, "answers-creds", "", "file like that of --creds, of a user that may publish _R_.> and _INBOX.> alone and answers requests (default: the internal user answers)")
	f.StringVar(&c.Creds, "creds", "", "file with the internal user's password (default: that of an embedded server in --data)")
	f.StringVar(&c.Store, "store", "", "the read model: a directory, or a database as postgres://… (default: views in --data)")
	return cmd
}
