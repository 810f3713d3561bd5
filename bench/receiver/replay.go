package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// A recording is, for each packet: its arrival in nanoseconds since the first (8 bytes), 1 for video or 0 for audio
// (1 byte), its size (2 bytes) and itself.
const recordHeader = 11

type recorded struct {
	at    time.Duration
	video bool
	data  []byte
}

// record writes down what one viewer gets for a while.
func (a *audience) record(asked command) (any, error) {
	file, err := os.Create(asked.Output)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	output := bufio.NewWriter(file)
	v, err := connect(a.api, a.gateway, asked.Sources[0])
	if err != nil {
		return nil, err
	}
	defer v.close()
	var mutex sync.Mutex
	var begin time.Time
	packets := 0
	v.packet = func(packet []byte, video bool, now time.Time) {
		mutex.Lock()
		defer mutex.Unlock()
		if begin.IsZero() {
			begin = now
		}
		if now.Sub(begin) > time.Duration(asked.Seconds)*time.Second {
			return
		}
		var header [recordHeader]byte
		binary.BigEndian.PutUint64(header[:], uint64(now.Sub(begin)))
		if video {
			header[8] = 1
		}
		binary.BigEndian.PutUint16(header[9:], uint16(len(packet)))
		output.Write(header[:])
		output.Write(packet)
		packets++
	}
	if err := v.play(); err != nil {
		return nil, err
	}
	time.Sleep(time.Duration(asked.Seconds)*time.Second + 500*time.Millisecond)
	mutex.Lock()
	defer mutex.Unlock()
	return map[string]int{"packets": packets}, output.Flush()
}

func readRecording(path string) ([]recorded, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	input := bufio.NewReader(file)
	var all []recorded
	for {
		var header [recordHeader]byte
		if _, err := io.ReadFull(input, header[:]); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		packet := recorded{
			at:    time.Duration(binary.BigEndian.Uint64(header[:])),
			video: header[8] == 1,
			data:  make([]byte, binary.BigEndian.Uint16(header[9:])),
		}
		if _, err := io.ReadFull(input, packet.data); err != nil {
			return nil, err
		}
		all = append(all, packet)
	}
}

// line is one medium of a replay, whose numbers go on when the recording begins anew.
type line struct {
	socket    net.Conn
	clockRate int64
	sequence  uint16
	first     uint32
	known     bool
}

// replay sends a recording again and again, at the pace at which it was recorded, until it is ended.
func replay(path, audio, video string) error {
	packets, err := readRecording(path)
	if err != nil {
		return err
	}
	if len(packets) == 0 {
		return errors.New("the recording is empty")
	}
	var lines [2]line
	for i, to := range []string{audio, video} {
		lines[i].clockRate = []int64{48000, 90000}[i]
		if lines[i].socket, err = net.Dial("udp4", to); err != nil {
			return err
		}
	}
	length := packets[len(packets)-1].at + 20*time.Millisecond
	begin := time.Now()
	for round := int64(0); ; round++ {
		for _, packet := range packets {
			at := packet.at + time.Duration(round)*length
			time.Sleep(time.Until(begin.Add(at)))
			medium := &lines[0]
			if packet.video {
				medium = &lines[1]
			}
			medium.send(packet.data, time.Duration(round)*length)
		}
	}
}

func (l *line) send(packet []byte, later time.Duration) {
	recordedTime := binary.BigEndian.Uint32(packet[4:])
	if !l.known {
		l.first, l.known = recordedTime, true
	}
	ticks := uint32(int64(later/time.Microsecond) * l.clockRate / 1000000)
	renewed := make([]byte, len(packet))
	copy(renewed, packet)
	binary.BigEndian.PutUint16(renewed[2:], l.sequence)
	binary.BigEndian.PutUint32(renewed[4:], recordedTime-l.first+ticks)
	l.sequence++
	l.socket.Write(renewed)
}
