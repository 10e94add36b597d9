package eslog

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strconv"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/muster-works/muster/events/log"
)

// legible replaces an error of the client that means it cannot read the server's
// version. The client takes versions of three plain numbers, such as 24.10.0, and
// gives up in discovery on any other, with a text that hides why.
func explainVersion(ctx context.Context, config *esdb.Configuration, err error) error {
	var number *strconv.NumError
	if !errors.As(err, &number) {
		return err
	}
	version := askVersion(ctx, config)
	if version == "" {
		version = number.Num // the part that is no number
	}
	return fmt.Errorf("%w: EventStoreDB: the server says that its version is %q, and the client library reads release versions alone, such as 24.10.0: use a released server", log.ErrMisconfigured, version)
}

// askVersion returns the version that the first server to answer gives itself, or
// nothing when none does.
func askVersion(ctx context.Context, config *esdb.Configuration) string {
	addresses := []string{config.Address}
	for _, seed := range config.GossipSeeds {
		addresses = append(addresses, seed.String())
	}
	for _, address := range addresses {
		if version, err := versionAt(ctx, config, address); err == nil {
			return version
		}
	}
	return ""
}

func versionAt(ctx context.Context, config *esdb.Configuration, address string) (string, error) {
	transport := insecure.NewCredentials()
	if !config.DisableTLS {
		// As the client does, a certificate of the user's own left aside: anybody
		// may ask for the version.
		transport = credentials.NewTLS(&tls.Config{InsecureSkipVerify: config.SkipCertificateVerification, RootCAs: config.RootCAs})
	}
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(transport))
	if err != nil {
		return "", err
	}
	defer connection.Close()
	features, err := serverfeatures.NewServerFeaturesClient(connection).GetSupportedMethods(ctx, &shared.Empty{})
	return features.GetEventStoreServerVersion(), err
}
