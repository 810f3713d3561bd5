package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"
)

const (
	playPlugin      = "janus.plugin.tms.play"
	streamingPlugin = "janus.plugin.streaming"
)

// source is what a viewer watches: a file of the play plugin or a mountpoint of the streaming plugin.
type source struct {
	File       string `json:"file"`
	Mountpoint int    `json:"mountpoint"`
}

// viewer is a PeerConnection that counts what it gets.
type viewer struct {
	handle *handle
	peer   *webrtc.PeerConnection
	source source
	asked  time.Time // when ctrl.play was sent
	video  tally
	audio  tally
	packet func(packet []byte, video bool, now time.Time) // told of every packet, when not nil
	begun  chan time.Time                                 // when parameter sets came, which begin each key frame
}

// newAPI makes PeerConnections that answer nothing: no reports and no repair, so that what is lost stays lost.
func newAPI(address string) (*webrtc.API, error) {
	engine := &webrtc.MediaEngine{}
	opus := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
	if err := engine.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: opus, PayloadType: 111},
		webrtc.RTPCodecTypeAudio); err != nil {
		return nil, err
	}
	for i, profile := range []string{"42e01f", "4d001f", "64001f"} {
		h264 := webrtc.RTPCodecCapability{
			MimeType:    webrtc.MimeTypeH264,
			ClockRate:   90000,
			SDPFmtpLine: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=" + profile,
		}
		if err := engine.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: h264, PayloadType: webrtc.PayloadType(96 + 2*i)},
			webrtc.RTPCodecTypeVideo); err != nil {
			return nil, err
		}
	}
	settings := webrtc.SettingEngine{}
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetIPFilter(func(ip net.IP) bool { return ip.String() == address })
	return webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithSettingEngine(settings),
		webrtc.WithInterceptorRegistry(&interceptor.Registry{})), nil
}

// connect brings a viewer's PeerConnection up; it does not play yet.
func connect(api *webrtc.API, g *gateway, source source) (*viewer, error) {
	plugin := playPlugin
	if source.File == "" {
		plugin = streamingPlugin
	}
	h, err := g.attach(plugin)
	if err != nil {
		return nil, err
	}
	v := &viewer{handle: h, source: source, video: tally{clockRate: 90000}, audio: tally{clockRate: 48000}, begun: make(chan time.Time, 1)}
	if err := v.negotiate(api); err != nil {
		v.close()
		return nil, err
	}
	return v, nil
}

func (v *viewer) negotiate(api *webrtc.API) error {
	offer, err := v.askForOffer()
	if err != nil {
		return err
	}
	v.peer, err = api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	up := make(chan error, 8)
	v.peer.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		switch state {
		case webrtc.PeerConnectionStateConnected:
			up <- nil
		case webrtc.PeerConnectionStateFailed:
			up <- errors.New("the PeerConnection failed")
		}
	})
	v.peer.OnTrack(v.receive)
	if err := v.peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return err
	}
	answer, err := v.peer.CreateAnswer(nil)
	if err != nil {
		return err
	}
	gathered := webrtc.GatheringCompletePromise(v.peer)
	if err := v.peer.SetLocalDescription(answer); err != nil {
		return err
	}
	<-gathered
	accept := map[string]any{"request": "push.answer"}
	if v.source.File == "" {
		accept = map[string]any{"request": "start"}
	}
	if _, err := v.handle.request(accept, &jsep{"answer", v.peer.LocalDescription().SDP}); err != nil {
		return err
	}
	select {
	case err := <-up:
		if err != nil {
			return err
		}
	case <-time.After(30 * time.Second):
		return errors.New("the PeerConnection did not come up within 30 s")
	}
	_, err = v.handle.await("webrtcup", func(event message) bool { return event.Janus == "webrtcup" })
	return err
}

func (v *viewer) askForOffer() (string, error) {
	ask := map[string]any{"request": "request.offer"}
	if v.source.File == "" {
		ask = map[string]any{"request": "watch", "id": v.source.Mountpoint}
	}
	if _, err := v.handle.request(ask, nil); err != nil {
		return "", err
	}
	event, err := v.handle.await("offer", func(event message) bool { return event.JSEP != nil || event.PluginData.Data != nil })
	if err != nil {
		return "", err
	}
	if event.JSEP == nil {
		return "", fmt.Errorf("no offer for %+v: %s", v.source, event.PluginData.Data)
	}
	return event.JSEP.SDP, nil
}

// The payload of an RTP packet without extensions begins behind this many bytes, with the type of a NAL unit.
const (
	rtpHeader = 12
	stapA     = 24
	// An Opus packet of no more bytes is silence, which is sent while there is no sound yet.
	silenceMost = 3
)

// receive reads one medium until the PeerConnection is closed.
func (v *viewer) receive(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
	video := track.Kind() == webrtc.RTPCodecTypeVideo
	counted := &v.audio
	if video {
		counted = &v.video
	}
	packet := make([]byte, 1500)
	for {
		size, _, err := track.Read(packet)
		if err != nil {
			return
		}
		now := time.Now()
		counted.take(packet[:size], now)
		if video && size > rtpHeader && packet[rtpHeader]&0x1f == stapA {
			select {
			case v.begun <- now:
			default:
			}
		}
		if v.packet != nil {
			v.packet(packet[:size], video, now)
		}
	}
}

// play begins the file; a mountpoint's viewer gets what is sent without asking.
func (v *viewer) play() error {
	if v.source.File == "" {
		return nil
	}
	return v.request(map[string]any{"request": "ctrl.play", "file": v.source.File, "loop": true})
}

// playFrom begins the file at the key frame at or before a position.
func (v *viewer) playFrom(position time.Duration) error {
	return v.request(map[string]any{"request": "ctrl.play", "file": v.source.File, "start": position.Milliseconds()})
}

func (v *viewer) request(play map[string]any) error {
	v.asked = time.Now()
	answer, err := v.handle.request(play, nil)
	if err != nil {
		return err
	}
	var refusal struct {
		Code   int    `json:"code"`
		Reason string `json:"reason"`
	}
	if answer.PluginData.Data != nil && json.Unmarshal(answer.PluginData.Data, &refusal) == nil && refusal.Code >= 400 {
		return fmt.Errorf("%s is not played: %d %s", v.source.File, refusal.Code, refusal.Reason)
	}
	return nil
}

// seek goes to a position and returns how long it took until the key frame there began to come in.
func (v *viewer) seek(position time.Duration) (time.Duration, error) {
	select {
	case <-v.begun:
	default:
	}
	asked := time.Now()
	if _, err := v.handle.request(map[string]any{"request": "ctrl.seek", "position": position.Milliseconds()}, nil); err != nil {
		return 0, err
	}
	select {
	case begun := <-v.begun:
		return begun.Sub(asked), nil
	case <-time.After(5 * time.Second):
		return 0, errors.New("no key frame within 5 s of ctrl.seek")
	}
}

func (v *viewer) close() {
	if v.peer != nil {
		v.peer.Close()
	}
	v.handle.detach()
}
