/** The Janus flavours that can be deployed here. */
import { findJanusArchive, Unreachable } from '../../scripts/lib/sources.ts';

/** Why 0.9.1 cannot be built on this machine; undefined where it can. */
export const missing091 = await findJanusArchive('').then(
  () => undefined,
  (error) => {
    if (error instanceof Unreachable) return error.message;
    throw error;
  },
);
