// Package contract holds what is generated from the code for those who
// integrate with it from outside. Its tests make it, and hold it to the code:
// the table of codes in the README of the services.
package contract
