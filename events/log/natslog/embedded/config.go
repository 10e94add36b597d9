package embedded

import (
	"fmt"
	"net"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// The users and accounts that always exist.
const (
	internal    = "internal"
	system      = "system"
	answers     = "answers"
	mainAccount = "MUSTER" // account of the internal user, the stream and the services
	// Local is the agency of connections without credentials.
	Local = "local"
)

// An Agency may submit over NATS. It has a user name with a password, or an NKey, or
// two NKeys while it changes from one to the other.
type Agency struct {
	// Name is 1 to 63 characters of a-z, 0-9 and -. It is the last part of the
	// subject on which the agency publishes.
	Name string
	// User and PasswordBcrypt are the login with a password. PasswordBcrypt is the
	// bcrypt hash of the password.
	User, PasswordBcrypt string
	// NKeys are public user keys (U…).
	NKeys []string
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
	case len(a.NKeys) > 0 && (a.User != "" || a.PasswordBcrypt != ""):
		return fmt.Errorf("embedded: agency %s has an NKey and a password: choose one", a.Name)
	case len(a.NKeys) == 0 && (!userName.MatchString(a.User) || !bcryptHash.MatchString(a.PasswordBcrypt)):
		return fmt.Errorf("embedded: agency %s: want an NKey, or a user and the bcrypt hash of a password", a.Name)
	case a.User == internal || a.User == system || a.User == answers || a.User == Local:
		return fmt.Errorf("embedded: agency %s: user name %q is taken", a.Name, a.User)
	}
	for _, key := range a.NKeys {
		if !userNKey.MatchString(key) {
			return fmt.Errorf("embedded: agency %s: %q is no public user NKey (U…)", a.Name, key)
		}
	}
	return nil
}

// config returns the configuration in the language of nats-server, so that an
// operator can compare it with that of an external server.
func (s *Server) config(addr string, agencies []Agency) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("embedded: address %q: %w", addr, err)
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
	password := quote(s.password)
	begin(&b, password, password, password)
	if loopback {
		// Connections without credentials get the user local; nobody can log in as
		// local.
		account(&b, Local, []string{fmt.Sprintf("user: %s, password: %s", Local, password)},
			"$SRV.PING", "$SRV.PING.>", "$SRV.INFO", "$SRV.INFO.>")
	}
	for _, a := range agencies {
		account(&b, a.Name, a.logins())
	}
	b.WriteString("}\n")
	return b.String(), nil
}

// The environment variables from which the configuration of External reads passwords.
const (
	InternalVariable = "MUSTER_INTERNAL_PASSWORD"
	SystemVariable   = "MUSTER_SYSTEM_PASSWORD"
	AnswersVariable  = "MUSTER_ANSWERS_PASSWORD"
)

// External returns the part of a configuration file that confines agencies on a
// server that is not embedded as they are confined here. That server reads the
// passwords of the users internal, system and answers, or their bcrypt hashes, from its
// environment. A password must begin with a letter or with $2a$.
func External(agencies []Agency) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, `# Muster's part of a NATS server's configuration. What is yours beside it: listen,
# tls, cluster, and a jetstream block with the line
#   sync_interval: always
# or a power cut loses commits whose receipts are out. The server's environment
# holds %s, %s and
# %s: passwords that begin with a letter, or their bcrypt hashes.
max_payload: %d
system_account: SYS
`, InternalVariable, SystemVariable, AnswersVariable, MaxPayload)
	begin(&b, "$"+InternalVariable, "$"+SystemVariable, "$"+AnswersVariable)
	for _, a := range agencies {
		if err := a.check(); err != nil {
			return "", err
		}
		account(&b, a.Name, a.logins())
	}
	b.WriteString("}\n")
	return b.String(), nil
}

// begin writes the accounts that always exist. The user answers takes requests and answers
// them. It may publish to reply subjects alone: those of requests from other accounts, and
// inboxes. Whatever subject a request names for its answer, it cannot be one of the log.
func begin(b *strings.Builder, internalPassword, systemPassword, answersPassword string) {
	fmt.Fprintf(b, `
accounts {
  SYS { users: [{user: %s, password: %s}] }
  %s {
    jetstream: enabled
    users: [
      {user: %s, password: %s}
      {user: %s, password: %s, permissions: {publish: ["_R_.>", "_INBOX.>"], subscribe: ["muster.submit.*", "muster.svc.*", "$SRV.>", "_INBOX.>"]}}
    ]
    exports: [
      {service: "muster.submit.*"}
      {service: "$SRV.PING", response_type: stream}
      {service: "$SRV.PING.>", response_type: stream}
      {service: "$SRV.INFO", response_type: stream}
      {service: "$SRV.INFO.>", response_type: stream}
    ]
  }
`, system, systemPassword, mainAccount, internal, internalPassword, answers, answersPassword)
}

// logins returns the login of each user of an agency, in the configuration language.
func (a Agency) logins() (list []string) {
	for _, key := range a.NKeys {
		list = append(list, "nkey: "+key)
	}
	if len(list) == 0 {
		list = append(list, fmt.Sprintf("user: %s, password: %s", quote(a.User), quote(a.PasswordBcrypt)))
	}
	return list
}

// account writes the account of an agency, which may also publish on the extra
// subjects. Each login is a user with the same permissions.
func account(b *strings.Builder, name string, logins []string, extra ...string) {
	subjects := append([]string{"muster.submit." + name}, extra...)
	imports, publish := make([]string, len(subjects)), make([]string, len(subjects))
	for i, subject := range subjects {
		publish[i] = quote(subject)
		imports[i] = fmt.Sprintf("{service: {account: %s, subject: %s}}", mainAccount, publish[i])
	}
	users := make([]string, len(logins))
	for i, login := range logins {
		users[i] = fmt.Sprintf(`{%s, permissions: {publish: [%s], subscribe: ["_INBOX.>"]}}`, login, strings.Join(publish, ", "))
	}
	fmt.Fprintf(b, `  "agency-%s" {
    users: [%s]
    imports: [%s]
  }
`, name, strings.Join(users, ", "), strings.Join(imports, ", "))
}

func quote(s string) string { return strconv.Quote(s) }
