package pseudonym

import (
	"context"

	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/services/gateway/vault"
)

// replaceAccounts puts tokens in the place of the account numbers of events that
// are not refused. Where an account is assigned to a person, the number is sealed
// for that person as well.
func (r *Resolver) replaceAccounts(ctx context.Context, list []*events.Event, refused []events.Reasons) error {
	var assigned []*events.AccountAssigned
	var settled []*events.SettledLine
	for i, e := range list {
		switch d := e.Data.(type) {
		case *events.AccountAssigned:
			if refused[i] == nil {
				assigned = append(assigned, d)
			}
		case *events.PaymentSettled:
			for n := range d.Lines {
				if line := &d.Lines[n]; line.Number != "" {
					settled = append(settled, line)
				}
			}
		}
	}
	if err := r.sealAccounts(ctx, assigned); err != nil {
		return err
	}
	return r.replaceSettled(ctx, settled)
}

func (r *Resolver) sealAccounts(ctx context.Context, list []*events.AccountAssigned) error {
	if len(list) == 0 {
		return nil
	}
	accounts := make([]vault.Account, len(list))
	for i, d := range list {
		accounts[i] = vault.Account{Person: d.Person, Number: d.Number}
	}
	sealed, err := r.vault.Assign(ctx, accounts)
	if err != nil {
		return err
	}
	for i, d := range list {
		d.Account, d.Sealed, d.Number = sealed[i].Token, sealed[i].Sealed, ""
	}
	return nil
}

func (r *Resolver) replaceSettled(ctx context.Context, lines []*events.SettledLine) error {
	if len(lines) == 0 {
		return nil
	}
	numbers := make([]string, len(lines))
	for i, line := range lines {
		numbers[i] = line.Number
	}
	tokens, err := r.vault.Accounts(ctx, nil, numbers...)
	if err != nil {
		return err
	}
	for i, line := range lines {
		line.Account, line.Number = tokens[i], ""
	}
	return nil
}
