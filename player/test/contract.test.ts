/** The contract of channel and playback, with the gateway in memory; deployed ones are held to it in test/e2e. */
import { it } from 'vitest';
import { PlayError } from '../src/core/errors.ts';
import { contract, holds } from './support/contract.ts';
import { FakeGateway } from './support/fake-gateway.ts';

it.each(Object.entries(contract))('%s', async (_, check) => {
  const nowhere = 'https://nowhere.example/janus';
  const fake = new FakeGateway();
  for (const name of ['film.mp4', 'other.mp4']) fake.files.set(name, { streams: 2, duration: 24_000_000 });
  await holds(check, {
    gateway: {
      connect: (options) =>
        options.server === nowhere ? Promise.reject(new PlayError('unreachable')) : fake.connect(options),
    },
    server: 'https://media.example/janus',
    nowhere,
    film: 'film.mp4',
    other: 'other.mp4',
    end: () => fake.session.handle.end(),
    running: () => [...fake.sessions].map(() => 'a session'),
  });
});
