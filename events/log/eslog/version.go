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

// explainVersion replaces an error that means that the client cannot read the
// server's version. The client accepts versions of three numbers, such as 24.10.0.
// For any other version its discovery fails with a text that hides the reason.
func explainVersion(ctx context.Context, config *esdb.Configuration, err error) error {
	var number *strconv.NumError
	if !errors.As(err, &number) {
		return err
	}
	version := askVersion(ctx, config)
	if version == "" {
		version = number.Num // the part that is not a number
	}
	return fmt.Errorf("%w: EventStoreDB: the server says that its version is %q, and the client library reads release versions alone, such as 24.10.0: use a released server", log.ErrMisconfigured, version)
}

// askVersion returns the version that the first server to answer reports, or "" if
// none answers.
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
		// This is like the client, but without the user's own certificate: the
		// version is public.
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
