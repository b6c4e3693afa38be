import { Group, Progress, Text } from '@mantine/core';

interface Props {
  readonly label: string;
  readonly claimed: number;
  readonly foreign: number;
  readonly total: number;
  /** How many times the total may be promised. */
  readonly ratio: number;
  readonly format: (amount: number) => string;
  readonly note?: string | undefined;
}

/** What is promised of what may be promised. More than everything is told in words, for a bar cannot. */
export const CapacityBar = ({ label, claimed, foreign, total, ratio, format, note }: Props) => {
  const most = total * ratio;
  const percent = (amount: number): number => (most <= 0 ? 0 : Math.min(100, (amount / most) * 100));
  const limit = ratio === 1 ? format(total) : `${format(most)} (${format(total)} × ${ratio})`;
  const text = `${format(claimed)} claimed${foreign > 0 ? ` + ${format(foreign)} foreign` : ''} of ${limit}`;
  const over = claimed + foreign > most;
  return (
    <div>
      <Group justify="space-between" gap="xs">
        <Text size="sm" fw={600}>
          {label}
        </Text>
        <Text size="sm" {...(over ? { c: 'red' } : {})}>
          {text}
          {over && ', more than there is'}
        </Text>
      </Group>
      <Progress.Root size="lg" mt={2}>
        <Progress.Section value={percent(claimed)} color="blue" aria-label={`${label}: claimed`} />
        <Progress.Section
          value={Math.min(percent(foreign), 100 - percent(claimed))}
          color="orange"
          aria-label={`${label}: foreign`}
        />
      </Progress.Root>
      {note !== undefined && (
        <Text size="xs" c="dimmed">
          {note}
        </Text>
      )}
    </div>
  );
};
