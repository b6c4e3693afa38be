import { useSyncExternalStore } from 'react';

/** Sections of the page, the first one when nothing is said. */
export const tabs = ['workloads', 'backups', 'hosts', 'networks', 'access'] as const;

/** Where in the page one is. The control plane serves `/` only, so it stands behind the `#`: `#workloads/ID`. */
export interface Place {
  readonly tab: (typeof tabs)[number];
  readonly item: string | undefined;
}

const subscribe = (changed: () => void): (() => void) => {
  window.addEventListener('hashchange', changed);
  return () => window.removeEventListener('hashchange', changed);
};

export const hashOf = (place: Place): string =>
  `#${place.tab}${place.item === undefined ? '' : `/${encodeURIComponent(place.item)}`}`;

const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
};

const placeOf = (hash: string): Place => {
  const [tab, item] = hash.replace(/^#/, '').split('/');
  return {
    tab: tabs.find((one) => one === tab) ?? 'workloads',
    item: item === undefined || item === '' ? undefined : decoded(item),
  };
};

export const goTo = (place: Place): void => {
  window.location.hash = hashOf(place);
};

export const usePlace = (): Place => placeOf(useSyncExternalStore(subscribe, () => window.location.hash));
