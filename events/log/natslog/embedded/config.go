package embedded

import (
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Users and accounts that are always there.
const (
	internal = "internal"
	system   = "system"
	// Local is the agency of whoever connects without credentials.
	Local = "local"
)

// An Agency may submit over NATS. It has either a user name with a password,
// or an NKey.
type Agency struct {
	// Name is 1 to 63 of a-z, 0-9 and -, and the last part of the subject
	// that the agency may publish.
	Name string
	// User and PasswordBcrypt are its login; the password is stored as its
	// bcrypt hash.
	User, PasswordBcrypt string
	// NKey is a user's public key (U…).
	NKey string
}

var (
	agencyName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	bcryptHash = regexp.MustCompile(`^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$`)
	userNKey   = regexp.MustCompile(`^U[A-Z2-7]{55}$`)
	userName   = regexp.MustCompile(`^[!-~]{1,64}$`)
)

func (a Agency) check() error {
	switch {
	case !agencyName.MatchString(a.Name):
		return fmt.Errorf("embedded: agency %q: want 1 to 63 of a-z, 0-9 and -", a.Name)
	case a.Name == Local:
		return fmt.Errorf("embedded: agency %q is the one without credentials", a.Name)
	case a.NKey != "" && (a.User != "" || a.PasswordBcrypt != ""):
		return fmt.Errorf("embedded: agency %s has an NKey and a password: choose one", a.Name)
	case a.NKey != "" && !userNKey.MatchString(a.NKey):
		return fmt.Errorf("embedded: agency %s: %q is no public user NKey (U…)", a.Name, a.NKey)
	case a.NKey == "" && (!userName.MatchString(a.User) || !bcryptHash.MatchString(a.PasswordBcrypt)):
		return fmt.Errorf("embedded: agency %s: want an NKey, or a user and the bcrypt hash of a password", a.Name)
	case a.User == internal || a.User == system || a.User == Local:
		return fmt.Errorf("embedded: agency %s: user name %q is taken", a.Name, a.User)
	}
	return nil
}

// config is the server's configuration in its own language, so that an
// operator can compare it with that of an external server.
func (s *Server) config() (string, error) {
	host, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		return "", fmt.Errorf("embedded: address %q: %w", s.addr, err)
	}
	if port == "0" {
		port = "-1"
	}
	if host == "" {
		host = "0.0.0.0"
	}
	dir, err := filepath.Abs(s.options.Dir)
	if err != nil {
		return "", fmt.Errorf("embedded: %w", err)
	}
	loopback := host == "localhost" || net.ParseIP(host).IsLoopback()
	var b strings.Builder
	fmt.Fprintf(&b, `
listen: %s
server_name: muster
max_payload: %d
jetstream {
  store_dir: %s
  sync_interval: always
  max_file: 1PB  # the disk is the limit
  max_mem: 256MB
}
system_account: SYS
`, quote(net.JoinHostPort(host, port)), MaxPayload, quote(filepath.Join(dir, storeDir)))
	if loopback {
		fmt.Fprintf(&b, "no_auth_user: %s\n", Local)
	}
	fmt.Fprintf(&b, `
accounts {
  SYS { users: [{user: %s, password: %s}] }
  MUSTER {
    jetstream: enabled
    users: [{user: %s, password: %s}]
    exports: [
      {service: "muster.submit.*"}
      {service: "$SRV.PING", response_type: stream}
      {service: "$SRV.PING.>", response_type: stream}
      {service: "$SRV.INFO", response_type: stream}
      {service: "$SRV.INFO.>", response_type: stream}
    ]
  }
`, system, quote(s.password), internal, quote(s.password))
	if loopback {
		s.agency(&b, Agency{Name: Local, User: Local},
			"$SRV.PING", "$SRV.PING.>", "$SRV.INFO", "$SRV.INFO.>")
	}
	for _, a := range s.options.Agencies {
		s.agency(&b, a)
	}
	b.WriteString("}\n")
	return b.String(), nil
}

// agency writes the account of a, which may also ask what the extra subjects
// say.
func (s *Server) agency(b *strings.Builder, a Agency, extra ...string) {
	subjects := append([]string{"muster.submit." + a.Name}, extra...)
	login := fmt.Sprintf("nkey: %s", a.NKey)
	if a.NKey == "" {
		login = fmt.Sprintf("user: %s, password: %s", quote(a.User), quote(a.PasswordBcrypt))
		if a.Name == Local {
			// Nobody logs in as local, one becomes it.
			login = fmt.Sprintf("user: %s, password: %s", Local, quote(s.password))
		}
	}
	imports, publish := make([]string, len(subjects)), make([]string, len(subjects))
	for i, subject := range subjects {
		publish[i] = quote(subject)
		imports[i] = fmt.Sprintf("{service: {account: MUSTER, subject: %s}}", publish[i])
	}
	fmt.Fprintf(b, `  "agency-%s" {
    users: [{%s, permissions: {publish: [%s], subscribe: ["_INBOX.>"]}}]
    imports: [%s]
  }
`, a.Name, login, strings.Join(publish, ", "), strings.Join(imports, ", "))
}

func quote(s string) string { return strconv.Quote(s) }
