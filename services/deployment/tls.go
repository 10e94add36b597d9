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

// loadTLS loads the certificate of the addresses that the deployment listens on, nil if
// they are without TLS. A renewed certificate takes effect at the next start.
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

// checkExposure refuses to listen beyond loopback without an access file or without
// TLS: submissions hold identities, and requests hold tokens. flag names the address in
// errors.
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

// listen listens on the address for HTTP, with TLS if there is a certificate. It
// returns the URL at which the address is reached.
func (c *Config) listen() (net.Listener, string, error) {
	secure, err := c.loadTLS()
	if err != nil {
		return nil, "", err
	}
	l, err := net.Listen("tcp", c.HTTP)
	if err != nil {
		return nil, "", fmt.Errorf("--http: %w", err)
	}
	l = limitConnections(l, connectionsAllowed(), c.warn)
	if secure == nil {
		return l, "http://" + l.Addr().String(), nil
	}
	secure.NextProtos = []string{"h2", "http/1.1"}
	return tls.NewListener(l, secure), "https://" + l.Addr().String(), nil
}

// pinCertificate returns an option that accepts the certificate in file and no other
// one, whatever host names are in it. A command on the machine of the deployment
// connects with the certificate that the deployment itself uses.
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
		InsecureSkipVerify: true, // VerifyConnection verifies more strictly
		VerifyConnection: func(s tls.ConnectionState) error {
			if !bytes.Equal(s.PeerCertificates[0].Raw, block.Bytes) {
				return fmt.Errorf("the server's certificate is not the one in %s", file)
			}
			return nil
		},
	}), nil
}
