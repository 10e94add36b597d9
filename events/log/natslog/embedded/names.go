package embedded

// What another process of the same operator needs to connect as the internal
// user: its name, and the file under the data directory with its password,
// which is the system user's as well.
const (
	InternalUser = internal
	SystemUser   = system
	PasswordFile = passwordFile
)
