/**
 * The speaker role, composed of the rooms: watches → plan → data plane, and what the data plane says back → events, status objects, metrics.
 */
export { runSpeaker, type SpeakerOptions } from './run';
