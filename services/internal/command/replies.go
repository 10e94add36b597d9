package command

import "strings"

// The beginnings of the subjects on which requests over NATS are answered.
const (
	acrossAccounts = "_R_."    // the server made it, for a request from another account
	inbox          = "_INBOX." // the client made it, for a request in the same account
)

// MayAnswer reports whether a request over NATS that names a reply subject may be answered.
// NATS does not check the subject: whoever answers publishes with rights of its own, and so
// could be made to write to the log. Requests from other accounts have a subject that the
// server made. inboxes says whether the requests of one's own account are answered too;
// agencies must have no way to send these. A request without a reply subject may be taken:
// the answer goes nowhere.
func MayAnswer(reply string, inboxes bool) bool {
	return reply == "" || strings.HasPrefix(reply, acrossAccounts) || inboxes && strings.HasPrefix(reply, inbox)
}
