package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// message is what Janus answers and tells, as far as it matters here.
type message struct {
	Janus       string `json:"janus"`
	Transaction string `json:"transaction"`
	Sender      uint64 `json:"sender"`
	Data        struct {
		ID uint64 `json:"id"`
	} `json:"data"`
	Error struct {
		Code   int    `json:"code"`
		Reason string `json:"reason"`
	} `json:"error"`
	PluginData struct {
		Data json.RawMessage `json:"data"`
	} `json:"plugindata"`
	JSEP *jsep `json:"jsep"`
}

type jsep struct {
	Type string `json:"type"`
	SDP  string `json:"sdp"`
}

// gateway is a session of Janus's HTTP API that all viewers share: one long poll serves them all, so that what is
// measured is media.
type gateway struct {
	url          string
	client       *http.Client
	transactions atomic.Uint64
	mutex        sync.Mutex
	handles      map[uint64]chan message
}

func dial(url string) (*gateway, error) {
	g := &gateway{
		client:  &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
		handles: map[uint64]chan message{},
	}
	created, err := g.post(url, map[string]any{"janus": "create"})
	if err != nil {
		return nil, err
	}
	g.url = url + "/" + strconv.FormatUint(created.Data.ID, 10)
	go g.poll()
	return g, nil
}

func (g *gateway) post(url string, body map[string]any) (message, error) {
	body["transaction"] = strconv.FormatUint(g.transactions.Add(1), 10)
	encoded, err := json.Marshal(body)
	if err != nil {
		return message{}, err
	}
	response, err := g.client.Post(url, "application/json", bytes.NewReader(encoded))
	if err != nil {
		return message{}, err
	}
	defer response.Body.Close()
	var answer message
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return message{}, fmt.Errorf("%v was answered by no JSON: %w", body["janus"], err)
	}
	if answer.Janus == "error" {
		return answer, fmt.Errorf("%v was refused with %d: %s", body["janus"], answer.Error.Code, answer.Error.Reason)
	}
	return answer, nil
}

// poll hands every event to the handle it is for, until the session is gone.
func (g *gateway) poll() {
	for {
		response, err := g.client.Get(g.url + "?maxev=50")
		if err != nil {
			return
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		var events []message
		if err != nil || json.Unmarshal(text, &events) != nil {
			return
		}
		for _, event := range events {
			g.mutex.Lock()
			events := g.handles[event.Sender]
			g.mutex.Unlock()
			if events != nil {
				events <- event
			}
		}
	}
}

func (g *gateway) end() {
	g.post(g.url, map[string]any{"janus": "destroy"})
}

// handle is one attached plugin.
type handle struct {
	gateway *gateway
	id      uint64
	url     string
	events  chan message
}

func (g *gateway) attach(plugin string) (*handle, error) {
	attached, err := g.post(g.url, map[string]any{"janus": "attach", "plugin": plugin})
	if err != nil {
		return nil, err
	}
	h := &handle{
		gateway: g,
		id:      attached.Data.ID,
		url:     g.url + "/" + strconv.FormatUint(attached.Data.ID, 10),
		events:  make(chan message, 64),
	}
	g.mutex.Lock()
	g.handles[h.id] = h.events
	g.mutex.Unlock()
	return h, nil
}

func (h *handle) detach() error {
	h.gateway.mutex.Lock()
	delete(h.gateway.handles, h.id)
	h.gateway.mutex.Unlock()
	_, err := h.gateway.post(h.url, map[string]any{"janus": "detach"})
	return err
}

// request sends a message to the plugin and returns its direct answer, which is empty where an event follows.
func (h *handle) request(body map[string]any, answer *jsep) (message, error) {
	whole := map[string]any{"janus": "message", "body": body}
	if answer != nil {
		whole["jsep"] = answer
	}
	return h.gateway.post(h.url, whole)
}

// await returns the next event for which `wanted` holds.
func (h *handle) await(what string, wanted func(message) bool) (message, error) {
	timeout := time.After(20 * time.Second)
	for {
		select {
		case event := <-h.events:
			if wanted(event) {
				return event, nil
			}
		case <-timeout:
			return message{}, fmt.Errorf("no %s within 20 s", what)
		}
	}
}
