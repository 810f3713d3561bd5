import { describe, expect, it } from 'vitest';
import { Machine } from '../src/core/machine.ts';

const lamp = { off: ['on'], on: ['off', 'broken'], broken: [] } as const;

describe('a machine', () => {
  it('goes along its table', () => {
    const machine = new Machine(lamp, 'off');
    expect(machine.go(['off'], 'on')).toEqual({ previous: 'off', state: 'on' });
    expect(machine.state).toBe('on');
  });

  it('refuses what its state does not allow, and stays', () => {
    const machine = new Machine(lamp, 'off');
    expect(() => machine.go(['on'], 'broken')).toThrow('off -> broken');
    expect(machine.state).toBe('off');
  });

  it('does not compile what its table does not have', () => {
    const machine = new Machine(lamp, 'off');
    // @ts-expect-error: a lamp does not break when it is off
    expect(() => machine.go(['off'], 'broken')).toThrow('wrong-state');
    // @ts-expect-error: nothing follows on both
    expect(() => machine.go(['on', 'broken'], 'off')).toThrow('wrong-state');
  });
});
