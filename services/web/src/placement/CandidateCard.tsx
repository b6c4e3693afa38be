import { type CandidateResult, nearMissText } from '@innkeeper/model';
import { Badge, Card, Group, Stack, Text } from '@mantine/core';
import { backendText } from '../ui/text.ts';
import { CheckLine } from './CheckLine.tsx';

interface Props {
  readonly result: CandidateResult;
  readonly won: boolean;
}

/** One host and driver with every check, failed ones first. */
export const CandidateCard = ({ result, won }: Props) => {
  const { candidate, fits, total, nearMiss } = result;
  const checks = [...result.checks].sort((a, b) => Number(a.ok) - Number(b.ok));
  return (
    <Card withBorder padding="sm" component="section">
      <Group justify="space-between" mb={6}>
        <Text fw={600} size="sm">
          {backendText[candidate.backend]} on {candidate.host}{' '}
          <Text span inherit c="dimmed" fw={400}>
            ({candidate.driver})
          </Text>
        </Text>
        <Badge tt="none" variant={won ? 'filled' : 'light'} color={won ? 'green' : fits ? 'blue' : 'red'}>
          {won ? `chosen, ${total} points` : fits ? `fits, ${total} points` : 'does not fit'}
        </Badge>
      </Group>
      {nearMiss !== undefined && !fits && (
        <Text size="sm" mb={6}>
          {nearMissText(nearMiss).replace(/^it/, 'It')}
        </Text>
      )}
      <Stack gap={2}>
        {checks.map((check) => (
          <CheckLine key={`${check.check} ${check.text}`} check={check} />
        ))}
      </Stack>
      {fits && result.scores.length > 0 && (
        <Text size="xs" c="dimmed" mt={6}>
          Points: {result.scores.map(({ name, points, text }) => `${name} ${points} (${text})`).join('; ')}
        </Text>
      )}
    </Card>
  );
};
