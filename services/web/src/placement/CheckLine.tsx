import type { CheckResult } from '@innkeeper/model';
import { Group, Text, VisuallyHidden } from '@mantine/core';

export const CheckLine = ({ check }: { readonly check: CheckResult }) => (
  <Group gap={8} wrap="nowrap" align="flex-start" title={`needs ${check.need}; has ${check.have} (${check.code})`}>
    <Text size="sm" fw={700} c={check.ok ? 'green' : 'red'} aria-hidden>
      {check.ok ? '✓' : '✗'}
    </Text>
    <VisuallyHidden>{check.ok ? 'passed' : 'failed'}</VisuallyHidden>
    <Text size="sm" style={{ overflowWrap: 'anywhere' }}>
      <Text span inherit c="dimmed">
        {check.check}:{' '}
      </Text>
      <Text span inherit fw={check.ok ? 400 : 600}>
        {check.text}
      </Text>
    </Text>
  </Group>
);
