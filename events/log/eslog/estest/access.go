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

// unary checks the access of unary calls: the list of features is public.
func (s *Server) unary(ctx context.Context, request any, _ *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	s.faults.called()
	if err := s.faults.wait(ctx); err != nil {
		return nil, err
	}
	return handle(ctx, request)
}

// stream checks the access of all other calls.
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
		if err := s.checkPassword(call.Context()); err != nil {
			return err
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
	return s.restless(service, call, handle)
}

// checkPassword takes as long as the options say.
func (s *Server) checkPassword(ctx context.Context) error {
	if s.options.PasswordCost == 0 {
		return nil
	}
	select {
	case s.processors <- struct{}{}:
	case <-ctx.Done():
		s.gaveUp.Add(1)
		return ctx.Err()
	}
	defer func() { <-s.processors }()
	time.Sleep(s.options.PasswordCost)
	return nil
}

// GaveUp returns how many calls ended before their password was checked, by a
// deadline or by their caller.
func (s *Server) GaveUp() int { return int(s.gaveUp.Load()) }

// restless handles a call. If it is the call's turn, it cuts the connection.
func (s *Server) restless(service any, call grpc.ServerStream, handle grpc.StreamHandler) error {
	every := int64(s.options.Restless)
	n := s.streams.Add(1)
	if every == 0 || n%every != 0 {
		return handle(service, call)
	}
	if n/every%2 == 0 {
		s.cut(remote(call.Context()))
		return status.Error(codes.Unavailable, "unheard")
	}
	return handle(service, cutStream{call, s})
}

// A cutStream loses its connection when the first answer is sent.
type cutStream struct {
	grpc.ServerStream
	server *Server
}

// SendMsg implements grpc.ServerStream.
func (c cutStream) SendMsg(any) error {
	c.server.cut(remote(c.Context()))
	return status.Error(codes.Unavailable, "unheard")
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// selfSigned returns a certificate for 127.0.0.1.
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
