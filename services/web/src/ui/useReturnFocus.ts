import { useEffect, useState } from 'react';

/**
 * When this component goes, the focus returns to where it was before it came. Mantine's dialogs do that when they are
 * closed; ours are unmounted, so that each begins empty, and a keyboard would start at the top of the page again.
 */
export const useReturnFocus = (): void => {
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      // Gone with what was done in the dialog: the section is the nearest that there is.
      const back = before?.isConnected === true ? before : document.querySelector('main');
      if (back instanceof HTMLElement) back.focus({ preventScroll: true });
    },
    [before],
  );
};
