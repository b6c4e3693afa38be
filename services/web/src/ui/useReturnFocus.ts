import { useEffect, useState } from 'react';

/**
 * When this component goes, the focus returns to where it was before it came. Mantine's dialogs do that when they are
 * closed; ours are unmounted, so that each begins empty, and a keyboard would start at the top of the page again.
 */
export const useReturnFocus = (): void => {
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    },
    [before],
  );
};
