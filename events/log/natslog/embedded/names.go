package embedded

// What another process of the same operator needs to connect as the internal user:
// the name of the user, and the file in the data directory with its password, which
// is also that of the system user.
const (
	InternalUser = internal
	// AnswersUser takes requests, and may publish to reply subjects alone.
	AnswersUser  = answers
	SystemUser   = system
	PasswordFile = passwordFile
)
