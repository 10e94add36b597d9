package contract_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/muster-works/muster/events"
	"github.com/muster-works/muster/events/log"
	"github.com/muster-works/muster/events/log/natslog"
	"github.com/muster-works/muster/services/gateway"
)

// TestAsyncAPI fails if asyncapi.json differs from the document that the code gives.
func TestAsyncAPI(t *testing.T) { freshFile(t, "asyncapi.json", asyncAPI(t)) }

// An object is a part of the document. It is a plain map because there is no maintained Go
// library for AsyncAPI 3.
type object = map[string]any

// asyncAPI returns the document: what agencies send over NATS, the answers, and the log for
// those who may read it.
func asyncAPI(t *testing.T) object {
	t.Helper()
	huma.DefaultArrayNullable = false
	registry := answers(t)
	const prefix = "#/components/schemas/"
	receipts := schemaOf(registry, gateway.Requests()[0].Answers)
	open(registry)
	schemas := object{}
	for name, s := range registry.Map() {
		schemas[name] = s
	}
	schemas["Problem"] = problem()
	for name, s := range eventSchemas(t, prefix) {
		schemas[name] = s
	}
	maps.DeleteFunc(schemas, func(name string, _ any) bool { return name == "Answer" })
	answer := registry.SchemaFromRef(receipts.Ref)
	delete(answer.Properties, "problem") // only streams have it, and NATS answers are no streams
	schemas["Receipts"] = answer

	submission, record := ref(prefix+"submission"), ref(prefix+"record")
	text := func(says string) object { return object{"type": "string", "description": says} }
	return object{
		"asyncapi": "3.0.0",
		"id":       "urn:muster:nats",
		"info": object{
			"title": "Muster", "version": "1.0.0", "license": object{"name": "Apache-2.0"},
			"description": "Events over NATS: agencies submit them by request and reply; whoever may read the log follows the stream " + natslog.Stream + ".",
		},
		"defaultContentType": "application/json",
		"servers": object{"instance": object{
			"host": "127.0.0.1:4222", "protocol": "nats", "description": "where muster up listens if not told otherwise",
			"security": []object{ref("#/components/securitySchemes/nkey"), ref("#/components/securitySchemes/user")},
		}},
		"channels": object{
			"submit": object{
				"address": strings.ReplaceAll(gateway.Subject, "*", "{agency}"), "title": "Where an agency submits",
				"description": "Requests; an agency's key may publish to its own subject alone.",
				"parameters":  object{"agency": object{"description": "the agency's name; local on a loopback address without --auth"}},
				"messages":    object{"submission": ref("#/components/messages/submission")},
			},
			"inbox": object{
				"address": nil, "title": "Where the answer comes", "description": "The reply subject of the request, under _INBOX.{agency}.",
				"messages": object{"receipts": ref("#/components/messages/receipts"), "problem": ref("#/components/messages/problem")},
			},
			"log": object{
				"address": natslog.Prefix + ".{boundary}", "title": "The log",
				"description": "The stream " + natslog.Stream + ", which denies delete and purge. Services alone write to it; read it with an ordered consumer.",
				"parameters":  object{"boundary": object{"description": "what the commit was decided in", "enum": slices.Sorted(slices.Values(events.Boundaries()))}},
				"messages":    object{"commit": ref("#/components/messages/commit")},
			},
		},
		"operations": object{
			"submit": object{
				"action": "receive", "channel": ref("#/channels/submit"), "title": "Submit events",
				"description": "The same event may be sent any number of times; it is taken once. When no answer comes, or a problem of status 429 or 503, send the same again.",
				"reply":       object{"channel": ref("#/channels/inbox"), "messages": []object{ref("#/channels/inbox/messages/receipts"), ref("#/channels/inbox/messages/problem")}},
			},
			"follow": object{"action": "send", "channel": ref("#/channels/log"), "title": "Follow the log"},
		},
		"components": object{
			"schemas": schemas,
			"securitySchemes": object{
				"nkey": object{"type": "asymmetricEncryption", "description": "the seed of the agency's NKey; none on a loopback address without --auth"},
				"user": object{"type": "userPassword", "description": "the agency's name and password, where it has them in the place of a key"},
			},
			"messages": object{
				"submission": object{
					"title": "One event, or an array of at most 1000", "contentType": "application/json",
					"payload": object{"oneOf": []object{submission, {"type": "array", "items": submission, "maxItems": 1000}}},
					"headers": object{"type": "object", "properties": object{
						gateway.DryRunHeader: object{"type": "string", "enum": []string{"true", "false"}, "description": "true asks what would become of it, and writes nothing"},
						"Accept-Language":    text(acceptLanguage),
						gateway.ImportHeader: object{"type": "string", "enum": []string{"true", "false"}, "description": "true brings recorded times along; an operator's right"},
					}},
				},
				"receipts": object{
					"title": "A receipt for each event, in their order", "payload": ref(prefix + "Receipts"),
					"headers": object{"type": "object", "required": []string{gateway.CorrelationHeader}, "properties": object{
						gateway.CorrelationHeader: text("names the submission, as the events do in correlationid"),
					}},
				},
				"problem": object{
					"title": "The submission failed as a whole", "payload": ref(prefix + "Problem"),
					"headers": object{"type": "object", "required": []string{"Nats-Service-Error-Code"}, "properties": object{
						"Nats-Service-Error-Code": text("the status that HTTP would have"), "Nats-Service-Error": text("its title"),
					}},
				},
				"commit": object{
					"title": "What one decision round appended: all or none", "contentType": log.ContentType,
					"payload": object{"type": "array", "items": record, "minItems": 1},
					"headers": object{"type": "object", "required": []string{"Nats-Msg-Id", "Nats-Expected-Last-Subject-Sequence", "Content-Type", "Muster-Events"}, "properties": object{
						"Nats-Msg-Id": text("id of the commit"), "Nats-Expected-Last-Subject-Sequence": text("the sequence on the subject that it was decided on"),
						"Content-Type": object{"const": log.ContentType}, "Muster-Events": text("how many events it has"), "Muster-Recorded": text("of an import: its recorded time"),
					}},
				},
			},
		},
	}
}

// ref returns a reference to a part of the document.
func ref(to string) object { return object{"$ref": to} }
