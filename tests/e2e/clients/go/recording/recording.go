// Package recording keeps what an HTTP client exchanged: one JSON line for each exchange, printed in the order in which
// they ended.
package recording

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"sync"
)

// Exchange is a request and its answer.
type Exchange struct {
	Method   string `json:"method"`
	Target   string `json:"target"`
	Request  string `json:"request"`
	Status   int    `json:"status"`
	Response string `json:"response"`
	// Together says that others were under way, so that the order tells nothing.
	Together bool `json:"together"`
}

// Transport is a client's way to the cluster.
type Transport struct {
	inner    http.RoundTripper
	mutex    sync.Mutex
	together bool
}

// New gives a transport with a connection pool of its own. Bodies are not compressed, so that they are what is captured.
func New() *Transport {
	return &Transport{inner: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 8}}
}

// Together is called before and after requests that run at once.
func (transport *Transport) Together(together bool) {
	transport.mutex.Lock()
	defer transport.mutex.Unlock()
	transport.together = together
}

// RoundTrip sends a request and prints what came of it.
func (transport *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	var sent bytes.Buffer
	if request.Body != nil {
		request.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(request.Body, &sent), request.Body}
	}
	response, err := transport.inner.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	transport.mutex.Lock()
	defer transport.mutex.Unlock()
	exchange := Exchange{request.Method, request.URL.RequestURI(), sent.String(), response.StatusCode, string(body), transport.together}
	return response, json.NewEncoder(os.Stdout).Encode(exchange)
}
