import { createApp } from 'vue';
import type { PlayConfig } from './core/index.ts';
import App from './ui/App.vue';
import './ui/style.css';

const { JANUS_PLAY_CONFIG: config = {} } = window as { JANUS_PLAY_CONFIG?: PlayConfig };

createApp(App, { config }).mount('#app');
