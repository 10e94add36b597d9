package embedded

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/nats-io/nats-server/v2/server"
)

// SetAgencies replaces the agencies that may connect with credentials, without a
// restart. It closes the connections of agencies that are no longer in the list, and
// those whose key or password is no longer valid. It does not touch other
// connections. A list equal to the previous one changes nothing.
//
// If an agency in the list is invalid, SetAgencies returns an error and the previous
// list stays in force. If the NATS server cannot load a valid list, the list takes
// effect when it starts the next time.
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

// reloadAgencies loads the agencies into the NATS server, if they differ from those
// loaded before.
func (s *Server) reloadAgencies(before []Agency) error {
	s.changing.Lock()
	defer s.changing.Unlock()
	s.mu.Lock()
	same := reflect.DeepEqual(s.agencies, before)
	s.mu.Unlock()
	if same {
		return nil
	}
	// The reload is done twice. nats-server (2.15.2) subscribes the imports of a new
	// account only at the reload after the one that added it. Until then submissions
	// of the account have no responders.
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

// serverOptions returns the options of the NATS server, and the agencies that they
// admit.
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
	o.NoSigs = true // the process handles signals
	o.TLSConfig = s.options.TLS
	return o, agencies, nil
}
