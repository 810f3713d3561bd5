/** For Vue: the player as a component, and what it is built on as composables. */

export { useLibrary } from '../ui/use-library.ts';
export { type Player, type PlayerOptions, usePlayer } from '../ui/use-player.ts';
export { useStats } from '../ui/use-stats.ts';
export { default as JanusPlayer } from './JanusPlayer.vue';
