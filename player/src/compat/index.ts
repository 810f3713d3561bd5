/** The names of the package `tms-janus-play`, for pages that were made with it; the README says what to use instead. */
import { defineComponent, h } from 'vue';
import JanusPlayer from '../vue/JanusPlayer.vue';

export { TmsJanusPlay, type TmsJanusPlayOptions } from './tms-janus-play.ts';

/** A component with the old props: `server` is the full URL of the Janus API, `file` a name in its media folder. */
const player = (name: string) =>
  defineComponent(
    (props: { server?: string; file?: string }) => () =>
      h(JanusPlayer, { server: props.server, file: props.file }),
    { name, props: ['server', 'file'] },
  );

/** Plays a film. */
export const TmsJanusMp4 = player('TmsJanusMp4');

/** Plays sound. */
export const TmsJanusAudio = player('TmsJanusAudio');
