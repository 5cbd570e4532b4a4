/** What the header, the links and the page Now share: one state of the whole, for as long as somebody is signed in. */
import { computed } from '@preact/signals';
import type { Now } from '../api/types.ts';
import { Fetched } from './resource.ts';

export const nowState = new Fetched<Now>('/now');
export const waiting = computed(() => nowState.state.value.data?.counts.inReview ?? 0);
