package embedded

// What another process of the same operator needs to connect as the internal
// user: its name, and the file under the data directory with its password.
const (
	InternalUser = internal
	PasswordFile = passwordFile
)
