package main

import (
	"encoding/binary"
	"math"
	"sync"
	"time"
)

// histogram counts times in steps of 50 µs, up to two seconds.
type histogram struct {
	steps [40000]uint32
	count uint64
}

const step = 50 * time.Microsecond

func (h *histogram) add(value time.Duration) {
	index := min(max(int(value/step), 0), len(h.steps)-1)
	h.steps[index]++
	h.count++
}

// quantile in milliseconds: the upper edge of the step it lies in.
func (h *histogram) quantile(q float64) float64 {
	rank := uint64(math.Ceil(q * float64(h.count)))
	var seen uint64
	for index, count := range h.steps {
		seen += uint64(count)
		if seen >= rank && seen > 0 {
			return float64(index+1) * float64(step) / float64(time.Millisecond)
		}
	}
	return 0
}

// tally is what has come in of one medium of one viewer.
type tally struct {
	mutex     sync.Mutex
	clockRate float64
	started   bool
	packets   uint64
	bytes     uint64
	first     time.Time // arrival of the first packet of all
	last      time.Time
	highest   int64 // sequence number without its wrap
	expected  int64 // first sequence number of the present measurement
	timestamp uint32
	elapsed   float64 // seconds by the timestamps, without their wrap
	transits  []float64
}

// take counts a packet that came in at `now`.
func (t *tally) take(packet []byte, now time.Time) {
	sequence := binary.BigEndian.Uint16(packet[2:])
	timestamp := binary.BigEndian.Uint32(packet[4:])
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.last = now
	if !t.started {
		t.started, t.first, t.timestamp = true, now, timestamp
		t.highest, t.expected = int64(sequence), int64(sequence)
	}
	t.packets++
	t.bytes += uint64(len(packet))
	ahead := int64(int16(sequence - uint16(t.highest)))
	if ahead > 0 {
		t.highest += ahead
	}
	// The packets of a picture have one timestamp and are spread on purpose: the first of them is the one with a due
	// time.
	passed := int32(timestamp - t.timestamp)
	if passed > 0 {
		t.elapsed += float64(passed) / t.clockRate
		t.timestamp = timestamp
		t.transits = append(t.transits, now.Sub(t.first).Seconds()-t.elapsed)
	}
}

// begin forgets what was counted.
func (t *tally) begin() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.packets, t.bytes = 0, 0
	t.expected = t.highest + 1
	t.transits = t.transits[:0]
}

type count struct {
	Packets uint64 `json:"packets"`
	Lost    int64  `json:"lost"`
	Bytes   uint64 `json:"bytes"`
}

// end adds what was counted since begin, and how much later than the earliest each frame came.
func (t *tally) end(total *count, late *histogram) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	total.Packets += t.packets
	total.Bytes += t.bytes
	total.Lost += max(0, t.highest-t.expected+1-int64(t.packets))
	earliest := math.Inf(1)
	for _, transit := range t.transits {
		earliest = min(earliest, transit)
	}
	for _, transit := range t.transits {
		late.add(time.Duration((transit - earliest) * float64(time.Second)))
	}
}

func (t *tally) firstArrival() time.Time {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.first
}

func (t *tally) lastArrival() time.Time {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.last
}
