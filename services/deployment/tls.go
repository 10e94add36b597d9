package deployment

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/nats-io/nats.go"
)

// tls loads the certificate that the deployment's addresses answer with, nil
// where they answer in clear. A renewed one is read at the next start.
func (c *Config) loadTLS() (*tls.Config, error) {
	if c.TLSCert == "" && c.TLSKey == "" {
		return nil, nil
	}
	if c.TLSCert == "" || c.TLSKey == "" {
		return nil, errors.New("--tls-cert and --tls-key belong together: give both files or neither")
	}
	pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert, --tls-key: %w", err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// guard refuses to listen beyond loopback without credentials or in clear:
// what agencies send holds identities, and their tokens.
func (c *Config) checkExposure(flag, addr string) error {
	switch {
	case isLoopback(addr):
		return nil
	case c.Auth == "":
		return fmt.Errorf("%s %s is no loopback address: anyone who reaches it could submit; give --auth FILE with the agencies that may, or listen on 127.0.0.1", flag, addr)
	case c.TLSCert == "" && !c.Insecure:
		return fmt.Errorf("%s %s is no loopback address: tokens and identities would cross the network in clear; give --tls-cert and --tls-key, or --insecure where something in front of it speaks TLS", flag, addr)
	}
	return nil
}

// listen takes an address for HTTP and returns how it is reached.
func (c *Config) listen() (net.Listener, string, error) {
	secure, err := c.loadTLS()
	if err != nil {
		return nil, "", err
	}
	l, err := net.Listen("tcp", c.HTTP)
	if err != nil {
		return nil, "", fmt.Errorf("--http: %w", err)
	}
	if secure == nil {
		return l, "http://" + l.Addr().String(), nil
	}
	secure.NextProtos = []string{"h2", "http/1.1"}
	return tls.NewListener(l, secure), "https://" + l.Addr().String(), nil
}

// pinned lets a command on the same machine connect to a deployment by the very
// certificate that it answers with, whatever names stand in it.
func pinCertificate(file string) (nats.Option, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the deployment's certificate: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("the deployment's certificate: %s is not PEM", file)
	}
	return nats.Secure(&tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, // in favour of more
		VerifyConnection: func(s tls.ConnectionState) error {
			if !bytes.Equal(s.PeerCertificates[0].Raw, block.Bytes) {
				return fmt.Errorf("the server's certificate is not the one in %s", file)
			}
			return nil
		},
	}), nil
}
