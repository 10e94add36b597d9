package estest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"net"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// unary guards the feature list, which anybody may see.
func (s *Server) unary(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	s.faults.called()
	if err := s.faults.wait(ctx); err != nil {
		return nil, err
	}
	return handle(ctx, request)
}

// stream guards everything else.
func (s *Server) stream(service any, call grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	s.faults.called()
	if err := s.faults.wait(call.Context()); err != nil {
		return err
	}
	if s.faults.take(func(f *faults) *int { return &f.falters }) {
		return status.Error(codes.Unknown, "Exception was thrown by handler.")
	}
	headers, _ := metadata.FromIncomingContext(call.Context())
	if s.options.User != "" {
		want := "Basic " + base64.StdEncoding.EncodeToString([]byte(s.options.User+":"+s.options.Password))
		if got := headers.Get("authorization"); len(got) != 1 || got[0] != want {
			return status.Error(codes.Unauthenticated, "Bad credentials")
		}
	}
	if leader := s.options.Leader; leader != nil && strings.EqualFold(first(headers.Get("requires-leader")), "true") {
		host, port, err := net.SplitHostPort(leader.addr)
		if err != nil {
			return err
		}
		call.SetTrailer(metadata.Pairs("exception", "not-leader", "leader-endpoint-host", host, "leader-endpoint-port", port))
		return status.Error(codes.NotFound, "Leader info available")
	}
	return handle(service, call)
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// selfSigned makes a certificate for 127.0.0.1.
func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}
