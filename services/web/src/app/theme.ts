import { Alert, Badge, type CSSVariablesResolver, createTheme, Drawer, Modal } from '@mantine/core';

const title = { fontSize: 'var(--mantine-font-size-lg)', fontWeight: 600 };

export const theme = createTheme({
  primaryColor: 'blue',
  // Mantine's shade 6 on white has a contrast of 3.6; text needs 4.5 (WCAG 2.2, 1.4.3).
  primaryShade: 8,
  defaultRadius: 'sm',
  respectReducedMotion: true,
  autoContrast: true,
  components: {
    Alert: Alert.extend({ styles: { title: { color: 'var(--mantine-color-text)' } } }),
    // A badge holds a state: in a narrow column it would be cut to its first letter.
    Badge: Badge.extend({ styles: { root: { minWidth: 'max-content' } } }),
    Drawer: Drawer.extend({ styles: { title } }),
    Modal: Modal.extend({ styles: { title } }),
  },
});

/** Colours of text, for the same contrast, that Mantine does not take from the primary shade. */
export const readableColours: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-anchor': 'var(--mantine-color-blue-8)',
    '--mantine-color-dimmed': 'var(--mantine-color-gray-7)',
    '--mantine-color-error': 'var(--mantine-color-red-9)',
    '--mantine-color-red-text': 'var(--mantine-color-red-9)',
    '--mantine-color-green-text': 'var(--mantine-color-green-9)',
  },
  dark: {
    '--mantine-color-dimmed': 'var(--mantine-color-dark-1)',
    '--mantine-color-error': 'var(--mantine-color-red-5)',
  },
});
