package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/muster-works/muster/events"
	"github.com/spf13/pflag"
)

// A client sends requests to a running instance.
type client struct {
	to, token, tokenFile string
	lang                 language
}

func (c *client) flags(f *pflag.FlagSet) {
	f.StringVar(&c.to, "to", "http://127.0.0.1:8080", "address of the running instance")
	f.StringVar(&c.token, "token", "", "the token, where the instance asks for one; other users of the machine may see it")
	f.StringVar(&c.tokenFile, "token-file", "", "file of the token")
	c.lang = languageOf(os.Getenv("LC_ALL"), os.Getenv("LC_MESSAGES"), os.Getenv("LANG"))
	f.Var(&c.lang, "lang", "language of refusals: zh or en")
}

// hasNoToken reports whether no flag gives a token.
func (c *client) hasNoToken() bool { return c.token == "" && c.tokenFile == "" }

// bearer returns the token, empty if there is none.
func (c *client) bearer() (string, error) {
	switch {
	case c.tokenFile == "":
		return c.token, nil
	case c.token != "":
		return "", errors.New("--token, --token-file: both are given, by flags or by MUSTER_TOKEN and MUSTER_TOKEN_FILE; leave one")
	}
	text, err := os.ReadFile(c.tokenFile)
	if err != nil {
		return "", fmt.Errorf("--token-file: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" || strings.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("--token-file %s: want the token and nothing else", c.tokenFile)
	}
	return token, nil
}

// do sends a request and returns the response if its status is 2xx. Otherwise the error
// is a statusError with the explanation of the instance, or says that the instance
// cannot be reached.
func (c *client) do(ctx context.Context, method, path string, query url.Values, header http.Header, body io.Reader) (*http.Response, error) {
	address := strings.TrimSuffix(c.to, "/") + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, method, address, body)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept-Language", string(c.lang))
	for k, v := range header {
		r.Header[k] = v
	}
	token, err := c.bearer()
	if err != nil {
		return nil, err
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, fmt.Errorf("no answer from %s (is it running? start one with: muster up): %w", c.to, err)
	}
	if resp.StatusCode/100 == 2 {
		return resp, nil
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	var problem struct {
		Detail string `json:"detail"`
	}
	if json.Unmarshal(text, &problem) == nil && problem.Detail != "" {
		text = []byte(problem.Detail)
	}
	return nil, &statusError{resp.StatusCode, resp.Header.Get("Retry-After"), strings.TrimSpace(string(text))}
}

// A statusError is the refusal of a whole request by the instance.
type statusError struct {
	code       int
	retryAfter string
	text       string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("the instance answers %d %s: %s", e.code, http.StatusText(e.code), e.text)
}

// get asks for a document of media type accept and calls fn with its body.
func (c *client) get(ctx context.Context, path string, query url.Values, accept string, fn func(io.Reader) error) error {
	resp, err := c.do(ctx, http.MethodGet, path, query, http.Header{"Accept": {accept}}, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return fn(resp.Body)
}

// submit submits one event and returns its receipt.
func (c *client) submit(ctx context.Context, e *events.Event) (r events.Receipt, err error) {
	raw, err := e.Append(nil)
	if err != nil {
		return r, err
	}
	resp, err := c.do(ctx, http.MethodPost, "/v1/events", nil, http.Header{"Content-Type": {"application/cloudevents+json"}}, bytes.NewReader(raw))
	if err != nil {
		return r, err
	}
	defer resp.Body.Close()
	var answer struct {
		Receipts []events.Receipt `json:"receipts"`
	}
	if err := json.UnmarshalRead(resp.Body, &answer); err != nil || len(answer.Receipts) != 1 {
		return r, fmt.Errorf("read the receipt: %w; ask again, it is the same one", err)
	}
	return answer.Receipts[0], nil
}

// personRequest sends a request about one person, whose body is the JSON of wish, and
// returns the answer as indented JSON. what is the last part of the path.
func (c *client) personRequest(ctx context.Context, pseudonym, what string, wish any) (string, error) {
	body, err := json.Marshal(wish)
	if err != nil {
		return "", err
	}
	resp, err := c.do(ctx, http.MethodPost, "/v1/persons/"+url.PathEscape(pseudonym)+"/"+what, nil,
		http.Header{"Content-Type": {"application/json"}}, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	answer := jsontext.Value(text)
	if err == nil {
		err = answer.Indent(jsontext.WithIndent("  "))
	}
	if err != nil {
		return "", fmt.Errorf("read the answer: %w; ask again", err)
	}
	return string(answer), nil
}
