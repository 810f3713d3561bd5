// Headless viewers for the benchmark: they count what comes in and answer on standard output, one JSON line a command.
//
//	receiver -gateway http://127.0.0.1:8088/janus -address 192.0.2.1 < commands
//	receiver -replay packets -audio 127.0.0.1:5002 -video 127.0.0.1:5004
//
// The commands, each a JSON object on a line:
//
//	{"do":"watch","viewers":10,"sources":[{"file":"film.mp4"}],"spread":2000}
//	    brings the number of viewers to 10, each of whom watches the next of the sources; their plays begin spread over
//	    so many milliseconds
//	{"do":"begin"}   begins to count
//	{"do":"end"}     tells what was counted since
//	{"do":"seek","times":200,"seconds":60}
//	    has viewers go elsewhere within so many seconds of their films, one after the other, and tells how long it took
//	{"do":"start","sources":[{"file":"film.mp4"}],"seconds":6600}
//	    has one viewer begin the first of the sources so many seconds in, and tells how long it took
//	{"do":"leave"}   ends all viewers
//	{"do":"cycle","viewers":50,"sources":[...],"times":500}
//	    lets viewers come, see a few packets and go, so many times in all
//	{"do":"record","sources":[...],"seconds":60,"output":"packets"}
//	    writes down what one viewer gets, for -replay
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"
)

type command struct {
	Do      string   `json:"do"`
	Viewers int      `json:"viewers"`
	Sources []source `json:"sources"`
	Spread  int      `json:"spread"`
	Times   int      `json:"times"`
	Seconds int      `json:"seconds"`
	Output  string   `json:"output"`
}

type audience struct {
	api     *webrtc.API
	gateway *gateway
	viewers []*viewer
	began   time.Time
}

// As many PeerConnections are set up at a time: handshakes cost more than media.
const connecting = 8

func main() {
	url := flag.String("gateway", "", "address of Janus's HTTP API")
	address := flag.String("address", "", "this machine's address that media go through")
	replayed := flag.String("replay", "", "file of packets to send, again and again")
	audio := flag.String("audio", "", "where -replay sends sound")
	video := flag.String("video", "", "where -replay sends pictures")
	flag.Parse()
	var err error
	if *replayed != "" {
		err = replay(*replayed, *audio, *video)
	} else {
		err = serve(*url, *address)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(url, address string) error {
	api, err := newAPI(address)
	if err != nil {
		return err
	}
	g, err := dial(url)
	if err != nil {
		return err
	}
	defer g.end()
	a := &audience{api: api, gateway: g}
	defer a.leave()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked command
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return err
		}
		answer, err := a.carryOut(asked)
		if err != nil {
			answer = map[string]string{"error": err.Error()}
		}
		if err := answers.Encode(answer); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (a *audience) carryOut(asked command) (any, error) {
	switch asked.Do {
	case "watch":
		return a.watch(asked)
	case "begin":
		for _, v := range a.viewers {
			v.video.begin()
			v.audio.begin()
		}
		a.began = time.Now()
		return map[string]int{"viewers": len(a.viewers)}, nil
	case "end":
		return a.counted(), nil
	case "seek":
		return a.seek(asked)
	case "start":
		return a.start(asked)
	case "leave":
		a.leave()
		return map[string]int{"viewers": 0}, nil
	case "cycle":
		return a.cycle(asked)
	case "record":
		return a.record(asked)
	}
	return nil, fmt.Errorf("there is no command %q", asked.Do)
}

type firsts struct {
	Viewers int `json:"viewers"`
	// Milliseconds from the request to the first packet, of the viewers that came with this command.
	FirstPacketP50 float64 `json:"firstPacketP50"`
	FirstPacketP95 float64 `json:"firstPacketP95"`
}

func (a *audience) watch(asked command) (any, error) {
	before := len(a.viewers)
	fresh, err := a.connectAll(asked.Viewers-before, asked.Sources, before)
	a.viewers = append(a.viewers, fresh...)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	for i, v := range fresh {
		time.Sleep(time.Until(begin.Add(time.Duration(asked.Spread) * time.Millisecond * time.Duration(i) / time.Duration(len(fresh)))))
		if err := v.play(); err != nil {
			return nil, err
		}
	}
	var waits histogram
	for _, v := range fresh {
		wait, err := v.awaitFirst()
		if err != nil {
			return nil, err
		}
		waits.add(wait)
	}
	return firsts{len(a.viewers), waits.quantile(0.5), waits.quantile(0.95)}, nil
}

// connectAll brings up `count` viewers, a few at a time; those that came up are returned with the first error.
func (a *audience) connectAll(count int, sources []source, offset int) ([]*viewer, error) {
	fresh := make([]*viewer, max(0, count))
	errs := make([]error, len(fresh))
	places := make(chan struct{}, connecting)
	var all sync.WaitGroup
	for i := range fresh {
		all.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			fresh[i], errs[i] = connect(a.api, a.gateway, sources[(offset+i)%len(sources)])
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return slices.DeleteFunc(fresh, func(v *viewer) bool { return v == nil }), err
		}
	}
	return fresh, nil
}

// awaitFirst returns how long the first packet took; a mountpoint sends without being asked.
func (v *viewer) awaitFirst() (time.Duration, error) {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		video, audio := v.video.firstArrival(), v.audio.firstArrival()
		if video.IsZero() && audio.IsZero() {
			continue
		}
		first := video
		if first.IsZero() || !audio.IsZero() && audio.Before(first) {
			first = audio
		}
		if v.asked.IsZero() {
			return 0, nil
		}
		return first.Sub(v.asked), nil
	}
	return 0, fmt.Errorf("no packet of %+v within 20 s", v.source)
}

type sought struct {
	// Milliseconds from the request to the first packet of the new position.
	SeekP50 float64 `json:"seekP50"`
	SeekP95 float64 `json:"seekP95"`
}

func (a *audience) seek(asked command) (any, error) {
	var waits histogram
	for i := range asked.Times {
		wait, err := a.viewers[i%len(a.viewers)].seek(time.Duration(i*7919%(asked.Seconds*1000)) * time.Millisecond)
		if err != nil {
			return nil, err
		}
		waits.add(wait)
	}
	return sought{waits.quantile(0.5), waits.quantile(0.95)}, nil
}

type started struct {
	// Milliseconds from the request to the first packet of each medium that is no silence.
	Picture float64 `json:"picture"`
	Sound   float64 `json:"sound"`
}

func (a *audience) start(asked command) (any, error) {
	v, err := connect(a.api, a.gateway, asked.Sources[0])
	if err != nil {
		return nil, err
	}
	defer v.close()
	type arrival struct {
		video bool
		at    time.Time
	}
	arrivals := make(chan arrival, 256)
	v.packet = func(packet []byte, video bool, now time.Time) {
		if !video && len(packet) <= rtpHeader+silenceMost {
			return
		}
		select {
		case arrivals <- arrival{video, now}:
		default:
		}
	}
	if err := v.playFrom(time.Duration(asked.Seconds) * time.Second); err != nil {
		return nil, err
	}
	took := map[bool]float64{}
	for deadline := time.After(20 * time.Second); len(took) < 2; {
		select {
		case first := <-arrivals:
			if _, known := took[first.video]; !known {
				took[first.video] = float64(first.at.Sub(v.asked)) / float64(time.Millisecond)
			}
		case <-deadline:
			return nil, fmt.Errorf("no sound and picture of %+v within 20 s", v.source)
		}
	}
	return started{took[true], took[false]}, nil
}

type result struct {
	Viewers int     `json:"viewers"`
	Seconds float64 `json:"seconds"`
	// Viewers that got nothing in the last second.
	Silent int   `json:"silent"`
	Video  count `json:"video"`
	Audio  count `json:"audio"`
	// Milliseconds by which frames came later than the earliest of the same viewer and medium.
	LateP50 float64 `json:"lateP50"`
	LateP99 float64 `json:"lateP99"`
	LateMax float64 `json:"lateMax"`
}

func (a *audience) counted() result {
	var late histogram
	now := time.Now()
	counted := result{Viewers: len(a.viewers), Seconds: now.Sub(a.began).Seconds()}
	for _, v := range a.viewers {
		v.video.end(&counted.Video, &late)
		v.audio.end(&counted.Audio, &late)
		if now.Sub(v.video.lastArrival()) > time.Second && now.Sub(v.audio.lastArrival()) > time.Second {
			counted.Silent++
		}
	}
	counted.LateP50, counted.LateP99, counted.LateMax = late.quantile(0.5), late.quantile(0.99), late.quantile(1)
	return counted
}

func (a *audience) leave() {
	var all sync.WaitGroup
	for _, v := range a.viewers {
		all.Go(v.close)
	}
	all.Wait()
	a.viewers = nil
}

// cycle lets viewers come, get something and go, `Viewers` at a time and `Times` in all.
func (a *audience) cycle(asked command) (any, error) {
	done := 0
	for done < asked.Times {
		crowd := &audience{api: a.api, gateway: a.gateway}
		_, err := crowd.watch(command{Viewers: min(asked.Viewers, asked.Times-done), Sources: asked.Sources})
		done += len(crowd.viewers)
		crowd.leave()
		if err != nil {
			return nil, err
		}
	}
	return map[string]int{"cycles": done}, nil
}
