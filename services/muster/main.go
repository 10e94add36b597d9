// Command muster runs and asks a Muster deployment: everything in one process,
// one service alone, or a client of a running one.
//
// Every flag has an environment variable: MUSTER_ and its name in capitals,
// with _ for -. A flag on the command line wins.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // an image without time zones has none

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := root().ExecuteContext(ctx)
	if err == nil {
		return
	}
	if !errors.Is(err, errSilent) {
		fmt.Fprintln(os.Stderr, "muster:", err)
	}
	os.Exit(1)
}

// errSilent ends with exit code 1 when the output has said why.
var errSilent = errors.New("")

func root() *cobra.Command {
	cmd := &cobra.Command{
		Use:           "muster",
		Short:         "An event-sourced workforce lifecycle engine",
		SilenceUsage:  true,
		SilenceErrors: true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return fromEnvironment(cmd.Flags(), os.LookupEnv)
		},
	}
	cmd.AddCommand(upCommand(), serveCommand(), simulateCommand(), publishCommand(),
		queryCommand(), trailCommand(), replayCommand(), statusCommand(),
		logCommand(), provisionCommand(), eraseCommand(), revealCommand(), agencyCommand(), readerCommand(), policyCommand())
	return cmd
}

// fromEnvironment sets the flags that the command line left out.
func fromEnvironment(flags *pflag.FlagSet, lookup func(string) (string, bool)) error {
	var err error
	flags.VisitAll(func(f *pflag.Flag) {
		name := "MUSTER_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		if s, ok := lookup(name); ok && !f.Changed && err == nil {
			if bad := flags.Set(f.Name, s); bad != nil {
				err = fmt.Errorf("%s: %w", name, bad)
			}
		}
	})
	return err
}
