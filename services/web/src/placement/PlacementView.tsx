import { type Candidate, nearMissText, type PlacementRecord } from '@innkeeper/model';
import { Alert, List, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { CandidateCard } from './CandidateCard.tsx';

const same = (a: Candidate, b: Candidate | undefined): boolean => a.host === b?.host && a.driver === b.driver;

interface Props {
  readonly record: PlacementRecord;
  /** What belongs right below the sentence. */
  readonly children?: ReactNode;
}

const colorOf = ({ winner, waitsFor }: PlacementRecord): string => {
  if (winner !== undefined) return 'green';
  return waitsFor === undefined ? 'red' : 'yellow';
};

/** Rules that said something here, or could not be evaluated. */
const RuleLines = ({ rules }: Pick<PlacementRecord, 'rules'>) => {
  const told = rules.filter(({ held, error }) => held > 0 || error !== undefined);
  if (told.length === 0) return null;
  return (
    <div>
      <Text size="sm" fw={600}>
        Rules
      </Text>
      <List size="sm">
        {told.map(({ id, effect, message, error }) => (
          <List.Item key={id}>
            {id} ({effect}): {error === undefined ? message : `cannot be evaluated: ${error}`}
          </List.Item>
        ))}
      </List>
    </div>
  );
};

/** A decision, whole: the sentence, what was required, and every candidate with every check. */
export const PlacementView = ({ record, children }: Props) => (
  <Stack gap="sm">
    <Alert color={colorOf(record)} role="status">
      <Text size="sm" fw={600}>
        {record.waitsFor === undefined ? record.reason : `${record.workload} waits: ${nearMissText(record.waitsFor)}`}
      </Text>
    </Alert>
    {children}
    {record.requirements.length > 0 && (
      <div>
        <Text size="sm" fw={600}>
          Required
        </Text>
        <List size="sm">
          {record.requirements.map(({ id, text }) => (
            <List.Item key={id}>{text}</List.Item>
          ))}
        </List>
      </div>
    )}
    <RuleLines rules={record.rules} />
    {record.candidates.map((result) => (
      <CandidateCard
        key={`${result.candidate.host}/${result.candidate.driver}`}
        result={result}
        won={same(result.candidate, record.winner)}
      />
    ))}
    {record.candidates.length === 0 && (
      <Text size="sm" c="dimmed">
        There was no candidate: no host with a driver is known.
      </Text>
    )}
  </Stack>
);
