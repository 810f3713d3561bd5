import { type ComputedRef, type InjectionKey, inject } from 'vue';
import type { Probe } from '../../core/index.ts';
import { en, type Text } from './en.ts';
import { zh } from './zh.ts';

export type { Text } from './en.ts';
export type Locale = 'en' | 'zh';

export const texts: Record<Locale, Text> = { en, zh };

/** The language asked for in the address, else the browser's. */
export function preferredLocale(query: URLSearchParams, languages: readonly string[]): Locale {
  const wanted = [query.get('lang') ?? '', ...languages].find((language) => /^(en|zh)\b/i.test(language));
  return wanted?.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

export const textKey: InjectionKey<ComputedRef<Text>> = Symbol('text');

/** Why a file cannot be played; empty where it can, or that is not known. */
export function refusalOf(probe: Probe | undefined, text: Text): string {
  if (!probe || probe.playable) return '';
  return probe.found ? text.unplayable(probe.reason) : text.missing;
}

/** The page's text in the language chosen. */
export function useText(): ComputedRef<Text> {
  const text = inject(textKey);
  if (!text) throw new Error('no text is provided');
  return text;
}
