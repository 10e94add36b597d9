package embedded

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/nats-io/nats-server/v2/server"
)

// SetAgencies replaces the agencies that may connect with credentials, without
// a restart. Connections of an agency that is no longer there, or no longer has
// the key or password that it came with, are closed; all others stay as they
// are. A list that says what the one before says changes nothing.
//
// When SetAgencies fails because an agency cannot be, the agencies before stay
// in force. When the server inside cannot take a list that is right, the next
// start of it does.
func (s *Server) SetAgencies(agencies []Agency) error {
	for _, a := range agencies {
		if err := a.check(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	before := s.agencies
	s.agencies = slices.Clone(agencies)
	s.mu.Unlock()
	return s.reloadAgencies(before)
}

// catchUp brings the agencies into force when they are others than those that
// the server inside was given before.
func (s *Server) reloadAgencies(before []Agency) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	s.mu.Lock()
	same := reflect.DeepEqual(s.agencies, before)
	s.mu.Unlock()
	if same {
		return nil
	}
	// Twice: nats-server (2.15.2) subscribes the imports of an account that a
	// reload brought at the reload after, and until then the account's
	// submissions have no responders.
	for range 2 {
		o, _, err := s.serverOptions()
		if err == nil {
			err = s.current().ReloadOptions(o)
		}
		if err != nil {
			return fmt.Errorf("embedded: change the agencies: %w", err)
		}
	}
	return nil
}

// serverOptions returns the options of the server inside, and the agencies that
// they let in.
func (s *Server) serverOptions() (*server.Options, []Agency, error) {
	s.mu.Lock()
	addr, agencies := s.addr, s.agencies
	s.mu.Unlock()
	text, err := s.config(addr, agencies)
	if err != nil {
		return nil, nil, err
	}
	o := &server.Options{}
	if err := o.ProcessConfigString(text); err != nil {
		return nil, nil, fmt.Errorf("embedded: configuration: %w", err)
	}
	o.NoSigs = true // signals are the process's affair
	o.TLSConfig = s.options.TLS
	return o, agencies, nil
}
